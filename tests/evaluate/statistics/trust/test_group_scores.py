"""Scores by group: those of scikit-learn on each group's rows, gaps that chance gives and that it does not."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from data.groups import as_text
from evaluate.representations import CAKE_3
from evaluate.statistics.inference.measured import predictions
from evaluate.statistics.trust.group_scores import (
    SCORES,
    GroupedRows,
    attributes,
    dealt_out,
    weighted_scores,
)
from tests.evaluate.made_up_runs import make


def grouped(*, worse=0.0, seed=0):
    """Runs whose test rows of rafdb have a gender; of the women's answers a share is made wrong."""
    generator = np.random.default_rng(seed)
    runs = make(("rafdb", "sfew"), runs=3, families=("cake",), sizes=(300, 40))
    test = runs.tests["rafdb"]
    values = generator.choice(["female", "male", ""], 300, p=[0.4, 0.5, 0.1])
    test.more["groups"] = np.array([as_text((("gender", value),) if value else ()) for value in values], object)
    for outcome in runs.outcomes.values():
        wrong = np.flatnonzero((values == "female") & (generator.random(300) < worse))
        outcome.predicted[0, wrong] = (test.emotion[wrong] + 1) % 7
    return runs, values


def test_scores_are_those_of_scikit_learn_on_the_rows_of_the_group():
    runs, values = grouped()
    [(attribute, found)] = attributes(runs.tests["rafdb"]).items()
    assert attribute == "gender" and (found == values).all() and attributes(runs.tests["sfew"]) == {}
    rows, answers = (
        GroupedRows(runs, CAKE_3, "rafdb", np.random.default_rng(0)),
        predictions(runs, CAKE_3, "rafdb", "rafdb"),
    )
    slow = {"accuracy": accuracy_score, "macro F1": lambda true, said: f1_score(true, said, average="macro")}
    for kind, score in SCORES.items():
        for one in rows.of_groups(values, score):
            own = values == one.group
            true = runs.tests["rafdb"].emotion[own]
            assert one.value == pytest.approx(np.mean([slow[kind](true, answer[own]) for answer in answers]))
            assert one.n == own.sum() and one.interval[0] < one.value < one.interval[1]


def test_a_gap_that_is_there_is_beyond_chance_and_one_of_chance_is_not():
    found = {}
    for worse in (0.0, 0.5):
        runs, values = grouped(worse=worse)
        rows = GroupedRows(runs, CAKE_3, "rafdb", np.random.default_rng(0))
        scored = list(rows.of_groups(values, SCORES["accuracy"]))
        found[worse] = rows.gap(values, scored, SCORES["accuracy"])
    assert found[0.5].worst.group == "female" and found[0.5].interval[0] > 0
    assert found[0.5].value > found[0.5].by_chance and found[0.0].value < found[0.0].by_chance


def test_small_groups_and_missing_classes_are_in_no_gap():
    runs, values = grouped()
    values[:] = "male"
    values[:19] = "female"
    rows = GroupedRows(runs, CAKE_3, "rafdb", np.random.default_rng(0))
    assert rows.gap(values, list(rows.of_groups(values, SCORES["accuracy"])), SCORES["accuracy"]) is None
    values[runs.tests["rafdb"].emotion < 3] = "female"  # many, of three classes and a few
    values[:19] = "male"
    scored = {kind: list(rows.of_groups(values, score)) for kind, score in SCORES.items()}
    assert rows.gap(values, scored["accuracy"], SCORES["accuracy"]) is not None
    assert rows.gap(values, scored["macro F1"], SCORES["macro F1"]) is None


def test_weighted_scores_are_those_of_rows_taken_as_often():
    runs, _ = grouped()
    true, answers = runs.tests["rafdb"].emotion, predictions(runs, CAKE_3, "rafdb", "rafdb")
    weights = np.random.default_rng(0).integers(0, 3, (4, 300))
    scores = weighted_scores(true, answers, weights.astype(np.float32), SCORES["accuracy"], classes=7)
    for weight, found in zip(weights, scores):
        rows = np.repeat(np.arange(300), weight)
        assert found == pytest.approx(np.mean([accuracy_score(true[rows], answer[rows]) for answer in answers]))


def test_whole_persons_are_dealt_out():
    generator = np.random.default_rng(0)
    clusters = np.array([5, 5, 5, 2, 2, 9])
    values = np.array(["a", "a", "a", "b", "b", "b"])
    for _ in range(20):
        dealt = dealt_out(values, clusters, generator)
        assert len(set(dealt[:3])) == len(set(dealt[3:5])) == 1
    values[0] = "b"  # a person of two groups: then row by row
    assert sorted(dealt_out(values, clusters, generator)) == sorted(values)
