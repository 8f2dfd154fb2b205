"""Scores of runs: mean and deviation over the initialisations, from confusion counts alone."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from data import metrics
from data.coverage import STATUSES, covered
from data.files.runs import Runs, TestSet
from evaluate.representations import Representation
from evaluate.statistics.inference.intervals import spread_over_both, spread_over_rows, spread_over_runs
from evaluate.statistics.inference.measured import Measured, averaged, measured

SCORES = {
    "macro F1": metrics.macro_f1_score,
    "accuracy": metrics.accuracy_score,
    "mean recall": metrics.mean_recall_score,
}


@dataclass(frozen=True)
class Score:
    """One figure over runs, in fractions. deviation is the sample deviation (n - 1), NaN for a single run.

    The 95 % intervals (low, high) are of the mean: over runs, over test rows, and over both; None for what cannot be
    had."""

    mean: float
    deviation: float
    runs: int
    over_runs: tuple | None = None
    over_rows: tuple | None = None
    both: tuple | None = None
    undetected_wrong: float = float("nan")  # the mean where every listed image without a face counts as an error


def over_runs(values: np.ndarray) -> Score:
    """(runs,) values to a Score, where nothing is known of rows."""
    return score_from(Measured(np.asarray(values, float), None))


def score_from(found: Measured, undetected_wrong: np.ndarray | tuple = ()) -> Score:
    """A Measured to a Score; the same with undetected faces counted wrong, if they are known."""
    values, mean = found.values, float(found.values.mean())
    spreads = (spread([found]) for spread in (spread_over_runs, spread_over_rows, spread_over_both))
    intervals = [spread and spread.interval(mean) for spread in spreads]
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
    wrong = float(np.mean(undetected_wrong)) if len(undetected_wrong) else float("nan")
    return Score(mean, deviation, len(values), *intervals, wrong)


def undetected(test: TestSet) -> np.ndarray:
    """(C,) listed images of each class that have no row: no face was found, or the image could not be read."""
    counts = test.status_counts[:-1]  # the last row is of none of the classes
    return counts.sum(1) - counts[:, STATUSES.index("left_out")] - np.bincount(test.emotion, minlength=len(counts))


def with_undetected(confusion: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """(..., C, C) counts to (..., C + 1, C + 1): `missing` (C,) images of each class were answered by none of them.

    The last class has no image of its own, so that no mean over classes counts it."""
    classes = len(missing)
    wide = np.zeros((*confusion.shape[:-2], classes + 1, classes + 1), np.int64)
    wide[..., :classes, :classes] = confusion
    wide[..., :classes, classes] = missing
    return wide


def counts_of(runs: Runs, representation: Representation, *, classifier: str, test: str) -> np.ndarray:
    """(runs, C, C) confusion counts by one classifier on one test set."""
    counts = runs.confusions(*representation.key)
    return counts[:, runs.classifiers.index(classifier), list(runs.tests).index(test)]


def score_of(
    runs: Runs, representation: Representation, *, classifier: str, test: str, score: str = "macro F1"
) -> Score | None:
    """The Score by one classifier on one test set, or None where no run succeeded or this classifier was not
    trained."""
    found = measured(runs, representation, classifier=classifier, test=test, score=SCORES[score])
    if found is None:
        return None
    counts = counts_of(runs, representation, classifier=classifier, test=test)
    return score_from(found, SCORES[score](with_undetected(counts, undetected(runs.tests[test]))))


def multi_domain(runs: Runs, representation: Representation) -> Score | None:
    """Macro F1 of each classifier on its own test set, averaged by the sizes of the test sets (Figure 4), or None where
    a data set has no score."""
    found = averaged(runs, representation, list(runs.classifiers))
    if found is None:
        return None
    counts, places = runs.confusions(*representation.key), list(runs.tests)
    own = [counts[:, place, places.index(name)] for place, name in enumerate(runs.classifiers)]
    wide = [with_undetected(each, undetected(runs.tests[name])) for each, name in zip(own, runs.classifiers)]
    sizes = [len(runs.tests[name].emotion) for name in runs.classifiers]
    wrong = np.average([metrics.macro_f1_score(each) for each in wide], axis=0, weights=sizes)
    return score_from(found, wrong)


def test_notes(runs: Runs) -> Iterator[tuple]:
    """(name, note) for each test set: rows scored, listed images, coverage, classes without a test row."""
    classes = len(runs.classes)
    for name, test in runs.tests.items():
        counts = test.status_counts
        listed = int(counts[:-1].sum())
        present = len(np.unique(test.emotion))
        gap = "" if present == classes else f"; {present} of {classes} classes have test rows, scores average these"
        told = covered(counts, runs.provenance.get("features", {}).get(name, {}))
        yield name, f"n = {len(test.emotion):,} of {listed:,} listed images, {told}{gap}"
