"""Names of classes at the places of their faces in a panel, so that they cover neither each other nor its edge."""

from typing import TYPE_CHECKING

import numpy as np

from evaluate.figures.palette import INK, PAPER
from evaluate.figures.plate import haloed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = 5.5  # points
LETTER, LINE = 0.6 * SIZE / 72, 1.25 * SIZE / 72  # inches of a letter and of a line, about


def name_classes(axes: "Axes", places: dict, inches: tuple) -> None:
    """Write names {name: (x, y)} into axes of known limits, so many inches wide and high, each above its place."""
    low, high = np.array([axes.get_xlim(), axes.get_ylim()]).T
    scale = np.array(inches) / (high - low)
    wanted = {name: (np.array(place) - low) * scale + (0, LINE * 0.8) for name, place in places.items()}
    for name, place in apart(wanted, inches).items():
        haloed(axes, *(place / scale + low), name, fontsize=SIZE, color=INK, rim=PAPER, zorder=3)


def apart(wanted: dict, inches: tuple) -> dict:
    """Middles of names {name: (x, y)}, all in inches from the lower left: within the panel, the lower ones first, and
    each moved up, or else down, until it covers none that is placed."""
    placed = {}
    for name, (x, y) in sorted(wanted.items(), key=lambda item: item[1][1]):
        x = np.clip(x, half(name), max(half(name), inches[0] - half(name)))
        heights = np.clip(y, LINE / 2, inches[1] - LINE / 2) + LINE / 4 * np.arange(4 * len(wanted) + 1)
        ladder = [*heights[heights <= inches[1] - LINE / 2], *(2 * heights[0] - heights)]
        placed[name] = next((np.array((x, each)) for each in ladder if _free(name, x, each, placed)), np.array((x, y)))
    return placed


def half(name: str) -> float:
    """Half the width of a name, in inches."""
    return LETTER * len(name) / 2


def _free(name, x, y, placed):
    return all(
        abs(x - x2) >= half(name) + half(other) or abs(y - y2) >= LINE * 0.999 for other, (x2, y2) in placed.items()
    )
