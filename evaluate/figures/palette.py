"""Every colour and size of the figures, in one place.

Seven emotion colours, each a step of lightness (CIE L* 30 to 87) away from the next, so that grey print keeps them
apart, with hues that stay apart for readers without one kind of cone: tests/evaluate/figures/test_palette.py computes
both."""

from data.emotions import EMOTIONS

EMOTION = dict(zip(EMOTIONS, ("#8ebbdf", "#fed738", "#0f5db3", "#e18841", "#434271", "#209870", "#dc214a")))
INK, FAINT, PAPER = "#1b1f24", "#8a929b", "#ffffff"  # text and axes, secondary lines, ground
ON_LIGHT, ON_DARK = "#20242a", "#fdfdfd"  # letters on a coloured ground, the same in a dark page
SERIES = ("#0b6e8f", "#c8553d", "#3f08a8", "#6b1522")  # curves in the order of their families; a fifth begins again
MARKERS = "osD^"
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
