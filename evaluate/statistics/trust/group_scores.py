"""Scores by group of people, and the largest gap between the groups of an attribute, beside what chance gives."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from data import metrics
from data.files.runs import UNSCORED, Runs, TestSet
from data.groups import UNKNOWN, by_attribute
from evaluate.representations import Representation
from evaluate.statistics.inference.comparison import contrast
from evaluate.statistics.inference.intervals import LEVEL
from evaluate.statistics.inference.measured import Measured, clusters_of, of_predictions, predictions

SCORES = {"accuracy": metrics.accuracy_score, "macro F1": metrics.macro_f1_score}
FEWEST = 20  # rows of a group that takes part in a gap
PERMUTATIONS = 500


@dataclass(frozen=True)
class GroupScore:
    """A score of one group by its own rows, averaged over runs, in fractions."""

    group: str
    n: int
    classes: int  # that have rows in it
    measured: Measured

    @property
    def value(self) -> float:
        """The mean over runs."""
        return float(self.measured.values.mean())

    @property
    def interval(self) -> tuple | None:
        """95 %, (low, high): over runs and rows, of a single run over rows."""
        return _interval(self.measured)


@dataclass(frozen=True)
class Gap:
    """The best group of an attribute minus the worst, in fractions."""

    best: GroupScore
    worst: GroupScore
    by_chance: float  # what 95 % of the largest gaps stay below where groups are dealt out at random

    @property
    def value(self) -> float:
        """In fractions."""
        return self.best.value - self.worst.value

    @property
    def interval(self) -> tuple | None:
        """95 % of the gap of these two groups, (low, high), as GroupScore.interval; the runs are the same in both."""
        return _interval(self.best.measured.plus(self.worst.measured.times(-1)))


def _interval(measured):
    found = contrast([measured])
    return found.both or found.over_rows


def _natural(group):
    """Spans of years in their order: 4-19 before 20-39."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", group) if part]


def attributes(test: TestSet) -> dict[str, np.ndarray]:
    """{attribute: (n,) group of each test row} of those that tell at least two groups apart."""
    texts = test.more.get("groups")
    told = {} if texts is None else by_attribute(texts)
    return {name: values for name, values in told.items() if len(set(values) - {UNKNOWN}) > 1}


class GroupedRows:
    """The rows of one test set as a representation's own classifier answers them, run by run."""

    def __init__(self, runs: Runs, representation: Representation, name: str, generator: np.random.Generator):
        self.test, self.classes, self.generator = runs.tests[name], len(runs.classes), generator
        self.answers, self.clusters = predictions(runs, representation, name, name), clusters_of(runs, name)

    def of_groups(self, values: np.ndarray, score: Callable) -> Iterator[GroupScore]:
        """Yield the GroupScore of each group of an attribute, by name; values (n,)."""
        for group in sorted(set(values) - {UNKNOWN}, key=_natural):
            rows = np.flatnonzero(values == group)
            clusters = np.unique(self.clusters[rows], return_inverse=True)[1]
            true, said = self.test.emotion[rows], self.answers[:, rows]
            own = of_predictions(true, said, clusters, score, group, classes=self.classes)
            yield GroupScore(group, len(rows), len(set(self.test.emotion[rows])), own)

    def gap(self, values: np.ndarray, scored: list[GroupScore], score: Callable) -> Gap | None:
        """The largest Gap between groups of at least FEWEST rows and of as many classes as the test set has; for the
        accuracy, of any number. None where there are no two such groups."""
        needed = 1 if score is metrics.accuracy_score else len(set(self.test.emotion))
        able = sorted((one for one in scored if one.n >= FEWEST and one.classes >= needed), key=lambda one: one.value)
        if len(able) < 2:
            return None
        return Gap(able[-1], able[0], self._by_chance(values, [one.group for one in able], score))

    def _by_chance(self, values, groups, score):
        """The LEVEL quantile of the largest gap where the groups are dealt out anew."""
        names, codes = np.unique(values.astype(str), return_inverse=True)
        dealt = np.stack([dealt_out(codes, self.clusters, self.generator) for _ in range(PERMUTATIONS)])
        members = dealt[:, None] == np.searchsorted(names, groups)[:, None]  # (PERMUTATIONS, groups, n)
        weights = members.reshape(-1, len(values)).astype(np.float32)
        found = weighted_scores(self.test.emotion, self.answers, weights, score, classes=self.classes)
        return float(np.quantile(np.ptp(found.reshape(members.shape[:2]), axis=1), LEVEL))


def weighted_scores(
    true: np.ndarray, predicted: np.ndarray, weights: np.ndarray, score: Callable, *, classes: int
) -> np.ndarray:
    """(m,) scores averaged over runs, of rows weighted in m ways: true (n,), predicted (R, n), weights (m, n)."""
    found = []
    for answer in predicted:
        scored = answer != UNSCORED
        # of many classes few pairs occur
        cells, place = np.unique(true[scored].astype(np.int64) * classes + answer[scored], return_inverse=True)
        own = weights if scored.all() else weights[:, scored]
        counts = np.zeros((len(own), classes**2), np.float32)  # which holds them exactly
        counts[:, cells] = own @ np.eye(len(cells), dtype=np.float32)[place]
        found.append(score(counts.reshape(-1, classes, classes)))
    return np.mean(found, axis=0)


def dealt_out(values: np.ndarray, clusters: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """(n,) values in another order: those of persons or clips that have one value each go to other persons or clips,
    else row by row."""
    _, first, place = np.unique(clusters, return_index=True, return_inverse=True)
    if (values == values[first][place]).all():
        return generator.permutation(values[first])[place]
    return generator.permutation(values)
