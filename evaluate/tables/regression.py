"""How well arousal and valence themselves are predicted: the regression network against the annotators, on test
rows."""

import numpy as np

from data import metrics
from evaluate.reference import display, in_order
from evaluate.representations import ABSENT
from evaluate.tables.table import gap, new_table

DIMENSIONS = ("valence", "arousal")  # their order in every cache
MEASURES = {"RMSE": metrics.rmse, "Pearson": metrics.pearson, "CCC": metrics.ccc, "SAGR": metrics.sagr}


def scores_of(samples):
    """{(dimension, measure): value} over the rows whose annotation is there, and their number; None without a row or a
    prediction."""
    if samples.predicted is None:
        return None
    found = {}
    for column, dimension in enumerate(DIMENSIONS):
        there = np.isfinite(samples.annotated[:, column])
        if not there.any():
            return None
        true, predicted = (side[there, column].astype(np.float64) for side in (samples.annotated, samples.predicted))
        found |= {(dimension, name): measure(true, predicted) for name, measure in MEASURES.items()}
        found[dimension, "n"] = int(there.sum())
    return found


def regression(runs, samples, gaps):
    """Table of RMSE, Pearson, CCC and SAGR by data set and dimension."""
    table = new_table(
        runs, "regression", "Arousal-valence regression on test rows", ("Dataset", "", "n", *MEASURES), brief=True
    )
    for name in in_order(runs.tests):
        found = scores_of(samples[name]) if name in samples else None
        if found is None:
            table.notes.append(f"{display(name)}: {ABSENT} {gaps.get(name) or _why(samples[name])}")
            continue
        for position, dimension in enumerate(DIMENSIONS):
            values = [found[dimension, measure] for measure in MEASURES]
            table.rows.append(
                (
                    "" if position else display(name),
                    dimension,
                    f"{found[dimension, 'n']:,}",
                    *(ABSENT if np.isnan(value) else f"{value:.3f}" for value in values),
                )
            )
            table.records.append(
                {
                    "table": table.name,
                    "toy": int(runs.toy),
                    "test": name,
                    "dimension": dimension,
                    "n": found[dimension, "n"],
                    **{measure: "" if np.isnan(value) else f"{value:.6f}" for measure, value in zip(MEASURES, values)},
                }
            )
    if not table.rows:
        return gap(runs, table, "no test set has both annotated and predicted arousal-valence")
    table.notes.append(
        "rows without an annotation are out of count; RMSE: lower is better; CCC: Lin's concordance; "
        "SAGR: share of values predicted with their sign"
    )
    return table


def _why(samples):
    return "no predicted arousal-valence" if samples.predicted is None else "no annotated arousal-valence"
