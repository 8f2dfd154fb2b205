"""Scores of runs: mean and deviation over the initialisations, from confusion counts alone."""

from dataclasses import dataclass

import numpy as np

from data import metrics
from data.cache import coverage
from data.runs import Runs
from evaluate.significance import mean_interval

SCORES = {"macro F1": metrics.macro_f1_score, "accuracy": metrics.accuracy_score, "mean recall": metrics.mean_recall_score}


@dataclass(frozen=True)
class Score:
    """One figure over runs, in fractions. deviation is the sample deviation (n - 1), NaN for a single run."""

    mean: float
    deviation: float
    runs: int
    interval: tuple | None = None  # 95 % of the mean over runs, (low, high)


def over_runs(values):
    """(runs,) values to a Score."""
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
    return Score(float(np.mean(values)), deviation, len(values), mean_interval(values))


def score_of(runs, family, k, *, classifier, test, score="macro F1"):
    """The Score of one family and k by one classifier on one test set, or None where no run of it succeeded."""
    counts = runs.confusions(family, k)
    if not len(counts):
        return None
    own = counts[:, runs.classifiers.index(classifier), list(runs.tests).index(test)]
    return over_runs(SCORES[score](own))


def multi_domain(runs, family, k):
    """Macro F1 of each classifier on its own test set, averaged by the sizes of the test sets (Figure 4), or None."""
    counts = runs.confusions(family, k)
    if not len(counts):
        return None
    own = [counts[:, runs.classifiers.index(name), list(runs.tests).index(name)] for name in runs.classifiers]
    sizes = np.array([len(runs.tests[name].emotion) for name in runs.classifiers])
    return over_runs(np.average([metrics.macro_f1_score(each) for each in own], axis=0, weights=sizes))


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
