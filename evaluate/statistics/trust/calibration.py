"""Does a confidence of 80 % mean that 80 % are right? Confidence beside accuracy in bins of equally many rows."""

from dataclasses import dataclass

import numpy as np

BINS = 15
DRAWS = 50  # of right and wrong, where confidence is taken at its word


@dataclass(frozen=True)
class Bins:
    """Rows by their confidence. As many numbers in each array as there are bins."""

    n: np.ndarray  # rows
    confidence: np.ndarray  # their mean
    accuracy: np.ndarray  # share of them that is right

    @property
    def error(self) -> float:
        """Expected calibration error (Naeini et al. 2015): how far the two lie apart in a bin, averaged over rows."""
        return float(np.average(np.abs(self.accuracy - self.confidence), weights=self.n))


def reliability(confidence: np.ndarray, hit: np.ndarray, bins: int = BINS) -> Bins:
    """Bins of confidence (n,) and hit (n,), cut at its quantiles; rows of equal confidence share one, so that there may
    be fewer."""
    place = _places(confidence, bins)
    n = np.bincount(place)
    return Bins(n, np.bincount(place, confidence) / n, np.bincount(place, hit) / n)


def error_if_calibrated(confidence: np.ndarray, generator: np.random.Generator) -> float:
    """The calibration error that is found, by the chance of few rows, where every confidence of (n,) is true."""
    confidence = np.sort(confidence)
    starts = np.flatnonzero(np.diff(_places(confidence, BINS), prepend=-1))
    hits = generator.random((DRAWS, len(confidence))) < confidence
    # of a bin, n |accuracy - confidence| is how far the sums of the two lie apart
    return float(np.abs(np.add.reduceat(hits - confidence, starts, axis=1)).sum(1).mean() / len(confidence))


def _places(confidence, bins):
    """(n,) bin of each row, ascending with its confidence and without an empty one."""
    edges = np.quantile(confidence, np.arange(1, bins) / bins)
    return np.unique(np.searchsorted(edges, confidence), return_inverse=True)[1]
