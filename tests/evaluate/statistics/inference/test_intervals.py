"""Intervals against textbook formulas and a bootstrap, and how often they err where nothing is to be found."""

import numpy as np
import pytest
from scipy import stats

from data import metrics
from evaluate.statistics.inference.intervals import spread_over_both, spread_over_rows, spread_over_runs
from evaluate.statistics.inference.measured import Measured, of_predictions
from tests.benchmarks.null import World, drawn, simulated
from tests.evaluate.statistics.inference.test_measured import answers


def of_values(*values):
    return Measured(np.array(values, float), None)


def test_over_runs_the_interval_of_a_mean_is_students():
    values = np.array([0.50, 0.52, 0.55, 0.51])
    expected = stats.t.interval(0.95, 3, loc=values.mean(), scale=stats.sem(values))
    assert spread_over_runs([of_values(*values)]).interval(values.mean()) == pytest.approx(expected)
    assert spread_over_runs([of_values(0.5)]) is None


def test_over_runs_a_difference_is_welchs():
    first, second = np.array([1.0, 2, 3]), np.array([2.0, 2, 2, 6])
    test = stats.ttest_ind(first, second, equal_var=False)
    found = spread_over_runs([of_values(*first), of_values(*-second)])
    difference = first.mean() - second.mean()
    assert found.interval(difference) == pytest.approx(tuple(test.confidence_interval(0.95)))
    assert found.p(difference) == pytest.approx(test.pvalue)


def test_constant_groups_give_a_point_and_certainty():
    found = spread_over_runs([of_values(1, 1), of_values(0, 0)])
    assert found.interval(1.0) == (1, 1) and found.p(1.0) == 0 and found.p(0.0) == 1


def test_over_rows_accuracy_has_the_textbook_variance():
    true, predicted = answers(rows=400, runs=1)
    share = (true == predicted[0]).mean()
    found = spread_over_rows([of_predictions(true, predicted, np.arange(400), metrics.accuracy_score, classes=7)])
    assert found.variance == pytest.approx(share * (1 - share) / 399)


@pytest.mark.parametrize("size", [1, 5])
def test_over_rows_macro_f1_has_the_variance_of_a_bootstrap_of_whole_clusters(size):
    generator, groups = np.random.default_rng(1), 600 // size
    clusters = np.repeat(np.arange(groups), size)
    true, predicted = answers(rows=groups, runs=2)  # frames of a clip are alike
    true, predicted = true[clusters], predicted[:, clusters]
    scores = []
    for _ in range(1500):
        weight = np.bincount(generator.integers(0, groups, groups), minlength=groups)[clusters]
        counts = [np.bincount(true * 7 + said, weight, 49).reshape(7, 7) for said in predicted.astype(int)]
        scores.append(np.mean([metrics.macro_f1_score(own) for own in counts]))
    found = spread_over_rows([of_predictions(true, predicted, clusters, metrics.macro_f1_score, classes=7)])
    assert found.variance == pytest.approx(np.var(scores), rel=0.15)
    if size > 1:  # the control: clusters matter here
        alone = spread_over_rows([of_predictions(true, predicted, np.arange(600), metrics.macro_f1_score, classes=7)])
        assert found.variance > 3 * alone.variance


def test_both_is_the_variance_of_a_balanced_two_way_layout():
    """Of accuracy, by the mean squares of the textbook: runs and rows, less what they make together."""
    true, predicted = answers(rows=50, runs=6)
    hit = (true == predicted).astype(float)
    found = spread_over_both([of_predictions(true, predicted, np.arange(50), metrics.accuracy_score, classes=7)])
    grand, runs, rows = hit.mean(), hit.mean(1), hit.mean(0)
    ms_runs, ms_rows = 50 * np.var(runs, ddof=1), 6 * np.var(rows, ddof=1)
    ms_both = ((hit - runs[:, None] - rows + grand) ** 2).sum() / (5 * 49)
    assert found.variance == pytest.approx((ms_runs + ms_rows - ms_both) / 300)


def test_verdicts_err_in_about_five_percent_and_two_intervals_do_not():
    """A short form of tests.benchmarks.null; with 300 draws a share of 5 % lies between 2 and 9 %."""
    verdicts, twice, covered = simulated(World(rows=400, of_runs=0.25, of_rows=1.5), 300, np.random.default_rng(0))
    assert 0.02 <= verdicts <= 0.09 < covered and covered >= 0.91
    assert twice > verdicts


def test_a_difference_that_is_there_is_found():
    generator, found = np.random.default_rng(0), 0
    for _ in range(20):
        first, second = drawn(World(of_runs=0.1, of_rows=0.5), generator)
        better = Measured(first.values + 0.08, first.influence)
        parts = [better, second.times(-1)]
        found += spread_over_both(parts).p(better.values.mean() - second.values.mean()) < 0.05
    assert found >= 18
