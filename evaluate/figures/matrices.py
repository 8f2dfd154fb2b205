"""Matrices as pictures: Table 3, and the confusions of each data set's own classifier."""

import numpy as np

from data.files.runs import Runs
from evaluate.figures.palette import COLUMN, ON_DARK, ON_LIGHT, PAGE, PAPER, RAMP
from evaluate.figures.plate import LETTER, Plate, entitle, new_figure
from evaluate.records import number
from evaluate.reference import display, in_order
from evaluate.representations import CAKE_3
from evaluate.statistics.scores import Score, counts_of, score_of
from evaluate.statistics.swept import why_absent

LONG = 10  # letters of a name that would touch its neighbour
USUAL = 9  # letters of a class that there is room for anyway
NAMES, CELL = 0.75, 0.19  # inches: for such names on the left, and the least that two digits need


def cross_database(runs: Runs) -> Plate:
    """Table 3 as a matrix: macro F1 of every classifier on every test set."""
    plate = Plate("matrix3", "Table 3 as a matrix", "")
    names = in_order(runs.tests)
    scores = [[score_of(runs, CAKE_3, classifier=classifier, test=test) for test in names] for classifier in names]
    if not any(score for row in scores for score in row):
        plate.caption = f"Table 3 needs {CAKE_3.label}: {why_absent(runs, CAKE_3)}."
        return plate
    if len(names) == 1:
        plate.caption = "Table 3 sets data sets beside each other; of one alone there is no matrix."
        return plate
    values = np.array([[100 * score.mean if score else np.nan for score in row] for row in scores])
    side = max(COLUMN - 0.9, 0.62 * len(names))
    plate.figure, axes = new_figure(side + 0.9, side + 0.3)
    printed = [display(name) for name in names]
    _matrix(axes, values, [[_printed(score) for score in row] for row in scores], printed, printed, size=7.5)
    axes.set(xlabel="tested on", ylabel="classifier of")
    if len(names) > 3 or max(map(len, printed)) > LONG:
        axes.tick_params(axis="x", rotation=90)
    entitle(plate.figure, runs, f"{CAKE_3.label} across data sets, macro F1")
    for (row, column), value in np.ndenumerate(values):
        plate.records.append({"classifier": names[row], "test": names[column], "mean": number(value)})
    count = scores[0][0].runs
    plate.caption = (
        f"Macro F1 in percent of {CAKE_3.label}, mean and sample deviation over {count} "
        f"run{'s' if count > 1 else ''}. One representation, one classifier for each data set."
    )
    return plate


def _printed(score: Score) -> str:
    deviation = f"\n± {100 * score.deviation:.1f}" if score.runs > 1 else ""
    return f"{100 * score.mean:.1f}{deviation}"


def confusions(runs: Runs) -> Plate:
    """Confusion matrices of CAKE-3, a panel for each test set with its own classifier, rows to 100 %."""
    plate = Plate("confusion", f"Confusions of {CAKE_3.label}", "")
    names = in_order(runs.tests)
    if not len(runs.confusions(*CAKE_3.key)):
        plate.caption = f"Confusion matrices need {CAKE_3.label}: {why_absent(runs, CAKE_3)}."
        return plate
    columns = min(3, len(names))
    lines = -(-len(names) // columns)
    # a title has a column of the page, whatever stands below it
    width = max(PAGE * columns / 3 + 0.3, COLUMN, CELL * len(runs.classes) * columns + NAMES)
    height = (width - NAMES) / columns + 1.3  # names stand on the left of all panels and below each
    longer = LETTER * max(0, max(map(len, runs.classes)) - USUAL)
    width, height = width + longer, height + longer
    plate.figure, axes = new_figure(width, height * lines, nrows=lines, ncols=columns, squeeze=False)
    for place, (axis, name) in enumerate(zip(axes.flat, names)):
        total = counts_of(runs, CAKE_3, classifier=name, test=name).sum(0)
        shares = 100 * total / np.maximum(total.sum(1, keepdims=True), 1)
        labels = [[f"{value:.0f}" if round(value) else "" for value in row] for row in shares]
        _matrix(axis, shares, labels, runs.classes, runs.classes if place % columns == 0 else None, size=6)
        axis.tick_params(axis="x", rotation=90)
        if place + columns >= len(names):  # the lowest of its column
            axis.set_xlabel("predicted")
        if place % columns == 0:
            axis.set_ylabel("true")
        axis.set_title(display(name), pad=3)
        axis.set_anchor("N")  # what room is left over lies below, where the names may need it
        plate.records += _cells(runs.classes, name, shares, total)
    for axis in axes.flat[len(names) :]:
        axis.set_visible(False)
    entitle(plate.figure, runs, f"{CAKE_3.label}, each data set by its own classifier")
    plate.caption = (
        "Rows: the annotated emotion, in percent of its test rows, all runs together; "
        "below half a percent no number is written."
    )
    return plate


def _cells(classes, name, shares, total):
    """A record for each cell of one panel."""
    for (true, answer), share in np.ndenumerate(shares):
        emotions = {"true": classes[true], "predicted": classes[answer]}
        yield {"test": name, **emotions, "share": number(share), "count": int(total[true, answer])}


def _matrix(axes, values, labels, columns, rows, *, size):
    """Cells as darkness from 0 to 100 %, each with its number."""
    edges = np.arange(len(columns) + 1) - 0.5, np.arange(len(values) + 1) - 0.5
    # up to 115: the darkest tones would look alike in print
    axes.pcolormesh(*edges, values, cmap=RAMP, vmin=0, vmax=115, edgecolors=PAPER, linewidth=0.8)
    axes.set(aspect="equal", ylim=(len(values) - 0.5, -0.5))
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(values)), rows or [""] * len(values))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for (row, column), value in np.ndenumerate(values):
        colour = ON_DARK if value > 55 else ON_LIGHT
        axes.text(column, row, labels[row][column], ha="center", va="center", fontsize=size, color=colour)
