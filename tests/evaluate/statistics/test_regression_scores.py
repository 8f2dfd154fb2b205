"""Scores of the regression network, each by its formula."""

import numpy as np
import pytest

from evaluate.samples import read_samples
from evaluate.statistics.regression_scores import regression_scores
from tests.evaluate.made_up_study import make_study


@pytest.fixture
def samples(tmp_path):
    return read_samples(make_study(tmp_path, runs=1, ks=(1,)), tmp_path / "features")[0]["affectnet"]


def test_regression_scores_leave_missing_values_out_of_count(samples):
    samples.annotated[::3, 0] = np.nan
    found = regression_scores(samples)
    assert found["valence"]["n"] == 100 and found["arousal"]["n"] == 150
    true, predicted = samples.annotated[:, 0], samples.predicted[:, 0]
    there = ~np.isnan(true)
    assert found["valence"]["Pearson"] == pytest.approx(np.corrcoef(true[there], predicted[there])[0, 1], abs=1e-6)
    assert found["valence"]["RMSE"] == pytest.approx(np.sqrt(np.mean((true - predicted)[there] ** 2)), abs=1e-6)
    slope = 2 * np.cov(true[there], predicted[there], ddof=0)[0, 1]
    assert found["valence"]["CCC"] == pytest.approx(
        slope / (true[there].var() + predicted[there].var() + (true[there].mean() - predicted[there].mean()) ** 2),
        abs=1e-6,
    )
    assert found["valence"]["SAGR"] == pytest.approx(np.mean((true * predicted)[there] > 0))


def test_without_predictions_or_annotations_there_is_no_score(samples):
    samples.annotated[:, 1] = np.nan
    assert regression_scores(samples) is None
    samples.annotated[:], samples.predicted = 0, None
    assert regression_scores(samples) is None
