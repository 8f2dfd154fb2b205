"""`evaluate tables` in a folder that holds nothing but results."""

import h5py
import pytest
from click.testing import CliRunner

from data.files.runs import write_runs
from evaluate.cli import main
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
        (lambda file: file.attrs.__setitem__("emotions", '["anger"]'), "orders its classes"),
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
    assert len(list((tmp_path / "results" / "tables").iterdir())) == 24


def test_a_wrong_call_exits_with_two(tmp_path):
    assert call(tmp_path, "--result", "x").exit_code == 2
