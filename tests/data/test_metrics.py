"""Scores against hand-worked cases, scikit-learn, scipy and their own invariants."""

import numpy as np
import pytest
import scipy.stats
from sklearn import metrics as sklearn_metrics

from data import metrics


def labels(seed, absent=()):
    generator = np.random.default_rng(seed)
    true = generator.choice([index for index in range(7) if index not in absent], 200)
    return true, np.where(generator.random(200) < 0.5, true, generator.integers(0, 7, 200))


@pytest.mark.parametrize("absent", [(), (4,), (0, 6)])
@pytest.mark.parametrize("seed", range(3))
def test_scores_are_scikit_learns(seed, absent):
    true, predicted = labels(seed, absent)
    counts = metrics.confusion_matrix(true, predicted, 7)
    assert (counts == sklearn_metrics.confusion_matrix(true, predicted, labels=range(7))).all()
    present = np.unique(true)
    assert metrics.accuracy_score(counts) == pytest.approx(sklearn_metrics.accuracy_score(true, predicted))
    expected = sklearn_metrics.f1_score(true, predicted, labels=present, average="macro", zero_division=0)
    assert metrics.macro_f1_score(counts) == pytest.approx(expected)
    expected = sklearn_metrics.recall_score(true, predicted, labels=present, average="macro", zero_division=0)
    assert metrics.mean_recall_score(counts) == pytest.approx(expected)
    assert metrics.classes_present(counts) == 7 - len(absent)


def test_equation_3_by_hand():
    counts = np.array([[3, 1, 0], [2, 2, 0], [0, 0, 0]])  # the third class has no sample and no prediction
    # prec 3/5, rec 3/4 -> 2/3; prec 2/3, rec 2/4 -> 4/7
    assert metrics.f1_scores(counts)[:2] == pytest.approx([2 / 3, 4 / 7])
    assert np.isnan(metrics.f1_scores(counts)[2])
    assert metrics.macro_f1_score(counts) == pytest.approx((2 / 3 + 4 / 7) / 2)


def test_a_class_never_hit_counts_as_zero():
    assert metrics.macro_f1_score(np.array([[4, 0], [4, 0]])) == pytest.approx((2 / 3 + 0) / 2)


def test_stacks_of_counts_give_stacks_of_scores():
    stack = np.stack([metrics.confusion_matrix(*labels(seed), 7) for seed in range(4)])
    np.testing.assert_allclose(metrics.macro_f1_score(stack), [metrics.macro_f1_score(counts) for counts in stack])


@pytest.mark.parametrize("score", [metrics.accuracy_score, metrics.mean_recall_score, metrics.macro_f1_score])
def test_renaming_the_classes_or_reordering_the_samples_changes_nothing(score):
    true, predicted = labels(5)
    order, names = np.random.default_rng(1).permutation(200), np.random.default_rng(2).permutation(7)
    before = score(metrics.confusion_matrix(true, predicted, 7))
    assert score(metrics.confusion_matrix(true[order], predicted[order], 7)) == pytest.approx(before)
    assert score(metrics.confusion_matrix(names[true], names[predicted], 7)) == pytest.approx(before)
    assert score(metrics.confusion_matrix(true, predicted[order], 7)) < before  # the control: pairs torn apart


def test_regression_scores():
    generator = np.random.default_rng(0)
    true = generator.uniform(-1, 1, 300)
    predicted = 0.6 * true + 0.1 + 0.2 * generator.normal(size=300)
    assert metrics.pearson(true, predicted) == pytest.approx(scipy.stats.pearsonr(true, predicted).statistic)
    assert metrics.rmse(true, predicted) == pytest.approx(np.sqrt(sklearn_metrics.mean_squared_error(true, predicted)))
    covariance = np.cov(true, predicted, ddof=0)
    expected = 2 * covariance[0, 1] / (covariance[0, 0] + covariance[1, 1] + (true.mean() - predicted.mean()) ** 2)
    assert metrics.ccc(true, predicted) == pytest.approx(expected)
    assert metrics.sagr([1, -1, 0.5, -0.5], [0.2, -3, -0.1, -0.1]) == 0.75


def test_ccc_punishes_a_shift_that_pearson_does_not_see():
    true = np.linspace(-1, 1, 50)
    assert metrics.ccc(true, true) == pytest.approx(1)
    assert metrics.pearson(true, true + 1) == pytest.approx(1) and metrics.ccc(true, true + 1) < 0.5


def test_counts_of_no_sample_give_no_score_and_no_warning():
    nothing = np.zeros((2, 7, 7), int)
    for score in (metrics.accuracy_score, metrics.mean_recall_score, metrics.macro_f1_score):
        assert np.isnan(score(nothing)).all() and score(nothing).shape == (2,)


@pytest.mark.parametrize("true, predicted", [([7], [0]), ([-1], [3]), ([0], [9]), ([0, 1], [1])])
def test_what_would_count_in_another_cell_is_refused(true, predicted):
    with pytest.raises(ValueError, match="classes"):
        metrics.confusion_matrix(true, predicted, 7)


def test_agreement_by_hand():
    # means 2 and 7/3; covariance 1, variances 2/3 and 14/9: ccc 2 / (20/9 + 1/9), pearson 1 / sqrt(28/27)
    assert metrics.ccc([1, 2, 3], [1, 2, 4]) == pytest.approx(6 / 7)
    assert metrics.pearson([1, 2, 3], [1, 2, 4]) == pytest.approx(np.sqrt(27 / 28))
    assert metrics.rmse([1, 2], [1, 4]) == pytest.approx(np.sqrt(2))


def test_agreement_with_a_constant_is_none():
    constant = np.full(3, 0.1)  # 0.1 + 0.1 + 0.1 is not 0.3: its mean is off in the last bit
    assert np.isnan(metrics.pearson(constant, [1, 2, 3])) and np.isnan(metrics.pearson([1, 2, 3], constant))
    assert np.isnan(metrics.ccc([1.0, 1.0], [1.0, 1.0])) and metrics.ccc([1.0, 1.0], [1.0, 2.0]) == 0


@pytest.mark.parametrize("score", ["macro_f1", "accuracy", "mean_recall"])
def test_influence_values_are_the_slopes_of_a_score(score):
    """Against finite differences; a class that nobody says, and one without a row, are among them."""
    score_of, influence = (getattr(metrics, f"{score}_{what}") for what in ("score", "influence"))
    counts = np.random.default_rng(0).integers(0, 30, (2, 7, 7)).astype(float)
    counts[:, :, 3], counts[:, 2] = 0, 0
    found, step = influence(counts), 1e-6
    for true, said in np.ndindex(7, 7):
        if true != 2:
            more = counts.copy()
            more[:, true, said] += step
            slope = (score_of(more) - score_of(counts)) / step
            np.testing.assert_allclose(found[:, true, said], slope, atol=1e-8)
    np.testing.assert_allclose((found * counts).sum((1, 2)), 0, atol=1e-12)  # as many rows again change nothing
