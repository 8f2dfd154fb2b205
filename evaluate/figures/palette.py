"""Every colour and size of the figures, in one place.

Seven emotion colours, each a step of lightness (CIE L* 30 to 87) away from the next, so that grey print keeps them
apart, with hues that stay apart for readers without one kind of cone: tests/evaluate/figures/test_palette.py computes
both. Other classes take from a second list, in which each colour is as far as can be from the seven and from those
before it."""

import itertools
from collections.abc import Sequence

from data.emotions import EMOTIONS

EMOTION = dict(zip(EMOTIONS, ("#8ebbdf", "#fed738", "#0f5db3", "#e18841", "#434271", "#209870", "#dc214a")))
FURTHER = (
    *("#c7daa2", "#c78fff", "#7decda", "#b46aa2", "#57450d", "#8f0d45", "#daa2a2"),
    *("#a2ec7d", "#450d7d", "#8f6a0d", "#8f7dc7", "#32c76a", "#1f6a32"),
)
INK, FAINT, PAPER = "#1b1f24", "#8a929b", "#ffffff"  # text and axes, secondary lines, ground
ON_LIGHT, ON_DARK = "#20242a", "#fdfdfd"  # letters on a coloured ground, the same in a dark page
SERIES = ("#0b6e8f", "#c8553d", "#3f08a8", "#6b1522")  # curves in the order of their families; a fifth begins again
MARKERS = "osD^"
TIME = ("viridis", 0.15, 0.9)  # a map of matplotlib and which part of it: both ends are seen on white and on black
RAMP = "Blues"  # of matrices: a share reads as darkness, in grey print too

COLUMN, PAGE = 3.4, 7.0  # inches: one column of a two-column page, and both
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "axes.titlesize": 8,
    "axes.labelsize": 7.5,
    "legend.fontsize": 7,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "axes.edgecolor": INK,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.3,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.facecolor": PAPER,
    "legend.edgecolor": "none",
    "legend.framealpha": 0.9,
    "figure.facecolor": PAPER,
    "savefig.dpi": 300,
    "text.parse_math": False,  # a data set's name may hold any sign
    "figure.constrained_layout.use": True,
    "pdf.fonttype": 42,
    "svg.hashsalt": "cake",
    "svg.fonttype": "none",
}


def colours_of(classes: Sequence[str]) -> dict[str, str]:
    """{class: colour}. Emotions have their own; other classes take the further ones in order, then what no emotion
    among these classes has, and begin again where all are taken."""
    left = [colour for emotion, colour in EMOTION.items() if emotion not in classes]
    others = itertools.cycle([*FURTHER, *left])
    return {name: EMOTION[name] if name in EMOTION else next(others) for name in classes}
