"""How well arousal and valence are predicted: the regression network against the annotators, on test rows."""

import numpy as np

from data import metrics
from evaluate.samples import Samples

DIMENSIONS = ("valence", "arousal")  # their order in every cache
MEASURES = {"RMSE": metrics.rmse, "Pearson": metrics.pearson, "CCC": metrics.ccc, "SAGR": metrics.sagr}


def regression_scores(samples: Samples) -> dict | None:
    """{dimension: {"n": rows with an annotation, measure: value over these}}; None where a dimension has no such row or
    nothing was predicted."""
    if samples.predicted is None:
        return None
    found = {}
    for column, dimension in enumerate(DIMENSIONS):
        annotated = np.isfinite(samples.annotated[:, column])
        if not annotated.any():
            return None
        true = samples.annotated[annotated, column].astype(np.float64)
        predicted = samples.predicted[annotated, column].astype(np.float64)
        values = {name: measure(true, predicted) for name, measure in MEASURES.items()}
        found[dimension] = {"n": int(annotated.sum()), **values}
    return found
