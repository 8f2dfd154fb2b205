"""The tables on trust: numbers recomputed from raw predictions, gaps named, nothing where no group is told."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from data.files.runs import Head, read_runs, write_runs
from data.groups import as_text as groups_text
from evaluate.samples import read_samples
from evaluate.tables.formats.text import as_text
from evaluate.tables.table_files import all_tables, write_tables
from evaluate.tables.trust.calibration_table import calibration
from evaluate.tables.trust.group_table import group_tables
from tests.evaluate.made_up_study import make_study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    runs = make_study(folder, runs=2, ks=(1,), sizes=(90, 70, 40))
    return runs, read_samples(runs, folder / "features")[0]


def record(table, **wanted):
    [found] = [row for row in table.records if all(row.get(name) == value for name, value in wanted.items())]
    return found


def test_the_error_is_that_of_the_stored_predictions(study):
    runs, samples = study
    table = calibration(runs, samples, np.random.default_rng(0))
    said = [runs.outcomes[Head("cake", 3, run)].predicted[1, runs.span("rafdb")] for run in (0, 1)]
    errors = [100 - 100 * accuracy_score(runs.tests["rafdb"].emotion, each) for each in said]
    found = record(table, test="rafdb", representation="CAKE-3", priors="as trained", measure="error")
    assert float(found["mean"]) == pytest.approx(np.mean(errors), abs=1e-3) and found["runs"] == 2
    assert {row["priors"] for row in table.records} == {"as trained", "put back"}
    assert {row["test"] for row in table.records} == set(runs.tests) and len(table.rows) == 3 * 6 * 2


def test_what_cannot_be_computed_is_said(study):
    runs, samples = study
    assert "need kept weights and the feature caches" in as_text(calibration(runs, {}, np.random.default_rng(0)))
    classes = runs.provenance.pop("training_classes")
    text = as_text(calibration(runs, {"sfew": samples["sfew"]}, np.random.default_rng(0)))
    assert "does not tell the training rows by class" in text and "RAF-DB " not in text.split("does not")[0]
    runs.provenance["training_classes"] = classes


def test_groups_are_scored_where_test_rows_tell_them_and_nowhere_else(study, tmp_path):
    runs, _ = study
    assert group_tables(runs, np.random.default_rng(0)) == []
    names = [table.name for table in all_tables(runs)]
    assert "groups" not in names
    test = runs.tests["rafdb"]
    ages = np.array(["4-19", "20-39"])[np.arange(70) % 2]
    test.more["groups"] = np.array([groups_text((("age", age), ("race", "Asian"))) for age in ages], object)
    write_runs(tmp_path / "runs.h5", runs)
    del test.more["groups"]
    found = read_runs(tmp_path / "runs.h5")
    text = write_tables(found, tmp_path / "tables")
    assert "by group of people" in text and "Asian" not in text  # one group alone is no comparison
    assert (tmp_path / "tables" / "groups.csv").is_file()
    scores, gaps = group_tables(found, np.random.default_rng(0))
    assert [row[2] for row in scores.rows] == ["4-19", "20-39"]
    said = [runs.outcomes[Head("cake", 3, run)].predicted[1, runs.span("rafdb")] for run in (0, 1)]
    own = ages == "4-19"
    expected = np.mean([accuracy_score(test.emotion[own], each[own]) for each in said])
    assert float(record(scores, group="4-19", score="accuracy")["mean"]) == pytest.approx(100 * expected, abs=1e-3)
    assert {row["representation"] for row in gaps.records} == {"CAKE-3", "Baseline"}
