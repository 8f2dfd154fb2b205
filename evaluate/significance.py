"""Is CAKE-3 better by more than chance? Over initialisations and over test samples, each by its own interval.

Over runs: Welch's interval of the difference of two independent groups. Over rows: a paired bootstrap of the test rows, the
same resample for both representations, F1 averaged over their runs. One backbone underlies all runs, so neither interval
says anything of another training of it."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from data import metrics
from data.emotions import EMOTIONS

LEVEL = 0.95
RESAMPLES = 2000
_C = len(EMOTIONS)


@dataclass(frozen=True)
class Comparison:
    """The first representation less the second, in fractions; intervals are (low, high), None where they cannot be had."""

    difference: float
    over_runs: tuple | None
    over_rows: tuple | None

    @property
    def verdict(self):
        """In a word or two: supported where both intervals lie on the same side of 0."""
        if self.over_runs is None or self.over_rows is None:
            return "cannot be said"
        sides = {_side(self.over_runs), _side(self.over_rows)}
        return {1: "supported", -1: "worse, supported"}.get(*sides, "not supported") if len(sides) == 1 else "not supported"


def _side(interval):
    return 1 if interval[0] > 0 else -1 if interval[1] < 0 else 0


def mean_interval(values):
    """95 % interval of the mean of runs (Student's t), (low, high); None for fewer than two."""
    if len(values) < 2:
        return None
    reach = stats.t.ppf((1 + LEVEL) / 2, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return float(np.mean(values) - reach), float(np.mean(values) + reach)


def welch_interval(first, second):
    """95 % interval of mean(first) - mean(second), two independent groups of unequal spread; None for a single run."""
    if min(len(first), len(second)) < 2:
        return None
    if np.ptp(first) == np.ptp(second) == 0:
        return (float(np.mean(first) - np.mean(second)),) * 2
    found = stats.ttest_ind(first, second, equal_var=False).confidence_interval(LEVEL)
    return float(found.low), float(found.high)


def compare(runs, first, second, tests, generator):
    """Comparison of two (family, k) by macro F1 on their own test sets, averaged over `tests` by the number of rows.

    None where either has no run that succeeded."""
    if not (len(runs.confusions(*first)) and len(runs.confusions(*second))):
        return None
    sizes = [len(runs.tests[name].emotion) for name in tests]
    values = [np.average([metrics.macro_f1_score(_own(runs, pair, name)) for name in tests], axis=0, weights=sizes) for pair in (first, second)]
    return Comparison(float(values[0].mean() - values[1].mean()), welch_interval(*values),
                      _bootstrap(runs, first, second, tests, sizes, generator))


def _own(runs, pair, name):
    return runs.confusions(*pair)[:, runs.classifiers.index(name), list(runs.tests).index(name)]


def _bootstrap(runs, first, second, tests, sizes, generator):
    """(low, high) of the difference over resampled rows; None where predictions were not kept."""
    differences = np.zeros(RESAMPLES)
    for name, size in zip(tests, sizes):
        predicted = [predictions(runs, pair, name) for pair in (first, second)]
        if not all(map(len, predicted)):
            return None
        weights = generator.multinomial(size, np.full(size, 1 / size), RESAMPLES).astype(np.float32)  # how often each row is drawn
        scores = [resampled_f1(runs.tests[name].emotion, each, weights) for each in predicted]
        differences += (scores[0] - scores[1]) * size / sum(sizes)
    return tuple(map(float, np.quantile(differences, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])))


def predictions(runs, pair, name):
    """List of (n,) classes that each run's own classifier gives the rows of one test set."""
    return [outcome.predicted[runs.classifiers.index(name), runs.span(name)] for head, outcome in runs.outcomes.items()
            if (head.family, head.k) == pair and outcome.predicted is not None]


def resampled_f1(true, predicted, weights):
    """Macro F1 averaged over runs, for each resample: true (n,), predicted a list of (n,), weights (resamples, n)."""
    scores = []
    for answer in predicted:
        cells = np.eye(_C * _C, dtype=np.float32)[true.astype(np.int64) * _C + answer]  # counts fit float32 exactly
        scores.append(metrics.macro_f1_score((weights @ cells).reshape(-1, _C, _C)))
    return np.mean(scores, axis=0)
