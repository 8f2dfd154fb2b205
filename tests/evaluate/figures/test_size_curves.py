"""Figures 2 and 4 by what they hold: axes, series, marks, the numbers beside them."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from data.files.runs import Head
from evaluate.figures.plate import as_svg
from evaluate.figures.size_curves import figure_2, figure_4
from tests.evaluate.figures.shown import texts
from tests.evaluate.made_up_study import make_study


def test_figure_2_is_the_gain_in_accuracy_over_arousal_valence_alone(study):
    runs, _ = study
    plate = figure_2(runs)
    [axes] = plate.figure.axes
    line = next(line for line in axes.lines if line.get_label() == "ours")
    assert list(line.get_xdata()) == [1, 2, 3, 4, 8] and axes.get_xscale() == "log"
    truth = runs.tests["affectnet"].emotion
    slow = {
        k: np.mean(
            [accuracy_score(truth, runs.outcomes[Head("av-true", k, run)].predicted[0, :150]) for run in range(3)]
        )
        for k in (0, 1)
    }
    assert line.get_ydata()[0] == pytest.approx(100 * (slow[1] - slow[0]))
    assert (
        "paper (as stated)" in [each.get_label() for each in axes.lines] and f"{100 * slow[0]:.1f} %" in plate.caption
    )


def test_figure_4_holds_both_families_their_bands_and_the_marks(study):
    runs, _ = study
    plate = figure_4(runs)
    [axes] = plate.figure.axes
    lines = {line.get_label(): line for line in axes.lines}
    assert list(lines["CAKE-k"].get_xdata()) == [1, 2, 3, 4, 8] and list(lines["AVk"].get_xdata()) == [
        2,
        3,
        4,
        5,
        6,
        10,
    ]
    assert len(axes.collections) == 2 and axes.get_xscale() == "log" and texts(axes) == ["18", "20"]
    assert [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == ":"] == [18, 20]
    assert "empirical" in plate.caption and "18 for CAKE-k and 20 for AVk" in plate.caption
    assert [record["size"] for record in plate.records if record["family"] == "av"] == [2, 3, 4, 5, 6, 10]


def test_one_domain_moves_the_marks(tmp_path):
    runs = make_study(tmp_path, names=("affectnet",), sizes=(60,), runs=1, ks=(1, 2))
    plate = figure_4(runs)
    assert (
        texts(plate.figure.axes[0]) == ["6", "8"]
        and "single run" in plate.caption
        and not plate.figure.axes[0].collections
    )


def test_text_in_a_page_stays_text(study):
    svg = as_svg(figure_4(study[0]).figure)
    assert "<text" in svg and "multi-domain macro F1" in svg and "<dc:date>" not in svg


def test_figure_4_has_a_tick_at_3_the_baseline_and_a_legend_beside_the_curves(study):
    figure = figure_4(study[0]).figure
    figure.draw_without_rendering()
    axes, [legend] = figure.axes[0], figure.legends
    assert 3 in axes.get_xticks() and "Baseline, 512" in [text.get_text() for text in legend.get_texts()]
    assert legend.get_window_extent().x0 >= axes.get_window_extent().x1
