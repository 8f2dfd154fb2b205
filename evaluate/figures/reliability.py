"""Two plates on trust: accuracy over confidence, and the error over the share of rows that is answered."""

from collections.abc import Iterator

import numpy as np

from data.files.runs import Runs
from evaluate.figures.palette import FAINT, MARKERS, PAGE, SERIES
from evaluate.figures.plate import Plate, entitle, new_figure
from evaluate.records import number
from evaluate.reference import display, in_order
from evaluate.representations import AV, BASELINE, CAKE_2, CAKE_3
from evaluate.statistics.trust.abstention import risks
from evaluate.statistics.trust.calibration import BINS, reliability
from evaluate.statistics.trust.probabilities import AS_TRAINED, PUT_BACK, by_priors, decided, unweighted

DRAWN = (CAKE_3, CAKE_2, AV, BASELINE)
STEPS = 100  # points of a curve over coverage
NEEDED = "needs the kept weights of the heads and the feature caches that were swept."


WEIGHTED = (
    "As trained, class weights make all classes equally frequent; put back: times the share of each class among the "
    "training rows."
)


def reliability_diagram(runs: Runs, samples: dict) -> Plate:
    """A column for each data set; a row for probabilities as trained, another with the priors put back."""
    plate = Plate("reliability", "Reliability diagram", f"The reliability diagram {NEEDED}")
    found = {name: _probabilities(runs, name, samples[name]) for name in in_order(runs.tests) if name in samples}
    rows = [
        kind for kind in (AS_TRAINED, PUT_BACK) if any(kind in each for own in found.values() for each in own.values())
    ]
    if not rows:
        return plate
    plate.figure, axes = _panels(runs, list(found), rows=len(rows))
    for line, priors in zip(axes, rows):
        for axis, (name, own) in zip(line, found.items()):
            axis.plot((0, 1), (0, 1), color=FAINT, linewidth=0.8, linestyle="--")
            plate.records += _draw_reliability(axis, own, priors, name, samples[name].emotion)
            axis.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence")
        line[0].set_ylabel(f"share that is right\n(priors {priors})")
    _finish(plate, runs, "Confidence beside accuracy")
    plate.caption = (
        f"Share of right answers over the confidence in them, {BINS} bins of equally many test rows, all runs "
        "together, by each data set's own classifier. Dashed: confidence that is true."
        + ("" if unweighted(runs) else f" {WEIGHTED}")
    )
    return plate


def risk_coverage(runs: Runs, samples: dict) -> Plate:
    """A column for each data set: the error among the rows that are answered, over their share."""
    plate = Plate("risk_coverage", "Risk against coverage", f"Risk against coverage {NEEDED}")
    found = {name: _probabilities(runs, name, samples[name]) for name in in_order(runs.tests) if name in samples}
    if not any(found.values()):
        return plate
    plate.figure, [axes] = _panels(runs, list(found), rows=1)
    for axis, (name, own) in zip(axes, found.items()):
        plate.records += _draw_risks(axis, own, name, samples[name].emotion)
        axis.set(xlim=(0, 1), xlabel="share of rows answered")
        axis.set_ylim(bottom=0)
    axes[0].set_ylabel("share of errors among them")
    _finish(plate, runs, "Error where the unsure are left out")
    plate.caption = (
        "Share of errors among the test rows of highest confidence (as trained), over the share of rows that is "
        "answered; mean over runs, by each data set's own classifier. At the right no row is left out."
    )
    return plate


def _probabilities(runs, name, samples) -> dict:
    """{representation: {priors: [(n, C) by run]}} of those that can be computed."""
    found = {each: by_priors(runs, each, name, samples) for each in DRAWN}
    return {each: several for each, several in found.items() if several}


def _panels(runs, names, *, rows):
    """(Figure, axes (rows, names)) with the names above."""
    width = PAGE * max(len(names), 2) / 3
    figure, axes = new_figure(width, 2.1 * rows + 0.5, nrows=rows, ncols=len(names), squeeze=False)
    for axis, name in zip(axes[0], names):
        axis.set_title(display(name))
    return figure, axes


def _finish(plate, runs, title):
    """Title and legend; every line is drawn in some panel."""
    handles = {line.get_label(): line for axis in plate.figure.axes for line in axis.lines}
    shown = [handles[each.label] for each in DRAWN if each.label in handles]
    plate.figure.legend(handles=shown, loc="outside lower center", ncols=len(DRAWN))
    entitle(plate.figure, runs, title)


def _styled(representation):
    place = DRAWN.index(representation)
    return {"color": SERIES[place], "label": representation.label}, MARKERS[place]


def _draw_reliability(axis, own, priors, name, true) -> Iterator[dict]:
    for representation, several in own.items():
        decisions = [decided(each, true) for each in several.get(priors, ())]
        if not decisions:
            continue
        bins = reliability(*map(np.concatenate, zip(*decisions)))
        style, marker = _styled(representation)
        axis.plot(bins.confidence, bins.accuracy, marker=marker, markersize=2.5, linewidth=1, **style)
        what = {"test": name, "representation": representation.label, "priors": priors}
        for n, confidence, accuracy in zip(bins.n, bins.confidence, bins.accuracy):
            yield {**what, "n": n, "confidence": number(confidence), "accuracy": number(accuracy)}


def _draw_risks(axis, own, name, true) -> Iterator[dict]:
    for representation, several in own.items():
        risk = np.mean([risks(*decided(each, true)) for each in several[AS_TRAINED]], axis=0)
        chosen = np.unique(np.ceil(np.arange(1, STEPS + 1) / STEPS * len(risk)).astype(int)) - 1
        coverage = (chosen + 1) / len(risk)
        axis.plot(coverage, risk[chosen], **_styled(representation)[0])
        for share, value in zip(coverage, risk[chosen]):
            what = {"test": name, "representation": representation.label}
            yield {**what, "coverage": number(share), "error": number(value)}
