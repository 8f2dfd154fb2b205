"""A score with what it depends on: its value in every run, and how much each test row, or group of rows, moves it.

A score is a smooth function of how often each row counts; its derivatives, the influence values of the infinitesimal
jackknife (Efron 1982), follow from the confusion counts alone. They stand for all resamples of the rows at once, and no
class ever drops out of one."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data import metrics
from data.files.runs import UNSCORED, Runs
from evaluate.representations import Representation

INFLUENCE = {
    metrics.macro_f1_score: metrics.macro_f1_influence,
    metrics.accuracy_score: metrics.accuracy_influence,
    metrics.mean_recall_score: metrics.mean_recall_influence,
}


@dataclass(frozen=True)
class Measured:
    """A score, or a sum of scores, of one family and k. R runs; G clusters of rows in each test set.

    influence: test set -> (R, G); None where the predictions of a run were not kept, so that only runs are known."""

    values: np.ndarray  # (R,) in fractions
    influence: dict | None

    def times(self, weight: float) -> "Measured":
        """The score weighted by a number."""
        influence = self.influence and {name: weight * own for name, own in self.influence.items()}
        return Measured(weight * self.values, influence)

    def plus(self, other: "Measured") -> "Measured":
        """The sum with another score of the same runs."""
        if self.influence is None or other.influence is None:
            return Measured(self.values + other.values, None)
        influence = dict(self.influence)
        for name, own in other.influence.items():
            influence[name] = influence[name] + own if name in influence else own
        return Measured(self.values + other.values, influence)


def total(parts: list[Measured]) -> Measured:
    """The sum of scores of the same runs."""
    found = parts[0]
    for part in parts[1:]:
        found = found.plus(part)
    return found


def of_predictions(
    true: np.ndarray, predicted: np.ndarray, clusters: np.ndarray, score: Callable, name: str = "", *, classes: int
) -> Measured:
    """The Measured of one test set from raw predictions.

    true: (n,) of so many classes; predicted: (R, n), UNSCORED for rows left out; clusters: (n,) int, 0 to G - 1."""
    scored = predicted != UNSCORED
    places = np.where(scored, true.astype(np.int64) * classes + predicted, 0)
    counts = np.stack([np.bincount(own[kept], minlength=classes**2) for own, kept in zip(places, scored)])
    counts = counts.reshape(-1, classes, classes)
    by_cell = INFLUENCE[score](counts).reshape(len(counts), -1)
    by_row = np.take_along_axis(by_cell, places, 1) * scored
    groups = int(clusters.max()) + 1
    summed = np.stack([np.bincount(clusters, own, minlength=groups) for own in by_row])
    used = np.bincount(clusters, scored.any(0), minlength=groups) > 0
    return Measured(np.asarray(score(counts), float), {name: summed[:, used]})


def clusters_of(runs: Runs, name: str) -> np.ndarray:
    """(n,) int that says which test rows belong together, by person or clip where these are known; else each alone."""
    test = runs.tests[name]
    known = test.more.get("cluster")
    alone = np.arange(len(test.emotion))
    if known is None:
        return alone
    named = [f"cluster {text}" if text else f"row {row}" for row, text in zip(alone, known)]
    return np.unique(named, return_inverse=True)[1]


def measured(
    runs: Runs, representation: Representation, *, classifier: str, test: str, score: Callable = metrics.macro_f1_score
) -> Measured | None:
    """The Measured of one classifier on one test set, over the runs that did not fail; None where there is no score."""
    return _measured(runs, runs.scored(*representation.key), classifier, test, score)


def averaged(
    runs: Runs, representation: Representation, tests: list[str], score: Callable = metrics.macro_f1_score
) -> Measured | None:
    """The Measured of a score on several test sets, each by its own classifier, averaged by their rows (Figure 4's
    measure over all of them). None where one has no score."""
    scored = runs.scored(*representation.key)  # once, for all: there may be thousands of heads
    found = [_measured(runs, scored, name, name, score) for name in tests]
    if not found or any(each is None for each in found):
        return None
    sizes = [len(runs.tests[name].emotion) for name in tests]
    return total([each.times(size / sum(sizes)) for each, size in zip(found, sizes)])


def predictions(runs: Runs, representation: Representation, classifier: str, test: str) -> np.ndarray:
    """(R, n) classes that each run's classifier gives the rows of one test set, of the runs whose answers were kept."""
    return _predictions(runs, runs.scored(*representation.key), classifier, test)


def _measured(runs, scored, classifier, test, score):
    """As `measured`, of the outcomes of one representation."""
    place = runs.classifiers.index(classifier), list(runs.tests).index(test)
    counts = np.array([outcome.confusion[place] for outcome in scored])
    if not counts.any():
        return None
    predicted = _predictions(runs, scored, classifier, test)
    if len(predicted) < len(counts):
        return Measured(np.asarray(score(counts), float), None)
    true, clusters = runs.tests[test].emotion, clusters_of(runs, test)
    return of_predictions(true, predicted, clusters, score, test, classes=len(runs.classes))


def _predictions(runs, scored, classifier, test):
    place, span = runs.classifiers.index(classifier), runs.span(test)
    kept = [outcome.predicted[place, span] for outcome in scored if outcome.predicted is not None]
    return np.stack(kept) if kept else np.zeros((0, len(runs.tests[test].emotion)), np.uint8)
