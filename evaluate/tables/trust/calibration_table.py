"""How far confidences can be trusted: calibration, and what leaving out the unsure gains, by data set and
representation."""

from collections.abc import Iterator

import numpy as np

from data.files.runs import Runs
from evaluate.records import number
from evaluate.reference import display, in_order
from evaluate.samples import Samples
from evaluate.statistics.scores import over_runs
from evaluate.statistics.swept import kept_heads, shown, why_not_placed
from evaluate.statistics.trust.abstention import KEPT, area, risk_at, risks
from evaluate.statistics.trust.calibration import BINS, error_if_calibrated, reliability
from evaluate.statistics.trust.probabilities import (
    AS_TRAINED,
    PUT_BACK,
    by_priors,
    decided,
    training_shares,
    unweighted,
)
from evaluate.tables.printed import percent
from evaluate.tables.table import Table, gap, new_table, tell

MEASURES = ("ECE", "by chance", "error", f"error at {KEPT:.0%}", "risk area")


def calibration(runs: Runs, samples: dict, generator: np.random.Generator) -> Table:
    """A row for each data set, representation and whether the priors are put back: means over runs, in percent."""
    title = "How far confidence can be trusted: each classifier on its own test set, in percent"
    table = new_table(runs, "calibration", title, ("On", "Rep.", "Priors", *MEASURES))
    for name in (name for name in in_order(runs.tests) if name in samples):
        rows = [row for each in shown(runs) for row in _rows(runs, each, name, samples[name], generator)]
        for position, (representation, priors, scores) in enumerate(rows):
            table.rows.append(
                ("" if position else display(name), representation, priors, *map(percent, scores.values()))
            )
            for measure, score in scores.items():
                means = {
                    "mean": number(100 * score.mean),
                    "deviation": number(100 * score.deviation),
                    "runs": score.runs,
                }
                what = {"representation": representation, "priors": priors, "measure": measure}
                tell(table, runs, test=name, **what, **means, n=len(samples[name]))
    if not table.rows:
        return gap(runs, table, "probabilities need kept weights and the feature caches that were swept")
    table.notes += _notes(runs)
    return table


def _rows(runs, representation, name, samples, generator) -> Iterator[tuple]:
    """Yield (representation, priors, {measure: Score}) in print."""
    for priors, several in by_priors(runs, representation, name, samples).items():
        measured = [_measured(each, samples, generator) for each in several]
        yield representation.label, priors, dict(zip(MEASURES, map(over_runs, np.array(measured).T)))


def _measured(probabilities: np.ndarray, samples: Samples, generator: np.random.Generator) -> tuple:
    """The MEASURES of one run."""
    confidence, hit = decided(probabilities, samples.emotion)
    risk = risks(confidence, hit)
    chance = error_if_calibrated(confidence, generator)
    return reliability(confidence, hit).error, chance, risk[-1], risk_at(risk), area(risk)


def _notes(runs: Runs) -> Iterator[str]:
    yield (
        f"ECE, expected calibration error: |accuracy - confidence|, averaged over {BINS} bins of equally many rows; by "
        "chance: what so few rows would give were every confidence true"
    )
    yield _of_priors(runs)
    yield (
        f"error at {KEPT:.0%}: where the {1 - KEPT:.0%} of least confidence are left out; risk area: the error "
        "averaged over all shares that are kept"
    )
    untold = [display(name) for name in in_order(runs.tests) if training_shares(runs, name) is None]
    if untold and not unweighted(runs):
        yield f"this results file does not tell the training rows by class, so no priors for {', '.join(untold)}"
    lost = [each for each in shown(runs) if not kept_heads(runs, each)]
    if lost:
        yield "; ".join(f"{each.label}: {why_not_placed(runs, each)}" for each in lost)


def _of_priors(runs):
    if unweighted(runs):
        return (
            f"priors {AS_TRAINED}: without class weights, so probabilities are meant for test sets whose classes are "
            "as frequent as among the training rows"
        )
    return (
        f"priors {AS_TRAINED}: class weights make all classes equally frequent, so probabilities are meant for a "
        f"balanced test set; {PUT_BACK}: p times the share of the class among the training rows, meant for test sets "
        "like these"
    )
