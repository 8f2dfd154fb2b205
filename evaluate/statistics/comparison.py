"""Is one representation better than another by more than chance? Over initialisations and over test samples, each by
its own interval.

Over runs: Welch's interval of the difference of two independent groups. Over rows: a paired bootstrap of the test rows,
the same resample for both representations, F1 averaged over their runs. One backbone underlies all runs, so neither
interval says anything of another training of it."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from data import metrics
from data.emotions import EMOTIONS
from data.files.runs import UNSCORED

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
    def verdict(self):
        """In a word or two: supported where both intervals lie on the same side of 0."""
        if self.over_runs is None or self.over_rows is None:
            return "cannot be said"
        sides = {_side(self.over_runs), _side(self.over_rows)}
        return (
            {1: "supported", -1: "worse, supported"}.get(*sides, "not supported")
            if len(sides) == 1
            else "not supported"
        )


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
    difference = float(np.mean(first) - np.mean(second))
    # by hand, since scipy.stats warns where one group is constant
    parts = [np.var(group, ddof=1) / len(group) if np.ptp(group) else 0.0 for group in (first, second)]
    if not sum(parts):
        return difference, difference
    freedom = sum(parts) ** 2 / sum(part**2 / (len(group) - 1) for part, group in zip(parts, (first, second)))
    reach = stats.t.ppf((1 + LEVEL) / 2, freedom) * np.sqrt(sum(parts))
    return float(difference - reach), float(difference + reach)


def compare(runs, first, second, tests, resamples, *, score=metrics.macro_f1_score):
    """Comparison of two (family, k) by a score on their own test sets, averaged over `tests` by the number of rows.

    None where either has no run that succeeded. resamples: the Resamples of these runs."""
    if not (len(runs.confusions(*first)) and len(runs.confusions(*second))):
        return None
    sizes = [len(runs.tests[name].emotion) for name in tests]
    values = [
        np.average([score(_own(runs, pair, name)) for name in tests], axis=0, weights=sizes) for pair in (first, second)
    ]
    return Comparison(
        float(values[0].mean() - values[1].mean()),
        welch_interval(*values),
        _bootstrap(first, second, tests, sizes, resamples, score),
    )


def _own(runs, pair, name):
    return runs.confusions(*pair)[:, runs.classifiers.index(name), list(runs.tests).index(name)]


def _bootstrap(first, second, tests, sizes, resamples, score):
    """(low, high) of the difference over resampled rows; None where predictions were not kept."""
    differences = np.zeros(RESAMPLES)
    for name, size in zip(tests, sizes):
        found = [resamples.scores(pair, name, score) for pair in (first, second)]
        if any(each is None for each in found):
            return None
        differences += (found[0] - found[1]) * size / sum(sizes)
    return tuple(map(float, np.quantile(differences, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])))


class Resamples:
    """The same RESAMPLES draws of test rows for whatever is compared, and the scores on them, each computed once."""

    def __init__(self, runs, generator):
        self.runs, self._scores = runs, {}
        # how often each row is drawn
        self.weights = {
            name: generator.multinomial(
                len(test.emotion), np.full(len(test.emotion), 1 / len(test.emotion)), RESAMPLES
            ).astype(np.float32)
            for name, test in runs.tests.items()
        }

    def scores(self, pair, name, score):
        """(RESAMPLES,) scores of one (family, k) on a test set, averaged over its runs; None where predictions were not
        kept."""
        if (pair, name, score) not in self._scores:
            answers = predictions(self.runs, pair, name)
            found = (
                resampled_scores(self.runs.tests[name].emotion, answers, self.weights[name], score) if answers else None
            )
            self._scores[pair, name, score] = found
        return self._scores[pair, name, score]


def predictions(runs, pair, name):
    """List of (n,) classes that each run's own classifier gives the rows of one test set."""
    return [
        outcome.predicted[runs.classifiers.index(name), runs.span(name)]
        for head, outcome in runs.outcomes.items()
        if (head.family, head.k) == pair and outcome.predicted is not None
    ]


def resampled_scores(true, predicted, weights, score=metrics.macro_f1_score):
    """A score averaged over runs, for each resample: true (n,), predicted a list of (n,), weights (resamples, n).

    Rows that a run has not scored are left out of it."""
    scores = []
    for answer in predicted:
        scored = answer != UNSCORED
        cells = np.eye(_C * _C, dtype=np.float32)[
            true[scored].astype(np.int64) * _C + answer[scored]
        ]  # counts fit float32 exactly
        own = weights if scored.all() else weights[:, scored]
        scores.append(score((own @ cells).reshape(-1, _C, _C)))
    return np.mean(scores, axis=0)
