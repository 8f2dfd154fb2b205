"""Scores of runs: mean and deviation over the initialisations, from confusion counts alone."""

from dataclasses import dataclass

import numpy as np

from data import metrics
from data.emotions import EMOTIONS
from data.files.cache import STATUSES, coverage
from data.files.runs import Runs
from evaluate.statistics.comparison import mean_interval

SCORES = {
    "macro F1": metrics.macro_f1_score,
    "accuracy": metrics.accuracy_score,
    "mean recall": metrics.mean_recall_score,
}
_C = len(EMOTIONS)


@dataclass(frozen=True)
class Score:
    """One figure over runs, in fractions. deviation is the sample deviation (n - 1), NaN for a single run."""

    mean: float
    deviation: float
    runs: int
    interval: tuple | None = None  # 95 % of the mean over runs, (low, high)
    undetected_wrong: float = float("nan")  # the mean where every listed image without a face counts as an error


def over_runs(values, undetected_wrong=()):
    """(runs,) values to a Score; the same with undetected faces counted wrong, if they are known."""
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
    wrong = float(np.mean(undetected_wrong)) if len(undetected_wrong) else float("nan")
    return Score(float(np.mean(values)), deviation, len(values), mean_interval(values), wrong)


def undetected(test):
    """(7,) listed images of each class that have no row: no face was found, or the image could not be read."""
    listed = test.status_counts[:_C].sum(1) - test.status_counts[:_C, STATUSES.index("left_out")]
    return listed - np.bincount(test.emotion, minlength=_C)


def with_undetected(confusion, missing):
    """(..., 7, 7) counts to (..., 8, 8): `missing` (7,) images of each class were answered by none of the seven.

    The eighth class has no image of its own, so that no mean over classes counts it."""
    wide = np.zeros((*confusion.shape[:-2], _C + 1, _C + 1), np.int64)
    wide[..., :_C, :_C] = confusion
    wide[..., :_C, _C] = missing
    return wide


def score_of(runs, family, k, *, classifier, test, score="macro F1"):
    """The Score of one family and k by one classifier on one test set, or None where no run of it succeeded."""
    counts = runs.confusions(family, k)
    if not len(counts):
        return None
    own = counts[:, runs.classifiers.index(classifier), list(runs.tests).index(test)]
    if not own[0].sum():
        return None  # trained on one domain, and this is another
    return over_runs(SCORES[score](own), SCORES[score](with_undetected(own, undetected(runs.tests[test]))))


def multi_domain(runs, family, k):
    """Macro F1 of each classifier on its own test set, averaged by the sizes of the test sets (Figure 4), or None."""
    counts = runs.confusions(family, k)
    if not len(counts):
        return None
    own = [counts[:, runs.classifiers.index(name), list(runs.tests).index(name)] for name in runs.classifiers]
    wide = [with_undetected(each, undetected(runs.tests[name])) for each, name in zip(own, runs.classifiers)]
    return over_runs(_by_size(own), _by_size(wide))


def _by_size(counts):
    """(runs,) macro F1 of several test sets' counts, averaged by their images."""
    return np.average(
        [metrics.macro_f1_score(each) for each in counts], axis=0, weights=[each[0].sum() for each in counts]
    )


def why_absent(runs: Runs, family, k):
    """In a short phrase, why there is no score for a family and k."""
    if any((head.family, head.k) == (family, k) for head in runs.outcomes):
        return "every run diverged"
    return runs.provenance.get("left_out", {}).get(family, "not swept")


def test_notes(runs):
    """One line for each test set: rows scored, listed images, coverage, classes without a test row."""
    for name, test in runs.tests.items():
        counts = test.status_counts
        listed = int(counts[:7].sum())
        present = len(np.unique(test.emotion))
        gap = "" if present == 7 else f"; {present} of 7 classes have test rows, scores average these"
        yield name, f"n = {len(test.emotion):,} of {listed:,} listed images, coverage {coverage(counts):.1%}{gap}"
