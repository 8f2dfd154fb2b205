"""The figure of what compactness costs, by what it holds: a panel for each data set, points, the line of equality."""

import numpy as np
import pytest

from evaluate.figures.compactness_plot import compactness_plot
from evaluate.figures.plate import as_svg
from evaluate.statistics.compactness import kept_of
from evaluate.statistics.networks_told import ways_of
from tests.evaluate.made_up_networks import network

NAMES = ["plain", "plain1", "cov"]
PAIR = {"names": ("affectnet", "b"), "sizes": (200, 100), "runs": 3}


def plate_of(several, names=NAMES):
    return compactness_plot(several[0], kept_of(several, names), ways_of(several, names))


@pytest.fixture(scope="module")
def several():
    better = network(0.4, settings={"pooling": "covariance"}, **PAIR)
    return [network(**PAIR), network(0.1, seed=1, **PAIR), better]


def test_a_panel_for_each_data_set_with_every_network_and_the_line_of_equality(several):
    plate = plate_of(several)
    panels = [axis for axis in plate.figure.axes if axis.get_visible()]
    assert [axis.get_title() for axis in panels] == ["AffectNet", "b"]
    for axis, test in zip(panels, ("affectnet", "b")):
        [equal] = [line for line in axis.lines if line.get_linestyle() == "--"]
        assert equal.get_slope() == 1 and equal.get_xy1()[0] == equal.get_xy1()[1]
        points = [
            line.get_xydata()[0] for line in axis.lines if line.get_marker() in "osD^" and len(line.get_xdata()) == 1
        ]
        told = [(float(each["baseline"]), float(each["compact"])) for each in plate.records if each["test"] == test]
        assert np.allclose(sorted(map(tuple, points)), sorted(told), atol=1e-3) and len(told) == 6


def test_networks_of_one_way_of_training_look_alike(several):
    [handles] = [legend.legend_handles for legend in plate_of(several).figure.legends]
    labels = {handle.get_label(): handle.get_color() for handle in handles if hasattr(handle, "get_marker")}
    assert "plain (2 seeds)" in labels and "cov" in labels and "plain1" not in labels
    assert labels["cov"] != labels["plain (2 seeds)"]


def test_the_loss_reaches_from_the_line_of_equality_to_cake_3(several):
    plate = plate_of(several)
    spans = [line.get_xydata() for line in plate.figure.axes[0].lines if line.get_linewidth() == 3]
    told = [each for each in plate.records if each["test"] == "affectnet" and each["k"] == 3]
    assert len(spans) == len(told) == 3
    for (top, bottom), each in zip(spans, told):
        assert top[0] == top[1] == bottom[0] and bottom[1] == pytest.approx(float(each["compact"]), abs=1e-3)


def test_it_says_what_it_is_and_draws_nothing_without_a_baseline(several):
    plate = plate_of(several)
    assert "Networks that differ by their seed alone have one colour" in plate.caption and "few" in plate.caption
    assert "<svg" in as_svg(plate.figure)
    lame = [network(families=("cake",), **PAIR) for _ in NAMES]
    assert plate_of(lame).figure is None and "needs a baseline" in plate_of(lame).caption


def test_the_axes_end_where_scores_do_however_wide_an_interval_is():
    rough = [network(draw=draw, better=0.05, names=("a",), sizes=(14,), runs=2) for draw in (1, 2)]
    kept = kept_of(rough, NAMES[:2])
    assert any(score.both[0] < -0.2 or score.both[1] > 1.2 for each in kept for score in (each.baseline, each.compact))
    [axis] = plate_of(rough, NAMES[:2]).figure.axes
    assert min(*axis.get_xlim(), *axis.get_ylim()) > -10 and max(*axis.get_xlim(), *axis.get_ylim()) < 110


def test_toy_data_are_called_so():
    toys = [network(toy=True, names=("a",), sizes=(60,), runs=2) for _ in range(2)]
    assert plate_of(toys, NAMES[:2]).figure.get_suptitle().startswith("TOY DATA")
