"""Scores over runs: averaged by hand, faces not found counted wrong, scikit-learn as oracle."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from data import metrics
from data.files.runs import Head
from evaluate.representations import CAKE_3
from evaluate.statistics.scores import multi_domain, score_of, with_undetected
from tests.evaluate.made_up_runs import make


def macro(true, predicted):
    return f1_score(true, predicted, labels=np.unique(true), average="macro", zero_division=0)


def test_the_multi_domain_score_weights_test_sets_by_size():
    runs = make()
    own = [score_of(runs, CAKE_3, classifier=name, test=name).mean for name in runs.tests]
    assert multi_domain(runs, CAKE_3).mean == pytest.approx(np.average(own, weights=[140, 90, 40]))


def test_images_without_a_face_count_as_errors_by_hand():
    confusion = np.zeros((7, 7), int)
    confusion[0, 0], confusion[0, 1], confusion[1, 1] = 6, 2, 4
    wide = with_undetected(confusion, np.array([2, 4, 0, 0, 0, 0, 0]))
    assert metrics.accuracy_score(wide) == 10 / 18 and metrics.mean_recall_score(wide) == (6 / 10 + 4 / 8) / 2
    assert metrics.macro_f1_score(wide) == pytest.approx((12 / 16 + 8 / 14) / 2)


@pytest.mark.parametrize(
    "kind, score", [("macro F1", macro), ("accuracy", accuracy_score), ("mean recall", balanced_accuracy_score)]
)
def test_scores_with_undetected_faces_are_those_of_rows_answered_by_no_class(kind, score):
    runs = make(runs=2)
    found = score_of(runs, CAKE_3, classifier="sfew", test="sfew", score=kind)
    emotion = runs.tests["sfew"].emotion
    truth = np.concatenate([emotion, emotion[:3]])  # the made-up test sets list three more images, of these classes
    answers = [np.concatenate([runs.outcomes[Head("cake", 3, run)].predicted[2, -40:], [7, 7, 7]]) for run in range(2)]
    if (
        kind == "mean recall"
    ):  # answers beside the classes of the truth: scikit-learn warns, and leaves them out as we do
        with pytest.warns(UserWarning):
            expected = np.mean([score(truth, each) for each in answers])
    else:
        expected = np.mean([score(truth, each) for each in answers])
    assert found.undetected_wrong == pytest.approx(expected) and found.undetected_wrong < found.mean
