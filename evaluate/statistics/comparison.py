"""Is one representation better than another by more than chance? Over initialisations and over test samples, each by
its own interval.

Over runs: Welch's interval of the difference of two independent groups. Over rows: a paired bootstrap of the test rows,
the same resample for both representations, F1 averaged over their runs. One backbone underlies all runs, so neither
interval says anything of another training of it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from data import metrics
from data.emotions import EMOTIONS
from data.files.runs import UNSCORED, Runs
from evaluate.representations import Representation

LEVEL = 0.95
RESAMPLES = 2000
_C = len(EMOTIONS)


@dataclass(frozen=True)
class Comparison:
    """The first representation minus the second, in fractions; intervals are (low, high), None where they cannot be
    had."""

    difference: float
    over_runs: tuple | None
    over_rows: tuple | None

    @property
    def verdict(self) -> str:
        """In a word or two: supported where both intervals lie on the same side of 0."""
        if self.over_runs is None or self.over_rows is None:
            return "cannot be said"
        sides = _side(self.over_runs), _side(self.over_rows)
        if sides == (1, 1):
            return "supported"
        if sides == (-1, -1):
            return "worse, supported"
        return "not supported"


def _side(interval: tuple) -> int:
    """1 where an interval lies above 0, -1 where it lies below, 0 where it holds 0."""
    low, high = interval
    if low > 0:
        return 1
    return -1 if high < 0 else 0


def mean_interval(values: np.ndarray) -> tuple | None:
    """95 % interval of the mean of runs (Student's t), (low, high); None for fewer than two."""
    if len(values) < 2:
        return None
    reach = stats.t.ppf((1 + LEVEL) / 2, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return float(np.mean(values) - reach), float(np.mean(values) + reach)


def welch_interval(first: np.ndarray, second: np.ndarray) -> tuple | None:
    """95 % interval of mean(first) - mean(second), two independent groups of unequal spread; None for a single run."""
    if min(len(first), len(second)) < 2:
        return None
    difference = float(np.mean(first) - np.mean(second))
    # by hand, since scipy.stats warns where one group is constant
    parts = [np.var(group, ddof=1) / len(group) if np.ptp(group) else 0.0 for group in (first, second)]
    if not sum(parts):
        return difference, difference
    freedom = sum(parts) ** 2 / sum(part**2 / (len(group) - 1) for part, group in zip(parts, (first, second)))
    reach = stats.t.ppf((1 + LEVEL) / 2, freedom) * np.sqrt(sum(parts))
    return float(difference - reach), float(difference + reach)


def compare(
    runs: Runs,
    first: Representation,
    second: Representation,
    tests: list,
    resamples: "Resamples",
    *,
    score: Callable = metrics.macro_f1_score,
) -> Comparison | None:
    """Comparison of two representations by a score on their own test sets, averaged over `tests` by the number of rows.

    None where either has no score on one of them. resamples: the Resamples of these runs."""
    counts = [_own_counts(runs, each, tests) for each in (first, second)]
    if not all(own.any() for each in counts for own in each):
        return None
    sizes = [len(runs.tests[name].emotion) for name in tests]
    values = [np.average([score(own) for own in each], axis=0, weights=sizes) for each in counts]
    return Comparison(
        float(values[0].mean() - values[1].mean()),
        welch_interval(*values),
        _bootstrap(first, second, tests, sizes, resamples, score),
    )


def _own_counts(runs, representation, tests):
    """[(runs, 7, 7) counts by each test set's own classifier]."""
    counts = runs.confusions(*representation.key)
    return [counts[:, runs.classifiers.index(name), list(runs.tests).index(name)] for name in tests]


def _bootstrap(first, second, tests, sizes, resamples, score):
    """(low, high) of the difference over resampled rows; None where predictions were not kept."""
    differences = np.zeros(RESAMPLES)
    for name, size in zip(tests, sizes):
        found = [resamples.scores(each, name, score) for each in (first, second)]
        if any(each is None for each in found):
            return None
        differences += (found[0] - found[1]) * size / sum(sizes)
    return tuple(map(float, np.quantile(differences, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])))


class Resamples:
    """The same RESAMPLES draws of test rows for whatever is compared, and the scores on them, each computed once."""

    def __init__(self, runs: Runs, generator: np.random.Generator) -> None:
        self.runs, self._scores = runs, {}
        sizes = {name: len(test.emotion) for name, test in runs.tests.items()}
        # how often each row is drawn
        self.weights = {
            name: generator.multinomial(size, np.full(size, 1 / size), RESAMPLES).astype(np.float32)
            for name, size in sizes.items()
        }

    def scores(self, representation: Representation, name: str, score: Callable) -> np.ndarray | None:
        """(RESAMPLES,) scores of one representation on a test set, averaged over its runs; None where predictions were
        not kept."""
        key = representation, name, score
        if key not in self._scores:
            answers = predictions(self.runs, representation, name)
            true = self.runs.tests[name].emotion
            self._scores[key] = resampled_scores(true, answers, self.weights[name], score) if answers else None
        return self._scores[key]


def predictions(runs: Runs, representation: Representation, name: str) -> list[np.ndarray]:
    """List of (n,) classes that each run's own classifier gives the rows of one test set."""
    return [
        outcome.predicted[runs.classifiers.index(name), runs.span(name)]
        for head, outcome in runs.outcomes.items()
        if (head.family, head.k) == representation.key and outcome.predicted is not None
    ]


def resampled_scores(
    true: np.ndarray, predicted: list, weights: np.ndarray, score: Callable = metrics.macro_f1_score
) -> np.ndarray:
    """A score averaged over runs, for each resample: true (n,), predicted a list of (n,), weights (resamples, n).

    Rows that a run has not scored are left out of it."""
    scores = []
    for answer in predicted:
        scored = answer != UNSCORED
        places = true[scored].astype(np.int64) * _C + answer[scored]
        cells = np.eye(_C * _C, dtype=np.float32)[places]  # counts fit float32 exactly
        own = weights if scored.all() else weights[:, scored]
        scores.append(score((own @ cells).reshape(-1, _C, _C)))
    return np.mean(scores, axis=0)
