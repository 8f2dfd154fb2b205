"""The plates on trust: a panel for each data set, the numbers that are drawn, reasons where nothing is."""

import numpy as np
import pytest

from data.files.runs import Head
from evaluate.figures.reliability import reliability_diagram, risk_coverage


def test_a_panel_for_each_data_set_and_kind_of_priors(study):
    runs, samples = study
    plate = reliability_diagram(runs, samples)
    assert len(plate.figure.axes) == 2 * 3
    rows = [row for row in plate.records if (row["test"], row["representation"]) == ("rafdb", "CAKE-3")]
    for priors in ("as trained", "put back"):
        own = [row for row in rows if row["priors"] == priors]
        assert sum(row["n"] for row in own) == 3 * 90  # runs times rows
        assert [float(row["confidence"]) for row in own] == sorted(float(row["confidence"]) for row in own)
    lines = {line.get_label() for axis in plate.figure.axes for line in axis.lines}
    assert {"CAKE-3", "CAKE-2", "AV", "Baseline"} <= lines


def test_with_no_row_left_out_the_risk_is_the_error(study):
    runs, samples = study
    plate = risk_coverage(runs, samples)
    [last] = [
        row
        for row in plate.records
        if (row["test"], row["representation"], row["coverage"]) == ("sfew", "AV", "1.0000")
    ]
    said = [runs.outcomes[Head("av", 0, run)].predicted[2, runs.span("sfew")] for run in range(3)]
    error = np.mean([(each != runs.tests["sfew"].emotion).mean() for each in said])
    assert float(last["error"]) == pytest.approx(error, abs=1e-3)


def test_without_caches_or_weights_the_reason_stands_there(study):
    runs, _ = study
    for plate in (reliability_diagram(runs, {}), risk_coverage(runs, {})):
        assert plate.figure is None and "needs the kept weights" in plate.caption
