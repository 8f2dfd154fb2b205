"""The table of the regression network: a row for each dimension, reasons for the data sets without."""

import pytest

from evaluate.samples import read_samples
from evaluate.statistics.regression_scores import MEASURES
from evaluate.tables.formats.format_registry import records_of
from evaluate.tables.formats.text import as_text
from evaluate.tables.regression import regression
from tests.evaluate.made_up_study import make_study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    runs = make_study(folder)
    return runs, read_samples(runs, folder / "features")[0], folder


def test_regression_names_the_sets_without_annotations(study):
    runs, samples, _ = study
    table = regression(
        runs,
        {"affectnet": samples["affectnet"], "rafdb": samples["rafdb"]},
        {"sfew": "no feature cache sfew.h5 at hand"},
    )
    text = as_text(table)
    assert (
        len(table.rows) == 2 and "RAF-DB: – no annotated arousal-valence" in text and "SFEW: – no feature cache" in text
    )
    assert len(table.records) == 2 and set(MEASURES) <= table.records[0].keys()
    empty = regression(runs, {}, dict.fromkeys(runs.tests, "gone"))
    assert "no test set has both" in as_text(empty) and "absent" in records_of([empty])
