"""Seven colours apart for every reader: in grey print, and without one kind of cone (Machado, Oliveira and Fernandes
2009)."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from data.emotions import EMOTIONS
from evaluate.figures.palette import EMOTION, FURTHER, SERIES, colours_of

TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = TO_XYZ.sum(1)
SIGHT = {  # full severity, on linear light
    "usual": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def lab(colours, sight="usual"):
    """(n, 3) CIE L*a*b* of sRGB colours as such a reader sees them."""
    rgb = np.array([to_rgb(colour) for colour in colours])
    light = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    t = np.clip(light @ np.transpose(SIGHT[sight]), 0, 1) @ TO_XYZ.T / WHITE
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], 1)


def closest(colours, sight):
    return min(np.linalg.norm(first - second) for first, second in itertools.combinations(lab(colours, sight), 2))


@pytest.mark.parametrize("sight", SIGHT)
def test_emotions_stay_apart(sight):
    """2 is a difference one can just see side by side; 20 is one that holds for small dots apart."""
    assert closest(EMOTION.values(), sight) > 20


@pytest.mark.parametrize("sight", SIGHT)
def test_twenty_classes_stay_apart(sight):
    """Less far than the seven alone: dots that lie side by side are told apart by any reader."""
    assert len(FURTHER) == 13 and closest([*EMOTION.values(), *FURTHER], sight) > (20 if sight == "usual" else 13)


def test_classes_of_a_name_among_the_seven_keep_its_colour_and_others_have_one_of_their_own():
    assert colours_of(EMOTIONS) == EMOTION
    assert colours_of((*EMOTIONS, "contempt")) == {**EMOTION, "contempt": FURTHER[0]}
    mixed = colours_of(("negative", "neutral", "positive"))
    assert list(mixed.values()) == [FURTHER[0], EMOTION["neutral"], FURTHER[1]]
    twenty = colours_of([f"class {place}" for place in range(20)])
    assert len(set(twenty.values())) == 20
    more = list(colours_of([f"class {place}" for place in range(127)]).values())
    assert more[20:40] == more[:20] == list(twenty.values())


def test_the_measure_would_see_a_pair_that_fades():
    """Red and green of one lightness: far apart for most readers, close for those without the green cone."""
    pair = ("#d04a30", "#6f8a1e")
    assert closest(pair, "usual") > 60 > 25 > closest(pair, "deuteranopia")


def test_grey_print_keeps_the_emotions_apart():
    lightness = np.sort(lab(EMOTION.values())[:, 0])
    assert np.diff(lightness).min() > 7 and lightness[0] > 25 and lightness[-1] < 90
    assert tuple(EMOTION) == EMOTIONS


def test_the_measure_knows_white_black_and_red():
    assert lab(["#ffffff", "#000000"]) == pytest.approx(np.array([[100, 0, 0], [0, 0, 0]]), abs=0.01)
    assert lab(["#ff0000"])[0] == pytest.approx([53.24, 80.09, 67.20], abs=0.05)


def test_the_curves_of_figure_4_stay_apart():
    assert all(closest(SERIES, sight) > 20 for sight in SIGHT)
