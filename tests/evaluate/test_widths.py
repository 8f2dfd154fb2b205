"""Features of any width go through tables, figures and page; what is printed of the width follows it."""

import csv

import pytest
from click.testing import CliRunner

from data.files.runs import write_runs
from evaluate.cli import main
from evaluate.page.report import write_report
from evaluate.samples import read_samples
from tests.evaluate.made_up_study import make_study


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("width", [2, 64, 512, 768, 2000])
def test_the_page_follows_the_width(tmp_path, width):
    runs = make_study(tmp_path, names=("affectnet",), sizes=(50,), runs=2, ks=(1,), width=width)
    samples, gaps = read_samples(runs, tmp_path / "features")
    assert not gaps and samples["affectnet"].feature.shape == (50, width)
    page = write_report(runs, samples, gaps, tmp_path / "report").read_text(encoding="utf-8")
    assert f"A face becomes {width:,} numbers" in page and "Not shown" not in page
    read_from = {record["read_from"] for record in rows(tmp_path / "report" / "reading.csv")}
    assert read_from == {"CAKE-2", "CAKE-3", f"{width} features"}
    sizes = {each["representation"]: each["dimensions"] for each in rows(tmp_path / "report" / "multi_domain.csv")}
    assert sizes["Baseline"] == f"{width}" and (sizes["CAKE-3"], sizes["AV1"]) == ("3", "3")


def test_the_commands_follow_the_width_and_leave_the_papers_as_it_is(tmp_path):
    study = {"names": ("affectnet",), "sizes": (50,), "families": ("cake", "baseline")}
    runs = make_study(tmp_path, runs=1, ks=(1, 1024), width=768, **study)
    write_runs(tmp_path / "results" / "runs.h5", runs)
    for command in ("tables", "figures"):
        result = CliRunner().invoke(main, [command, "--workdir", str(tmp_path)])
        assert result.exit_code == 0, result.output
    second = (tmp_path / "results" / "tables" / "table2.txt").read_text(encoding="utf-8")
    sizes = {line.split(")")[0]: line.split(")")[1].split()[0] for line in second.splitlines() if "(Baseline)" in line}
    assert sizes == {"paper (Baseline": "512", "ours (Baseline": "768"}
    drawn = {record["size"] for record in rows(tmp_path / "results" / "figures" / "figure4.csv")}
    assert drawn == {"1", "2", "3", "1024"}
