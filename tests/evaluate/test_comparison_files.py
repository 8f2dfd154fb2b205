"""What `evaluate compare` writes: every table in every format, the figure with its numbers and caption, in a folder of
the networks' names."""

import csv

import pytest
from click.testing import CliRunner

from data.files.runs import write_runs
from evaluate.cli import main
from evaluate.comparison_files import folder_for
from tests.evaluate.made_up_networks import network

SMALL = {"names": ("affectnet", "b"), "sizes": (120, 60), "runs": 2}
FIGURE = {f"compactness_plot.{ending}" for ending in ("png", "svg", "pdf", "csv")} | {"captions.txt"}


def written(workdir, *names):
    answered = CliRunner().invoke(main, ["compare", *names, "--workdir", str(workdir)])
    assert answered.exit_code == 0, answered.output
    folder = workdir / "results" / "compare" / "-".join(names)
    return answered, {path.name for path in folder.iterdir()}, folder


def files_of(*tables):
    return {f"{table}.{ending}" for table in tables for ending in ("txt", "md", "tex", "csv")}


@pytest.fixture
def workdir(tmp_path):
    for place, name in enumerate(("plain", "plain1", "cov", "cov1")):
        runs = network(0.1 * place, seed=place % 2, settings={"pooling": name.rstrip("1")}, **SMALL)
        write_runs(tmp_path / "results" / f"{name}.h5", runs)
    return tmp_path


def test_of_two_networks(workdir):
    answered, found, folder = written(workdir, "plain", "cov")
    assert found == files_of("compare", "table2", "compactness") | FIGURE
    for name in ("compare", "table2", "compactness"):
        assert (folder / f"{name}.txt").read_text(encoding="utf-8") in answered.stdout
    assert "Of the results files plain.h5, cov.h5." in (folder / "captions.txt").read_text(encoding="utf-8")
    with (folder / "compactness_plot.csv").open(newline="", encoding="utf-8") as file:
        assert {row["network"] for row in csv.DictReader(file)} == {"plain", "cov"}


def test_of_several_networks_of_two_ways_of_training(workdir):
    _, found, _ = written(workdir, "plain", "plain1", "cov", "cov1")
    assert found == files_of("compare", "against", "ways", "table2", "compactness", "order") | FIGURE


def test_other_test_rows_are_refused_before_anything_is_written(workdir):
    write_runs(workdir / "results" / "other.h5", network(**{**SMALL, "sizes": (121, 60)}))
    answered = CliRunner().invoke(main, ["compare", "plain", "other", "--workdir", str(workdir)])
    assert answered.exit_code == 1 and "other test rows of affectnet" in answered.output
    assert not (workdir / "results" / "compare").exists()


def test_features_of_other_widths_are_compared(workdir):
    wide = network(0.2, **SMALL)
    wide.provenance["features"] = {"b": {"feature_size": 2000}}
    write_runs(workdir / "results" / "wide.h5", wide)
    answered, _, _ = written(workdir, "plain", "wide")
    assert "ours, wide, 2000-d baseline" in answered.stdout and "ours, plain, 512-d baseline" in answered.stdout


def test_many_names_make_a_short_folder_that_is_theirs_alone():
    many = [f"a-network-of-some-length-{place}" for place in range(20)]
    assert folder_for(many).startswith(f"{many[0]}-and-19-") and len(folder_for(many)) < 60
    assert folder_for(many) != folder_for([*many[:-1], "another"])
    assert folder_for(["plain", "cov"]) == "plain-cov"
