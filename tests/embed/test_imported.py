"""Imported features on their way through stage two and evaluation; what is not known of them is said so, nowhere a
number."""

import csv
import functools
import io
import re
import subprocess
import sys

import numpy as np
import pytest

from data.files.cache import open_cache
from data.files.runs import read_runs
from data.frames.imported_caches import import_features
from embed import settings
from embed.cli import main as embed
from embed.rows.choosing_rows import choosing_rows, was_trained_on
from embed.rows.feature_caches import read_cache
from evaluate.cli import main as evaluate
from tests.commands import call, fine
from tests.data.frames.own_features import arrays, write
from tests.embed.made_up import planted
from tests.embed.made_up_caches import write_cache
from tests.places import ROOT

WIDTH = 20


def features(rows, seed=0, **changes):
    """Arrays whose classes can be learned, of two domains."""
    feature, predicted, emotion = planted(rows, seed=seed, features=WIDTH)
    more = {"features": feature, "label": emotion, "person": None, **changes}
    return arrays(seed, rows, valence=predicted[:, 0] / 9, arousal=predicted[:, 1] / 9, **more)


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    """Two domains imported and swept."""
    folder = tmp_path_factory.mktemp("imported")
    with pytest.MonkeyPatch.context() as patch:
        quick = functools.partial(settings.HeadSettings, steps=40, epochs=1)
        patch.setattr(settings, "HeadSettings", quick)
        said = fine(embed, "import", write(folder, features(420)), "--name", "clip", "--workdir", folder)
        lines = [str(folder / "features" / "clip" / f"{name}.h5") for name in "ab"]
        assert said.stdout.split() == lines
        assert "210 rows (train 140, test 70), 20 dimensions, 7 classes" in said.stderr
        assert "which of these faces the network clip has seen is not known" in said.stderr
        again = fine(embed, "import", folder / "clip.npz", "--name", "clip", "--workdir", folder)
        assert again.stdout.split() == lines and again.stderr.count("there already: ") == 2
        fine(embed, "sweep", "--workdir", folder, "--network", "clip", "--k", "2,3", "--runs", 2, "--penalty", 0)
    return folder


def test_a_sweep_takes_them_as_those_of_a_network_of_ours(workdir):
    runs = read_runs(workdir / "results" / "clip.h5")
    assert runs.features == WIDTH and list(runs.tests) == ["a", "b"] and not runs.toy
    told = runs.provenance
    assert told["network"] == "clip" and told["pretraining"] == [] and told["image_size"] is None
    assert told["features"]["a"] == {"imported": True, "network": "clip", "feature_size": WIDTH, "dtype": "float32"}
    assert {head.family for head in runs.outcomes} >= {"cake", "cake-norm", "baseline", "av-true"}


def test_heads_are_applied_to_them_and_to_no_others(workdir, tmp_path):
    said = fine(embed, "apply", workdir / "features/clip/a.h5", "--workdir", workdir, "--network", "clip").stdout
    rows = list(csv.DictReader(io.StringIO(said)))
    assert len(rows) == 210 and {row["label"] for row in rows} == {"neutral", "happiness", "sadness", "surprise",
                                                                   "fear", "disgust", "anger"}  # fmt: skip
    [(other, _)], _ = import_features(write(tmp_path, features(42, domain=None)), "dino", tmp_path)
    ours = write_cache(tmp_path / "features" / "c.h5", features=WIDTH)
    for path in (other.path, ours):
        result = call(embed, "apply", path, "--workdir", workdir, "--network", "clip")
        assert result.exit_code == 1 and "bring those of the same network with `embed import FILE" in result.output


def test_no_backbone_is_exported_for_them(workdir):
    result = call(embed, "export", workdir / "x.onnx", "--workdir", workdir, "--network", "clip")
    assert result.exit_code == 1 and "stand on imported features of clip, a network that is not here" in result.output


def test_evaluation_says_what_is_not_known(workdir):
    said = " ".join(fine(evaluate, "tables", "--workdir", workdir, "--network", "clip").stdout.split())
    assert "n = 70 of 70 listed images, coverage unknown" in said and "coverage 100.0%" not in said
    assert "features of clip, imported: which of these faces it has seen is not known" in said
    from evaluate.page.origin import UNKNOWN, origin

    facts = dict(origin(read_runs(workdir / "results" / "clip.h5")).rows)
    assert facts["network"] == "clip, imported: 20 dimensions" and facts["crops"] == UNKNOWN == facts["pre-trained on"]
    assert not any("None" in str(value) for value in facts.values())


def test_info_says_what_they_are(workdir):
    from extract.info.caches import describe
    from extract.info.results import describe as results

    said = "\n".join(describe(workdir / "features" / "clip" / "a.h5"))
    assert "imported: True" in said and "network: clip" in said and "140 listed images, coverage unknown" in said
    assert "coverage unknown of 70 listed images" in "\n".join(results(workdir / "results" / "clip.h5"))


def test_rows_by_which_settings_are_chosen_are_not_called_unseen(tmp_path):
    found, _ = import_features(write(tmp_path, features(9000)), "clip", tmp_path)
    caches = [read_cache(cache.path) for cache, _ in found]
    chosen = choosing_rows(caches, 0)
    assert {each["which"] for each in chosen.said.values()} == {"a share, seen by its network or not"}
    assert chosen.count > 100 and not any(map(was_trained_on, caches))


def test_classes_of_a_file_are_swept_and_applied(tmp_path, monkeypatch):
    quick = functools.partial(settings.HeadSettings, steps=40, epochs=1)
    monkeypatch.setattr(settings, "HeadSettings", quick)
    names = ("negative", "neutral", "positive")
    (tmp_path / "classes.txt").write_text("\n".join(names))
    made = features(120, domain=None)
    made["label"] = np.array(names)[made["label"] % 3]
    source = write(tmp_path, made, "csv")
    where = ("--workdir", tmp_path)
    fine(embed, "import", source, "--name", "clip", "--classes", tmp_path / "classes.txt", *where)
    fine(embed, "sweep", *where, "--network", "clip", "--k", "2", "--runs", 1, "--penalty", 0)
    cache = tmp_path / "features" / "clip" / "clip.h5"
    said = fine(embed, "apply", cache, *where, "--network", "clip", "--k", 2)
    rows = list(csv.DictReader(io.StringIO(said.stdout)))
    assert {row["label"] for row in rows} == set(names) >= {row["predicted"] for row in rows}
    assert [name for name in rows[0] if name.startswith("clip:")] == [f"clip:{name}" for name in names]
    with open_cache(tmp_path / "results" / "clip.h5", "runs") as file:
        assert file["confusion"].shape[-2:] == (3, 3)


def test_the_example_of_the_page_is_imported(tmp_path, monkeypatch):
    """docs/own-features.md, with a network that gives what was planted."""
    page = (ROOT / "docs" / "own-features.md").read_text(encoding="utf-8")
    made = features(42)
    names = {"network": made["features"].__getitem__, "images": range(42)}
    names |= {"labels": made["label"], "splits": made["split"], "domains": made["domain"]}
    monkeypatch.chdir(tmp_path)
    exec(compile(re.search(r"```python\n(.*?)```", page, re.S)[1], "own-features.md", "exec"), names)
    call = next(line for line in page.splitlines() if line.startswith("embed import mine.npz"))
    assert len(fine(embed, *call.split()[1:]).stdout.split()) == 2


def test_help_and_start_need_no_torch(tmp_path):
    """Nor pyarrow where no Parquet is read."""
    source = write(tmp_path, features(42))
    code = f"""import sys
from embed.cli import main
try:
    main(["import", {str(source)!r}, "--name", "clip", "--workdir", {str(tmp_path)!r}])
except SystemExit as end:
    assert not end.code
print(sorted({{"torch", "pyarrow", "pandas"}} & set(sys.modules)))"""
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert found.stdout.splitlines()[-1] == "[]"
