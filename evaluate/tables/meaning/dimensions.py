"""What the dimensions mean: how well arousal and valence can be read from them linearly."""

from collections.abc import Iterator

import numpy as np

from data.files.runs import Runs
from evaluate.records import number
from evaluate.reference import display, in_order
from evaluate.representations import LEARNED
from evaluate.statistics.coordinates import coordinates
from evaluate.statistics.reading import FOLDS, MEASURES, reading_scores
from evaluate.statistics.scores import Score, over_runs
from evaluate.statistics.swept import added, kept_heads
from evaluate.tables.table import Table, gap, new_table, tell


def linear_reading(runs: Runs, samples: dict) -> Table:
    """Arousal and valence read linearly from learned representations and from the features, as annotated and as
    predicted."""
    title = "Arousal and valence read linearly from a representation"
    table = new_table(runs, "reading", title, ("Values", "Read from", *MEASURES))
    for kind, names, values in _targets(samples):
        place = "all" if len(names) > 1 else names[0]
        for position, (label, inputs) in enumerate(_inputs(runs, samples, names)):
            scores, rows = _reading(inputs, values)
            leading = "" if position else f"{kind}, {'all' if len(names) > 1 else display(place)}"
            table.rows.append((leading, label, *map(_printed, scores.values())))
            for measure, score in scores.items():
                what = {"values": kind, "test": place, "read_from": label, "measure": measure}
                means = {"mean": number(score.mean), "deviation": number(score.deviation)}
                tell(table, runs, **what, **means, runs=score.runs, n=rows)
    if not table.rows:
        reason = "reading the dimensions needs the feature caches that were swept, with arousal-valence in them"
        return gap(runs, table, reason)
    table.notes.append(
        f"{FOLDS} folds of the test rows, each read by a ridge regression fitted on the others; mean ± deviation "
        "over runs; 1 is perfect, R² of a blind guess 0"
    )
    if not any(row[0].startswith("annotated") for row in table.rows):
        table.notes.append("no test row at hand has annotated arousal-valence")
    return table


def _targets(samples: dict) -> Iterator[tuple]:
    """(kind, data sets, values (n, 2)) of what can be read: annotations where there are any, predictions where all have
    them."""
    annotated = [name for name in in_order(samples) if samples[name].has_annotations().sum() >= 2 * FOLDS]
    if annotated:
        yield "annotated", annotated, np.concatenate([samples[name].annotated for name in annotated])
    if sum(map(len, samples.values())) >= 2 * FOLDS and all(each.predicted is not None for each in samples.values()):
        names = in_order(samples)
        yield "predicted", names, np.concatenate([samples[name].predicted for name in names])


def _inputs(runs: Runs, samples: dict, names: list) -> Iterator[tuple]:
    """(label, [(n, dimensions) of these data sets, for each run]) of what arousal-valence is read from."""
    # where arousal-valence is a part of the representation there is nothing to be found out
    learned = [each for each in (*LEARNED, *added(runs)) if each.family.arousal_valence is None]
    for each in learned:
        placed = [
            np.concatenate([coordinates(each.family, outcome.weights, samples[name]) for name in names])
            for outcome in kept_heads(runs, each).values()
        ]
        if placed:
            yield each.label, placed
    yield f"{runs.features} features", [np.concatenate([samples[name].feature for name in names])]


def _reading(inputs: list, values: np.ndarray) -> tuple[dict[str, Score], int]:
    """({measure: Score over runs}, rows read) from each run's (n, dimensions), where both values (n, 2) are there."""
    there = np.isfinite(values).all(1)
    scores = [reading_scores(x[there], values[there].astype(np.float64)) for x in inputs]
    means = {measure: over_runs(np.array([each[measure] for each in scores])) for measure in MEASURES}
    return means, int(there.sum())


def _printed(score: Score) -> str:
    return f"{score.mean:.2f}" + (f" ± {score.deviation:.2f}" if score.runs > 1 else "")
