"""Scores and their influence values from raw predictions, against scikit-learn and against rows that count twice."""

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, recall_score

from data import metrics
from data.files.runs import UNSCORED
from evaluate.representations import CAKE_3
from evaluate.statistics.inference.measured import averaged, clusters_of, measured, of_predictions, predictions
from tests.evaluate.made_up_runs import make

ORACLES = {
    metrics.macro_f1_score: lambda true, said, weight: f1_score(
        true, said, labels=np.unique(true), average="macro", zero_division=0, sample_weight=weight
    ),
    metrics.accuracy_score: lambda true, said, weight: accuracy_score(true, said, sample_weight=weight),
    metrics.mean_recall_score: lambda true, said, weight: recall_score(
        true, said, labels=np.unique(true), average="macro", sample_weight=weight
    ),
}


def answers(rows=90, runs=3, seed=0):
    generator = np.random.default_rng(seed)
    true = np.concatenate([np.arange(6), generator.integers(0, 6, rows - 6)])
    right = generator.random((runs, rows)) < 0.6
    return true, np.where(right, true, generator.integers(0, 7, right.shape)).astype(np.uint8)


@pytest.mark.parametrize("score", ORACLES)
def test_values_and_influence_are_those_of_scikit_learn_with_weights(score):
    true, predicted = answers()
    found, oracle = of_predictions(true, predicted, np.arange(90), score, "a", classes=7), ORACLES[score]
    for run, said in enumerate(predicted):
        plain = oracle(true, said, np.ones(90))
        assert found.values[run] == pytest.approx(plain)
        for row in (0, 5, 40):
            weight = np.ones(90)
            weight[row] += 1e-6
            slope = (oracle(true, said, weight) - plain) / 1e-6
            assert found.influence["a"][run, row] == pytest.approx(slope, abs=1e-6)


def test_clusters_sum_the_influence_of_their_rows():
    true, predicted = answers()
    clusters = np.arange(90) // 4
    alone, together = (
        of_predictions(true, predicted, own, metrics.macro_f1_score, "a", classes=7)
        for own in (np.arange(90), clusters)
    )
    slow = np.stack([alone.influence["a"][:, clusters == group].sum(1) for group in range(23)], 1)
    np.testing.assert_allclose(together.influence["a"], slow)


def test_rows_that_no_run_scored_are_left_out():
    true, predicted = answers()
    predicted[:, 60:] = UNSCORED
    found = of_predictions(true, predicted, np.arange(90), metrics.macro_f1_score, "a", classes=7)
    fewer = of_predictions(true[:60], predicted[:, :60], np.arange(60), metrics.macro_f1_score, "a", classes=7)
    np.testing.assert_allclose(found.values, fewer.values)
    np.testing.assert_allclose(found.influence["a"], fewer.influence["a"])


def test_a_sum_of_scores_is_that_of_values_and_of_influence():
    true, predicted = answers()
    one = of_predictions(true, predicted, np.arange(90), metrics.macro_f1_score, "a", classes=7)
    other = of_predictions(true, predicted[::-1], np.arange(90), metrics.accuracy_score, "a", classes=7)
    both = one.times(2).plus(other.times(-1))
    np.testing.assert_allclose(both.values, 2 * one.values - other.values)
    np.testing.assert_allclose(both.influence["a"], 2 * one.influence["a"] - other.influence["a"])
    assert one.plus(dataclasses.replace(other, influence=None)).influence is None


def test_persons_and_clips_are_clusters_and_unknown_ones_stand_alone():
    runs = make()
    assert (clusters_of(runs, "sfew") == np.arange(40)).all()
    runs.tests["sfew"].more["cluster"] = np.array(["p"] * 3 + [""] * 35 + ["q"] * 2, object)
    found = clusters_of(runs, "sfew")
    assert len(np.unique(found)) == 37 and len(set(found[:3])) == len(set(found[38:])) == 1


def test_predictions_are_those_of_the_own_classifier_on_the_own_rows():
    runs = make()
    found = predictions(runs, CAKE_3, "rafdb", "rafdb")
    assert found.shape == (10, 90)
    confusion = runs.confusions("cake", 3)[0, 1, 1]
    assert (np.bincount(found[0], minlength=7) == confusion.sum(0)).all()


def test_the_average_over_test_sets_is_by_their_rows():
    runs = make()
    parts = [measured(runs, CAKE_3, classifier=name, test=name) for name in runs.tests]
    found = averaged(runs, CAKE_3, list(runs.tests))
    np.testing.assert_allclose(found.values, np.average([part.values for part in parts], axis=0, weights=[140, 90, 40]))
    np.testing.assert_allclose(found.influence["sfew"], parts[2].influence["sfew"] * 40 / 270)


def test_without_predictions_the_values_alone_are_known():
    runs = make()
    for head, outcome in runs.outcomes.items():
        outcome.predicted = None if head.run == 3 else outcome.predicted
    found = measured(runs, CAKE_3, classifier="sfew", test="sfew")
    assert found.influence is None and len(found.values) == 10
