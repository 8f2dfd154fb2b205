"""What is gained by leaving out the rows that a classifier is least sure of: risk against coverage (El-Yaniv and Wiener
2010)."""

import numpy as np

KEPT = 0.8  # coverage at which the error is printed


def risks(confidence: np.ndarray, hit: np.ndarray) -> np.ndarray:
    """(n,) share of errors among the 1, 2, ... n rows of highest confidence. Of rows of one confidence, each counts as
    their mean, so that their order does not matter."""
    _, place = np.unique(-confidence, return_inverse=True)
    wrong = np.bincount(place, ~hit) / np.bincount(place)
    return np.cumsum(wrong[np.sort(place)]) / np.arange(1, len(hit) + 1)


def risk_at(risk: np.ndarray, coverage: float = KEPT) -> float:
    """Share of errors where so many of the rows are answered."""
    return float(risk[int(np.ceil(coverage * len(risk))) - 1])


def area(risk: np.ndarray) -> float:
    """Area under risk against coverage: the mean over all numbers of rows that are kept."""
    return float(risk.mean())
