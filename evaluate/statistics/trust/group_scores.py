"""Scores by group of people, and the largest gap between the groups of an attribute, beside what chance gives."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from data import metrics
from data.files.runs import Runs, TestSet
from data.groups import UNKNOWN, by_attribute
from evaluate.representations import Representation
from evaluate.statistics.comparison import LEVEL, predictions, resampled_scores

SCORES = {"accuracy": metrics.accuracy_score, "macro F1": metrics.macro_f1_score}
FEWEST = 20  # rows of a group that takes part in a gap
RESAMPLES = 1000
PERMUTATIONS = 500


@dataclass(frozen=True)
class GroupScore:
    """A score of one group by its own rows, averaged over runs, in fractions."""

    group: str
    n: int
    classes: int  # that have rows in it
    value: float
    draws: np.ndarray  # (RESAMPLES,) of resampled rows

    @property
    def interval(self) -> tuple[float, float]:
        """95 % over rows, (low, high)."""
        return _ends(self.draws)


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
    def interval(self) -> tuple[float, float]:
        """95 % over rows of these two groups, (low, high)."""
        return _ends(self.best.draws - self.worst.draws)


def _ends(draws):
    return tuple(map(float, np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])))


def _natural(group):
    """Spans of years in their order: 4-19 before 20-39."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", group) if part]


def attributes(test: TestSet) -> dict[str, np.ndarray]:
    """{attribute: (n,) group of each test row} of those that tell at least two groups apart."""
    texts = test.more.get("groups")
    told = {} if texts is None else by_attribute(texts)
    return {name: values for name, values in told.items() if len(set(values) - {UNKNOWN}) > 1}


def clusters_of(test: TestSet) -> np.ndarray:
    """(n,) number of the person or clip of each test row; a row of which neither is known stands alone."""
    names = test.more.get("cluster")
    if names is None:
        return np.arange(len(test.emotion))
    alone = [name or row for row, name in enumerate(names)]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(alone))}
    return np.array([numbers[name] for name in alone])


class GroupedRows:
    """The rows of one test set as a representation's own classifier answers them, run by run."""

    def __init__(self, runs: Runs, representation: Representation, name: str, generator: np.random.Generator):
        self.test, self.generator = runs.tests[name], generator
        self.answers, self.clusters = predictions(runs, representation, name), clusters_of(runs.tests[name])

    def _scores(self, weights: np.ndarray, score: Callable, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """(m,) scores of the rows weighted in m ways (m, n), averaged over runs."""
        return resampled_scores(self.test.emotion[rows], [answer[rows] for answer in self.answers], weights, score)

    def of_groups(self, values: np.ndarray, score: Callable) -> Iterator[GroupScore]:
        """Yield the GroupScore of each group of an attribute, by name; values (n,)."""
        for group in sorted(set(values) - {UNKNOWN}, key=_natural):
            rows = np.flatnonzero(values == group)
            own = self._scores(np.ones((1, len(rows)), np.float32), score, rows)
            draws = self._scores(draws_of(self.clusters[rows], self.generator), score, rows)
            yield GroupScore(group, len(rows), len(set(self.test.emotion[rows])), float(own[0]), draws)

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
        found = self._scores(members.reshape(-1, len(values)).astype(np.float32), score).reshape(members.shape[:2])
        return float(np.quantile(np.ptp(found, axis=1), LEVEL))


def draws_of(clusters: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """(RESAMPLES, n) float32: how often each of n rows is drawn where whole clusters are drawn with replacement."""
    _, place = np.unique(clusters, return_inverse=True)
    count = place.max() + 1
    return generator.multinomial(count, np.full(count, 1 / count), RESAMPLES).astype(np.float32)[:, place]


def dealt_out(values: np.ndarray, clusters: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """(n,) values in another order: those of persons or clips that have one value each go to other persons or clips,
    else row by row."""
    _, first, place = np.unique(clusters, return_index=True, return_inverse=True)
    if (values == values[first][place]).all():
        return generator.permutation(values[first])[place]
    return generator.permutation(values)
