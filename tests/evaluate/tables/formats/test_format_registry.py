"""Formats of tables: those there are, and a newcomer's that is registered here alone."""

import json

import pytest
from click.testing import CliRunner

from data.files.runs import write_runs
from evaluate.cli import main
from evaluate.tables.formats.format_registry import FORMATS, Format, one_by_one, register
from evaluate.tables.formats.text import as_text
from evaluate.tables.table import Table
from tests.evaluate.made_up_runs import make


def as_json_lines(tables):
    return "".join(json.dumps(record) + "\n" for table in tables for record in table.records)


@pytest.fixture
def json_lines():
    yield register(Format("jsonl", as_json_lines))
    del FORMATS["jsonl"]


def written(folder):
    write_runs(folder / "results" / "runs.h5", make(runs=1))
    result = CliRunner().invoke(main, ["tables", "--workdir", str(folder)])
    assert result.exit_code == 0, result.output
    return sorted(path.name for path in (folder / "results" / "tables").iterdir())


def test_a_newcomers_format_is_written_beside_the_others(tmp_path, json_lines):
    names = written(tmp_path)
    assert len(names) == 7 * 5 and "table1.jsonl" in names
    lines = (tmp_path / "results" / "tables" / "table1.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert {record["table"] for record in records} == {"table1", "multi_domain"}
    assert records[0]["representation"] == "CAKE-3" and float(records[0]["mean"]) > 0


def test_without_it_there_are_four(tmp_path):
    names = written(tmp_path)
    assert {name.split(".")[1] for name in names} == {"txt", "md", "tex", "csv"} == FORMATS.keys()


def test_an_ending_stands_for_one_format():
    with pytest.raises(ValueError, match="written to .csv files already"):
        register(Format("csv", as_json_lines))
    assert register(FORMATS["csv"]) is FORMATS["csv"]


def test_several_tables_stand_one_below_the_other():
    tables = [Table("one", "One", ("a",), [("1",)]), Table("two", "Two", ("b",), [("2",)])]
    assert one_by_one(as_text)(tables) == as_text(tables[0]) + "\n" + as_text(tables[1])
