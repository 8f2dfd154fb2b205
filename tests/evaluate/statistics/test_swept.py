"""What a results file holds: the width of its features, sizes that are printed, reasons for what is missing."""

import numpy as np
import pytest

from data.files.runs import Head, HeadOutcome
from data.heads import CAKE
from evaluate.representations import AV, BASELINE, CAKE_2, CAKE_3
from evaluate.statistics.swept import (
    kept_heads,
    sizes_printed,
    sizes_swept,
    why_absent,
    why_not_placed,
)
from tests.evaluate.made_up_runs import make

NOTHING = np.zeros((1, 1, 7, 7), int)


def kept(family, k, **weights):
    return {Head(family, k, 0): HeadOutcome(0, 1.0, NOTHING, weights=weights)}


def test_the_width_is_what_the_caches_said():
    runs = make(runs=1)
    runs.provenance["features"] = {"affectnet": {"image_size": 64}, "rafdb": {"feature_size": 768}}
    runs.outcomes = kept("cake", 2, A=np.zeros((2, 64)))
    assert runs.features == 768


@pytest.mark.parametrize(
    "outcomes, width",
    [
        (kept("cake", 2, B=np.zeros((1, 7, 2)), A=np.zeros((2, 64))), 64),
        (kept("baseline", 0, B=np.zeros((1, 7, 2000)), b=np.zeros((1, 7))), 2000),
        (kept("mlp", 2, A=np.zeros((2, 9))), 512),  # a family that nobody knows: its arrays may mean anything
        ({}, 512),
    ],
)
def test_else_it_is_that_of_the_kept_weights_else_the_papers(outcomes, width):
    runs = make(runs=1)
    runs.outcomes = outcomes
    assert runs.features == width


def test_of_many_sizes_the_powers_of_two_three_and_the_largest_are_printed():
    assert sizes_printed([0, 1, 5, 9]) == [0, 1, 5, 9]
    assert sizes_printed(list(range(20))) == [0, 1, 2, 3, 4, 8, 16, 19]
    assert sizes_swept(make(runs=2), CAKE) == [2, 3]


def test_why_there_is_no_score():
    runs = make(families=("cake", "baseline"), runs=2)
    assert why_absent(runs, AV) == "no predicted arousal-valence"
    runs.provenance = {}
    assert why_absent(runs, AV) == "not swept"
    for head, outcome in runs.outcomes.items():
        outcome.failure = "diverged" if head.family == "cake" else ""
    assert why_absent(runs, CAKE_3) == "every run diverged"
    assert why_absent(runs, BASELINE) == "trained on other data sets alone"


def test_heads_without_weights_and_failed_ones_are_not_kept():
    runs = make(runs=3)
    assert kept_heads(runs, CAKE_2) == {} and "weights were not kept" in why_not_placed(runs, CAKE_2)
    for run in (2, 0):
        runs.outcomes[Head("cake", 2, run)].weights = {"A": np.zeros((2, 5))}
    runs.outcomes[Head("cake", 2, 0)].failure = "diverged"
    assert list(kept_heads(runs, CAKE_2)) == [2]
