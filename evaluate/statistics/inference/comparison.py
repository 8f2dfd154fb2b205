"""Is one representation better than another by more than chance? One interval over runs and rows together decides, and
what one table asks many times is corrected for that.

One backbone underlies all runs, so nothing here says anything of another training of it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data import metrics
from data.files.runs import Runs
from evaluate.representations import Representation
from evaluate.statistics.inference.intervals import Spread, spread_over_both, spread_over_rows, spread_over_runs
from evaluate.statistics.inference.measured import Measured, averaged

ALPHA = 0.05
YES, NO, UNDECIDED = "yes", "no", "undecided"


@dataclass(frozen=True)
class Comparison:
    """A difference in fractions, its intervals (low, high) over runs, over rows and over both, and the p of the last.

    None for what cannot be had: from a single run, or without the predictions. holds: whether the difference lies where
    it is said to; whether that is more than chance is the matter of p."""

    difference: float
    over_runs: tuple | None
    over_rows: tuple | None
    both: tuple | None
    p: float | None
    holds: bool

    def verdict(self, corrected: float | None) -> str:
        """yes where it holds and no where it does not, by its corrected p; else undecided."""
        if corrected is None or corrected >= ALPHA:
            return UNDECIDED
        return YES if self.holds else NO


@dataclass(frozen=True)
class Bounds:
    """Where a difference is said to lie, in fractions: above 0, unless said otherwise.

    Inside of bounds, p is that of the nearer one (two one-sided tests, Schuirmann 1987); outside, of the one passed."""

    low: float = 0.0
    high: float = np.inf

    def p(self, difference: float, spread: Spread) -> float:
        """Of a difference that truly lies on a bound."""
        if (self.low, self.high) == (0.0, np.inf):
            return spread.p(difference)  # neither side is asked for more than the other
        return max(spread.p(difference - bound) / 2 for bound in self._nearest(difference))

    def _nearest(self, difference):
        if self.low < difference < self.high:
            return [bound for bound in (self.low, self.high) if np.isfinite(bound)]
        return [self.low if difference <= self.low else self.high]


def contrast(parts: list[Measured], bounds: Bounds = Bounds()) -> Comparison:
    """The Comparison of a sum of scores, each of other heads, with their signs (Measured.times)."""
    difference = float(sum(part.values.mean() for part in parts))
    spreads = spread_over_runs(parts), spread_over_rows(parts), spread_over_both(parts)
    intervals = (spread and spread.interval(difference) for spread in spreads)
    p = spreads[2] and bounds.p(difference, spreads[2])
    return Comparison(difference, *intervals, p, bounds.low < difference < bounds.high)


def compare(
    runs: Runs,
    first: Representation,
    second: Representation,
    tests: list,
    *,
    score: Callable = metrics.macro_f1_score,
) -> Comparison | None:
    """First minus second by a score on their own test sets, averaged over `tests` by the number of rows.

    None where either has no score on one of them."""
    found = [averaged(runs, each, tests, score) for each in (first, second)]
    if any(each is None for each in found):
        return None
    if first == second:
        return contrast([found[0].plus(found[1].times(-1))])
    return contrast([found[0], found[1].times(-1)])


def holm(p: list[float | None]) -> list[float | None]:
    """Each p corrected for all that are there (Holm 1979), in the same order: the chance that any of them is below
    ALPHA, where nothing is to be found, is at most ALPHA."""
    order = sorted((index for index, value in enumerate(p) if value is not None), key=lambda index: p[index])
    corrected, least = list(p), 0.0
    for place, index in enumerate(order):
        least = max(least, min(1.0, (len(order) - place) * p[index]))
        corrected[index] = least
    return corrected
