"""95 % intervals of scores and of their differences: over initialisations, over test rows, and over both, crossed.

A mean over R runs on n rows varies with the runs drawn and with the rows drawn. The variance between the runs' scores
and the variance of the rows' influence values both hold the part that run and row make together, so it is taken away
once: Var = runs + rows - runs x rows. Degrees of freedom by Satterthwaite (1946), which is Welch's test where rows do
not matter."""

from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from evaluate.statistics.inference.measured import Measured

LEVEL = 0.95


@dataclass
class Spread:
    """A variance as a sum of mean squares, each with its sign and degrees of freedom."""

    parts: list = field(default_factory=list)  # (variance, with its sign; degrees of freedom)

    def add(self, variance: float, freedom: float) -> None:
        """Add a part that is not nothing."""
        if variance:
            self.parts.append((float(variance), freedom))

    @property
    def variance(self) -> float:
        """At least nothing."""
        return max(0.0, sum(variance for variance, _ in self.parts))

    @property
    def freedom(self) -> float:
        """Satterthwaite's, of the sum; where a part was taken away, not below those of every part."""
        spread = sum(variance**2 / freedom for variance, freedom in self.parts)
        if not spread:
            return np.inf
        return max(self.variance**2 / spread, min(freedom for _, freedom in self.parts))

    def interval(self, mean: float, level: float = LEVEL) -> tuple:
        """(low, high) around the mean, by Student's t."""
        reach = stats.t.ppf((1 + level) / 2, self.freedom) * np.sqrt(self.variance) if self.variance else 0.0
        return float(mean - reach), float(mean + reach)

    def p(self, mean: float) -> float:
        """Of a mean as far from 0, where there is nothing to find; two-sided."""
        if not self.variance:
            return float(mean == 0)
        return float(2 * stats.t.sf(abs(mean) / np.sqrt(self.variance), self.freedom))


def spread_over_runs(parts: list[Measured]) -> Spread | None:
    """Of a sum of scores of independent heads; None for a single run of any."""
    if min(len(part.values) for part in parts) < 2:
        return None
    found = Spread()
    for part in parts:
        if np.ptp(part.values):
            found.add(np.var(part.values, ddof=1) / len(part.values), len(part.values) - 1)
    return found


def spread_over_rows(parts: list[Measured]) -> Spread | None:
    """Of the same sum over test rows, which all heads share; None where predictions were not kept."""
    if any(part.influence is None for part in parts):
        return None
    found = Spread()
    for name in dict.fromkeys(name for part in parts for name in part.influence):
        own = sum(part.influence[name].mean(0) for part in parts if name in part.influence)
        if len(own) > 1:
            found.add((own**2).sum() * len(own) / (len(own) - 1), len(own) - 1)
    return found


def spread_over_both(parts: list[Measured]) -> Spread | None:
    """Of the same sum over runs and rows together; None where either cannot be had."""
    runs, rows = spread_over_runs(parts), spread_over_rows(parts)
    if runs is None or rows is None:
        return None
    found = Spread([*runs.parts, *rows.parts])
    for part in parts:
        count = len(part.values)
        for own in part.influence.values():
            groups = own.shape[1]
            if groups > 1:
                together = ((own - own.mean(0)) ** 2).sum() / (count * (count - 1)) * groups / (groups - 1)
                found.add(-together, (count - 1) * (groups - 1))
    return found if found.variance > 0 else rows
