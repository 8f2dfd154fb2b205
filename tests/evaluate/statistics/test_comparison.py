"""Intervals over runs against textbook formulas, the bootstrap against a slow one, verdicts on planted differences."""

import dataclasses

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import f1_score

from data.files.runs import UNSCORED
from evaluate.representations import CAKE_2, CAKE_3
from evaluate.statistics.comparison import (
    Comparison,
    Resamples,
    compare,
    mean_interval,
    predictions,
    resampled_scores,
    welch_interval,
)
from evaluate.tables.differences import differences
from evaluate.tables.formats.text import as_text
from evaluate.tables.printed import percent
from tests.evaluate.made_up_runs import make

ALL = ("affectnet", "rafdb", "sfew")


def draws(runs):
    return Resamples(runs, np.random.default_rng(0))


def table_of(runs):
    return differences(runs, draws(runs))


def test_the_interval_of_a_mean_is_students():
    values = np.array([0.50, 0.52, 0.55, 0.51])
    expected = stats.t.interval(0.95, 3, loc=values.mean(), scale=stats.sem(values))
    assert mean_interval(values) == pytest.approx(expected)
    assert mean_interval(values[:1]) is None


def test_welch_is_scipys_and_has_no_trouble_with_a_constant_group():
    first, second = np.array([1.0, 2, 3]), np.array([2.0, 2, 2, 6])
    found = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    assert welch_interval(first, second) == pytest.approx((found.low, found.high))
    assert welch_interval(first, np.full(3, 0.1)) == pytest.approx(np.array(mean_interval(first)) - 0.1)
    assert welch_interval(np.ones(3), np.zeros(3)) == (1, 1)
    assert welch_interval(np.ones(1), np.zeros(3)) is None


def test_scores_of_resamples_are_those_of_rows_drawn_one_by_one():
    generator = np.random.default_rng(0)
    true = np.arange(60) % 7
    predicted = [np.where(generator.random(60) < 0.6, true, generator.integers(0, 7, 60)) for _ in range(2)]
    draws = generator.integers(0, 60, (4, 60))
    weights = np.stack([np.bincount(draw, minlength=60) for draw in draws]).astype(np.float32)
    for draw, found in zip(draws, resampled_scores(true, predicted, weights)):
        slow = [
            f1_score(true[draw], each[draw], labels=np.unique(true[draw]), average="macro", zero_division=0)
            for each in predicted
        ]
        assert found == pytest.approx(np.mean(slow))


def test_both_representations_see_the_same_resample():
    """A representation beside its own copy differs by nothing in every resample; drawn apart they would differ."""
    runs = make()
    found = compare(runs, CAKE_3, CAKE_3, ALL, draws(runs))
    assert found.over_rows == (0, 0) and found.difference == 0
    assert found.over_runs[0] < 0 < found.over_runs[1]


def test_a_gap_is_supported_and_chance_is_not():
    wide = make(sizes=(1400, 900, 400))
    for (family, k, _), outcome in ((dataclasses.astuple(head), outcome) for head, outcome in wide.outcomes.items()):
        if (family, k) == ("cake", 2):  # every third row wrong
            spoil(wide, outcome, 3)
    assert compare(wide, CAKE_3, CAKE_2, ALL, draws(wide)).verdict == "supported"
    assert compare(wide, CAKE_2, CAKE_3, ALL, draws(wide)).verdict == "worse, supported"


def spoil(runs, outcome, step):
    truth = np.concatenate([test.emotion for test in runs.tests.values()])
    outcome.predicted[:, ::step] = (truth[::step] + 1) % 7
    ends = np.cumsum([len(test.emotion) for test in runs.tests.values()])[:-1]
    outcome.confusion[:] = 0
    for classifier, answers in enumerate(outcome.predicted):
        for place, (test, part) in enumerate(zip(runs.tests.values(), np.split(answers, ends))):
            np.add.at(outcome.confusion[classifier, place], (test.emotion, part), 1)


@pytest.mark.parametrize(
    "over_runs, over_rows, verdict",
    [
        ((0.01, 0.02), (-0.01, 0.04), "not supported"),
        ((-0.01, 0.02), (0.01, 0.04), "not supported"),
        ((0.01, 0.02), (0.01, 0.04), "supported"),
        ((0.01, 0.02), (-0.04, -0.01), "not supported"),
        ((-0.01, 0.01), (-0.01, 0.01), "not supported"),
        (None, (0.1, 0.2), "cannot be said"),
    ],
)
def test_supported_needs_both_intervals(over_runs, over_rows, verdict):
    assert Comparison(0.01, over_runs, over_rows).verdict == verdict


def test_predictions_are_those_of_the_own_classifier_on_the_own_rows():
    runs = make()
    found = predictions(runs, CAKE_3, "rafdb")
    assert len(found) == 10 and all(len(each) == 90 for each in found)
    confusion = runs.confusions("cake", 3)[0, 1, 1]
    assert confusion[3].sum() == (runs.tests["rafdb"].emotion == 3).sum()
    assert (np.bincount(found[0], minlength=7) == confusion.sum(0)).all()


def test_the_table_names_the_gaps_and_single_runs():
    text = as_text(table_of(make(families=("cake", "cake-norm", "baseline"))))
    assert text.count("no predicted arousal-valence") == 8 and "One backbone" in text
    single = table_of(make(runs=1))
    assert all(row[-1] == "cannot be said" for row in single.rows)
    assert percent(None) == "–"


def test_rows_that_were_not_scored_are_left_out_of_every_resample():
    true, answer = np.arange(40) % 7, np.arange(40) % 5
    partly = np.where(np.arange(40) < 30, answer, UNSCORED)
    weights = np.random.default_rng(0).multinomial(40, np.full(40, 1 / 40), 3).astype(np.float32)
    assert resampled_scores(true, [partly], weights) == pytest.approx(
        resampled_scores(true[:30], [answer[:30]], weights[:, :30])
    )


def test_it_is_the_same_whenever_it_is_asked():
    assert table_of(make()).records == table_of(make()).records
