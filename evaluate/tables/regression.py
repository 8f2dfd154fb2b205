"""How well arousal and valence themselves are predicted: the regression network against the annotators, on test
rows."""

import numpy as np

from data.files.runs import Runs
from evaluate.reference import display, in_order
from evaluate.representations import ABSENT
from evaluate.samples import Samples
from evaluate.statistics.regression_scores import MEASURES, regression_scores
from evaluate.tables.table import Table, gap, new_table, tell


def regression(runs: Runs, samples: dict, gaps: dict) -> Table:
    """Table of RMSE, Pearson, CCC and SAGR by data set and dimension."""
    table = new_table(runs, "regression", "Arousal-valence regression on test rows", ("Dataset", "", "n", *MEASURES))
    for name in in_order(runs.tests):
        found = regression_scores(samples[name]) if name in samples else None
        if found is None:
            reason = gaps[name] if name in gaps else _why(samples[name])
            table.notes.append(f"{display(name)}: {ABSENT} {reason}")
            continue
        for position, (dimension, values) in enumerate(found.items()):
            rows, *measured = values.values()
            cells = [ABSENT if np.isnan(value) else f"{value:.3f}" for value in measured]
            table.rows.append(("" if position else display(name), dimension, f"{rows:,}", *cells))
            told = {measure: "" if np.isnan(value) else f"{value:.6f}" for measure, value in zip(MEASURES, measured)}
            tell(table, runs, test=name, dimension=dimension, n=rows, **told)
    if not table.rows:
        return gap(runs, table, "no test set has both annotated and predicted arousal-valence")
    table.notes.append(
        "rows without an annotation are not counted; RMSE: lower is better; CCC: Lin's concordance; "
        "SAGR: share of values predicted with their sign"
    )
    return table


def _why(samples: Samples) -> str:
    return "no predicted arousal-valence" if samples.predicted is None else "no annotated arousal-valence"
