"""The path of one person through the first coordinates of the representation, coloured by time."""

from typing import TYPE_CHECKING

import numpy as np

from evaluate.figures.palette import FAINT, INK, PAPER, TIME
from evaluate.statistics.coordinates import axis_label
from evaluate.traces.class_names import name_classes
from evaluate.traces.persons import Person
from evaluate.traces.timeline import Timeline
from evaluate.traces.trace_table import Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

STEPS = 80  # a path of more cannot be followed by eye
PLANES = {2: ((0, 1),), 3: ((0, 1), (0, 2))}  # which coordinates are set against each other
WIDE, THIN = 0.9, 0.6  # points, of a path through every frame, and of one through means
DOTS = 3000  # faces drawn by themselves, about
START = {"linestyle": "", "marker": "o", "color": PAPER, "markeredgecolor": INK, "markersize": 5.5}
END = {"linestyle": "", "marker": "s", "color": INK, "markeredgecolor": PAPER, "markersize": 3.5}
KEY = {"first seen": START, "last seen": END}
NAMED, FEW = 0.03, 5  # share of the faces that a class must have to be named, and how many at least
LEAST = 1.0  # extent of a panel, so that noise is not enlarged: canonical coordinates deviate by 1
INCHES = (1.15, 1.25)  # of a panel, about


def planes(axes: tuple) -> tuple:
    """Pairs of coordinates that are drawn, of a representation with these axes."""
    return PLANES.get(min(len(axes), 3), ())


def time_colours() -> "Colormap":
    """From the beginning to the end: lightness grows all the way."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    name, first, last = TIME
    return ListedColormap(colormaps[name](np.linspace(first, last, 256)))


def draw_path(axes: "Axes", person: Person, line: Timeline, plane: tuple, limits: np.ndarray) -> None:
    """Fill the axes. line: in STEPS steps; limits: (2, r) ends of the coordinates of all that are compared."""
    from matplotlib.collections import LineCollection

    faces = person.faces
    x, y = faces.coordinates[:, plane].T
    scale = {"cmap": time_colours(), "norm": _scale(line)}
    every = slice(None, None, len(x) // DOTS + 1)
    axes.scatter(x[every], y[every], c=faces.time[every], s=2.5, alpha=0.25, linewidths=0, rasterized=True, **scale)
    points = line.means(faces.time, faces.coordinates[:, plane])
    pieces = np.stack([points[:-1], points[1:]], 1)
    known = np.isfinite(pieces).all((1, 2))  # both steps: no line leads over a time without the face
    path = LineCollection(
        pieces[known], linewidths=WIDE if line.frames == 1 else THIN, alpha=0.9, capstyle="round", label="path", **scale
    )
    path.set_array(line.edges[1:-1][known])
    axes.add_collection(path)
    seen = points[np.isfinite(points).all(1)]
    axes.plot(*seen[0], zorder=4, **START)
    axes.plot(*seen[-1], zorder=4, **END)
    frame_plane(axes, faces.axes, plane, limits)
    name_classes(axes, often_predicted(faces, plane), INCHES)


def _scale(line):
    from matplotlib.colors import Normalize

    return Normalize(line.edges[0], line.edges[-1])


def frame_plane(axes: "Axes", names: tuple, plane: tuple, limits: np.ndarray) -> None:
    """Limits, grid and names of the axes of two coordinates."""
    low, high = limits[:, plane]
    half = 0.58 * np.maximum(high - low, LEAST)  # with a margin
    (left, bottom), (right, top) = (low + high) / 2 - half, (low + high) / 2 + half
    axes.set(xlim=(left, right), ylim=(bottom, top))
    axes.set(xlabel=axis_label(names[plane[0]]), ylabel=axis_label(names[plane[1]]))
    axes.grid(color=FAINT, alpha=0.25, linewidth=0.4)
    axes.tick_params(labelsize=6)


def often_predicted(faces: Trace, plane: tuple) -> dict:
    """{class: (x, y)} the median of the faces that are predicted so, of classes that are predicted often."""
    least = max(FEW, NAMED * len(faces.time))
    own = {name: faces.coordinates[faces.predicted == place][:, plane] for place, name in enumerate(faces.classes)}
    return {name: np.median(points, 0) for name, points in own.items() if len(points) >= least}
