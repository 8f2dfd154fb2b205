"""Features of any width: narrow, of another network than ResNet-18, a multiple of nothing; through sweep and apply."""

import csv
import functools
import io

import numpy as np
import pytest
from click.testing import CliRunner

from data.emotions import EMOTIONS
from data.files.runs import Head, read_runs
from data.heads import FAMILIES
from embed import settings
from embed.cli import main
from tests.embed.made_up_caches import write_cache

HEADS = (("cake", 2), ("cake", 3), ("av", 0), ("av", 1), ("cake-norm", 3), ("baseline", 0), ("av-true", 2))


def call(command, folder, *arguments):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "HeadSettings", functools.partial(settings.HeadSettings, steps=40, epochs=1))
        return CliRunner().invoke(main, [command, "--workdir", str(folder), *arguments])


def caches(folder, *widths):
    for name, seed, width in zip("ab", (0, 7), widths):
        write_cache(folder / "features" / f"{name}.h5", seed=seed, train=120, features=width, annotated=name == "a")


@pytest.mark.parametrize("width", [2, 64, 512, 768, 2000])
def test_what_was_swept_is_applied(tmp_path, width):
    caches(tmp_path, width, width)
    result = call("sweep", tmp_path, "--k", f"1,2,{width}", "--runs", "1", "--keep-weights")
    assert result.exit_code == 0, result.output
    runs = read_runs(tmp_path / "results" / "runs.h5")
    for family, k in (*HEADS, ("cake", width), ("av", width)):
        outcome = runs.outcomes[Head(family, k, 0)]
        domains = 1 if family == "av-true" else 2
        shapes = FAMILIES[family].shapes(k, features=width, classes=7, domains=domains)
        assert {name: value.shape for name, value in outcome.weights.items()} == shapes
        check_applied(tmp_path, runs, family, k, outcome)


def check_applied(folder, runs, family, k, outcome):
    """The emotions of the cache's test rows give the confusion counts of the sweep."""
    result = call("apply", folder, str(folder / "features" / "a.h5"), "--family", family, "--k", str(k))
    assert result.exit_code == 0, result.output
    rows = [row for row in csv.DictReader(io.StringIO(result.stdout)) if row["split"] == "test"]
    counts = np.zeros((7, 7), int)
    for row, truth in zip(rows, runs.tests["a"].emotion):
        if row["predicted"]:
            counts[truth, EMOTIONS.index(row["predicted"])] += 1
    assert np.abs(counts - outcome.confusion[0, 0]).sum() <= 2  # a tie within rounding at most
    assert counts.sum() == outcome.confusion[0, 0].sum() > 40


def test_without_k_the_grid_ends_at_the_width(tmp_path):
    caches(tmp_path, 20, 20)
    assert call("sweep", tmp_path, "--family", "cake", "--runs", "1").exit_code == 0
    runs = read_runs(tmp_path / "results" / "runs.h5")
    assert sorted(head.k for head in runs.outcomes if head.family == "cake") == [1, 2, 3, 4, 8, 16, 20]


def test_more_dimensions_than_the_features_have_are_refused(tmp_path):
    caches(tmp_path, 64, 64)
    result = call("sweep", tmp_path, "--k", "3,65", "--runs", "1")
    assert result.exit_code == 1 and "k = 65 is more than the 64 dimensions" in result.output
    assert not (tmp_path / "results" / "runs.h5").exists()


def test_caches_of_two_widths_are_refused_by_name(tmp_path):
    caches(tmp_path, 64, 768)
    result = call("sweep", tmp_path, "--k", "3", "--runs", "1")
    assert result.exit_code == 1 and "b has features of 768 dimensions, a of 64" in result.output
    assert result.output.count("\n") == 1


def test_a_head_is_not_applied_to_features_of_another_width(tmp_path):
    caches(tmp_path, 64)
    assert call("sweep", tmp_path, "--k", "3", "--runs", "1").exit_code == 0
    write_cache(tmp_path / "features" / "wide.h5", features=96)
    result = call("apply", tmp_path, str(tmp_path / "features" / "wide.h5"))
    assert result.exit_code == 1 and "feature size 96, the results file has 64" in result.output
