"""What a representation holds: arousal and valence read from it linearly, pairs of emotions that it confuses."""

import itertools

import numpy as np

from data import metrics
from data.files.runs import Runs
from evaluate.representations import Representation
from evaluate.statistics.regression_scores import DIMENSIONS
from evaluate.statistics.scores import counts_of
from evaluate.statistics.similarity import canonical_correlations

FOLDS = 5
STRENGTHS = np.logspace(-6, 1, 15)  # of a ridge, for each row
CANONICAL = ("canonical 1", "canonical 2")
MEASURES = ("valence R²", "valence CCC", "arousal R²", "arousal CCC", *CANONICAL)


def read_out(x: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(n, 2) what a linear reading of x (n, dimensions) says of values (n, 2), each row by a fit that has not seen it.

    Ridge regression of standardised columns in folds of shuffled rows, of a strength that each fold chooses by leaving
    out one row after the other: 512 columns need much of it, and two or three that are all but one another's copies
    none."""
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), RidgeCV(len(x) * STRENGTHS))
    return cross_val_predict(model, x, values, cv=KFold(FOLDS, shuffle=True, random_state=0))


def reading_scores(x: np.ndarray, values: np.ndarray) -> dict[str, float]:
    """{measure: value} of a linear reading; canonical correlations are of the readings, so they do not flatter a wide
    x."""
    read = read_out(x, values)
    found = {}
    for column, dimension in enumerate(DIMENSIONS):
        found[f"{dimension} R²"] = _explained(values[:, column], read[:, column])
        found[f"{dimension} CCC"] = metrics.ccc(values[:, column], read[:, column])
    return found | dict(zip(CANONICAL, canonical_correlations(read, values)))


def _explained(true, read):
    """Share of the variance that is read; NaN where there is none."""
    return 1 - np.mean((true - read) ** 2) / np.var(true) if np.ptp(true) else float("nan")


def pair_confusion(counts: np.ndarray) -> dict[tuple, float]:
    """{(class, class): share} of (C, C) counts: of the samples of two classes, how many were taken for the other."""
    total = counts.sum(1)
    return {
        (one, other): (counts[one, other] + counts[other, one]) / (total[one] + total[other])
        for one, other in itertools.combinations(range(len(counts)), 2)
        if total[one] and total[other]
    }


def pair_confusions(runs: Runs, representation: Representation, names: list[str]) -> dict[tuple, np.ndarray]:
    """{(class, class): (runs,) shares} over these test sets, each by its own classifier; empty without a run."""
    counts = sum(counts_of(runs, representation, classifier=name, test=name) for name in names)
    found = [pair_confusion(each) for each in counts]
    return {pair: np.array([each[pair] for each in found]) for pair in found[0]} if found else {}
