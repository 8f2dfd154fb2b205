"""Agreement of classifiers: scikit-learn's kappa, hand-worked parts of disagreement."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from data.files.runs import UNSCORED, Head
from evaluate.representations import CAKE_3
from evaluate.statistics.agreement import agreement_scores, answer_counts, answers_of, kappa, quantity
from tests.evaluate.made_up_runs import make


def test_kappa_is_scikit_learns():
    runs = make(runs=2)
    counts = answer_counts(runs, CAKE_3, "affectnet", "sfew")
    for run in range(2):
        answers = runs.outcomes[Head("cake", 3, run)].predicted
        assert kappa(counts)[run] == pytest.approx(cohen_kappa_score(answers[0], answers[2]))


def test_disagreement_by_amount_and_by_allocation_by_hand():
    """Ten images: one says fear of 4, the other of 6, and they agree on 2: 6 differ, 2 of them must, for the amounts
    do."""
    counts = np.zeros((7, 7), int)
    counts[4, 4], counts[4, 6], counts[6, 4], counts[6, 6] = 2, 2, 4, 2
    assert quantity(counts) == pytest.approx(0.2)
    swapped = np.zeros((7, 7), int)
    swapped[4, 6] = swapped[6, 4] = 5
    assert quantity(swapped) == 0


def test_the_parts_of_disagreement_are_all_of_it():
    found = agreement_scores(np.random.default_rng(0).integers(1, 50, (3, 7, 7)))
    assert found["agree"] + found["amount"] + found["allocation"] == pytest.approx(np.ones(3))
    constant = np.zeros((7, 7), int)
    constant[2, 2] = 10  # both say one and the same class of everything
    assert agreement_scores(constant)["agree"] == 1 and np.isnan(agreement_scores(constant)["kappa"])


def test_runs_whose_answers_were_not_kept_or_are_partial_are_left_out():
    runs = make(runs=3)
    runs.outcomes[Head("cake", 3, 0)].predicted = None
    runs.outcomes[Head("cake", 3, 1)].predicted[2, 5] = UNSCORED
    assert len(answers_of(runs, CAKE_3)) == 1
