"""`evaluate tables` in a folder that holds nothing but results."""

import csv

import h5py
import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.figure import Figure

from data.canonical import Canonical
from data.files.runs import Head, folder_of, write_runs
from evaluate.cli import main
from evaluate.figures.plate import Plate
from tests.evaluate.made_up_runs import make


def call(workdir, *arguments):
    return CliRunner().invoke(main, ["tables", "--workdir", str(workdir), *arguments])


def test_tables_are_printed_and_written_in_four_formats(tmp_path):
    write_runs(tmp_path / "results" / "runs.h5", make())
    result = call(tmp_path)
    assert result.exit_code == 0, result.output
    for number in (1, 2, 3):
        assert f"Table {number}." in result.stdout
        for ending in ("txt", "md", "tex", "csv"):
            assert (tmp_path / "results" / "tables" / f"table{number}.{ending}").stat().st_size > 100
    assert (tmp_path / "results" / "tables" / "table3.txt").read_text().strip() in result.stdout


def test_a_missing_file_names_the_command(tmp_path):
    result = call(tmp_path)
    assert result.exit_code == 1 and "embed sweep" in result.output and "Traceback" not in result.output


@pytest.mark.parametrize(
    "spoil, match",
    [
        (lambda file: file.attrs.__setitem__("complete", False), "incomplete"),
        (lambda file: file.attrs.__setitem__("schema_version", 99), "schema version 99"),
        (lambda file: file.attrs.__setitem__("kind", "features"), "kind features, expected kind runs"),
        (lambda file: file.attrs.__setitem__("emotions", '["anger"]'), "names its classes"),
        (lambda file: file.__setitem__("link", h5py.ExternalLink("/etc/passwd", "x")), "external link"),
    ],
)
def test_other_files_are_refused_in_one_line(tmp_path, spoil, match):
    path = tmp_path / "runs.h5"
    write_runs(path, make())
    with h5py.File(path, "r+") as file:
        spoil(file)
    result = call(tmp_path, "--results", str(path))
    assert result.exit_code == 1 and match in result.output
    path.write_bytes(b"no HDF5")
    assert "not a readable HDF5 file" in call(tmp_path, "--results", str(path)).output


def test_a_file_that_lacks_a_part_ends_in_one_line(tmp_path):
    write_runs(tmp_path / "runs.h5", make(runs=1))
    with h5py.File(tmp_path / "runs.h5", "r+") as file:
        del file["confusion"]
    result = call(tmp_path, "--results", str(tmp_path / "runs.h5"))
    assert result.exit_code == 1 and "lacks a part" in result.output and result.output.count("\n") == 1


def test_the_working_folder_comes_from_the_environment_and_holds_nothing_else(tmp_path):
    write_runs(tmp_path / "results" / "runs.h5", make(runs=2))
    result = CliRunner().invoke(main, ["tables"], env={"CAKE_WORKDIR": str(tmp_path)})
    assert result.exit_code == 0 and str(tmp_path / "results" / "tables") in result.stderr
    assert "written to" not in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["results"]
    assert len(list((tmp_path / "results" / "tables").iterdir())) == 28


def test_a_wrong_call_exits_with_two(tmp_path):
    assert call(tmp_path, "--result", "x").exit_code == 2


def test_what_is_made_of_two_results_files_lies_apart_and_says_of_which_it_is(tmp_path, monkeypatch):
    def plates(runs, samples):
        return [Plate("figure4", "Figure 4", "One point.", figure=Figure(), records=[{"size": 3}])]

    monkeypatch.setattr("evaluate.figures.figure_files.all_plates", plates)
    monkeypatch.setattr("evaluate.page.report.sections", lambda runs, samples, gaps, studied: [])
    write_runs(tmp_path / "results" / "runs.h5", make(runs=2))
    write_runs(tmp_path / "results" / "seed1.h5", make(runs=3))
    for results in ((), ("--results", str(tmp_path / "results" / "seed1.h5"))):
        for command in ("tables", "figures", "report"):
            result = CliRunner().invoke(main, [command, "--workdir", str(tmp_path), *results])
            assert result.exit_code == 0, result.output
    for name, folder in (("runs.h5", tmp_path / "results"), ("seed1.h5", tmp_path / "results" / "seed1")):
        for ending in ("txt", "md", "tex"):
            told = (folder / "tables" / f"table1.{ending}").read_text(encoding="utf-8")
            assert f"of the results file {name}" in " ".join(told.split())
        for path in (folder / "tables" / "table1.csv", folder / "figures" / "figure4.csv"):
            with open(path, newline="") as file:
                assert {row["results"] for row in csv.DictReader(file)} == {name}
        assert f"Of the results file {name}." in (folder / "figures" / "captions.txt").read_text(encoding="utf-8")
        assert f"results file {name}" in (folder / "report" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["figures", "report"])
def test_raw_coordinates_are_given_on_request(tmp_path, monkeypatch, command):
    runs, head, forms = make(runs=1), Head("cake", 2, 0), []
    axes = ("along_valence", "along_arousal")
    runs.outcomes[head].canonical = Canonical(np.eye(2, dtype=np.float32), np.zeros(2, np.float32), axes)
    write_runs(tmp_path / "results" / "runs.h5", runs)
    seen = lambda runs, *_: forms.append(runs.outcomes[head].canonical) or []
    monkeypatch.setattr("evaluate.figures.figure_files.all_plates", seen)
    monkeypatch.setattr("evaluate.page.report.sections", seen)
    for arguments in ((), ("--coordinates", "raw")):
        result = CliRunner().invoke(main, [command, "--workdir", str(tmp_path), *arguments])
        assert result.exit_code == 0, result.output
    assert forms[0].axes == axes and forms[1] is None
    wrong = CliRunner().invoke(main, [command, "--workdir", str(tmp_path), "--coordinates", "polar"])
    assert wrong.exit_code == 2


@pytest.mark.parametrize(
    "name, folder", [("runs.h5", "."), ("tables.h5", "tables"), ("a.b.h5", "a.b"), ("runs.hdf5", "runs.hdf5.evaluated")]
)
def test_no_two_results_files_of_a_folder_share_theirs(tmp_path, name, folder):
    assert folder_of(tmp_path / name) == tmp_path / folder
