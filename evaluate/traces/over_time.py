"""What the model says of one person over time: a row for each class, as high as its probability, below a strip that
names the predicted one. Where no face is seen, nothing is drawn."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from evaluate.figures.palette import FAINT, colours_of
from evaluate.figures.plate import haloed
from evaluate.traces.class_names import SIZE, half
from evaluate.traces.path_plot import time_colours
from evaluate.traces.persons import Person
from evaluate.traces.timeline import Timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HIGHEST = 0.88  # of a row's height, at probability 1
STRIP = (-1.0, 0.72)  # where the strip begins, and how high it is
TICKS, ROUND = 6, (10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)  # on the axis, about; seconds between them
RAMP = 0.45  # height of the ramp of colours along the axis


def draw_over_time(axes: "Axes", person: Person, line: Timeline, width: float) -> None:
    """Fill the axes, `width` inches wide; the rows go down from 0 to the number of classes."""
    faces, classes = person.faces, person.faces.classes
    colours = list(colours_of(classes).values())
    likely = line.means(faces.time, faces.probability)
    for place, colour in enumerate(colours):
        base = place + 1
        axes.axhline(base, color=FAINT, linewidth=0.3, alpha=0.6, zorder=0)
        style = {"fill": True, "facecolor": colour, "edgecolor": colour, "linewidth": 0.3}
        axes.stairs(base - HIGHEST * likely[:, place], line.edges, baseline=base, **style)
    _strip(axes, line, line.most_frequent(faces.time, faces.predicted), classes, colours, width)
    low = len(classes) + 0.15 + RAMP
    extent = (line.edges[0], line.edges[-1], low, low - RAMP)
    axes.imshow(np.linspace(0, 1, 256)[None], cmap=time_colours(), aspect="auto", extent=extent)
    axes.set(ylim=(low, STRIP[0] - 0.1), xlim=extent[:2])
    axes.xaxis.set_major_locator(_locator(line))
    axes.xaxis.set_major_formatter(lambda seconds, _: clock(seconds))
    axes.set_yticks([STRIP[0] + STRIP[1] / 2, *np.arange(len(classes)) + 0.6], ["predicted", *classes])
    axes.tick_params(axis="y", length=0, labelsize=6)
    axes.spines["left"].set_visible(False)


def _strip(axes, line, predicted, classes, colours, width):
    scale = width / (line.edges[-1] - line.edges[0])
    for start, end, code in runs_of(predicted):
        left, right = line.edges[start], line.edges[end]
        axes.broken_barh([(left, right - left)], STRIP, facecolors=colours[code], linewidth=0)
        if (right - left) * scale > 2 * half(classes[code]):
            haloed(axes, (left + right) / 2, STRIP[0] + STRIP[1] / 2, classes[code], fontsize=SIZE)


def runs_of(codes: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """(start, end, code) of every run of one code; negative ones are none."""
    bounds = np.flatnonzero(np.diff(codes)) + 1
    for start, end in zip([0, *bounds], [*bounds, len(codes)]):
        if end > start and codes[start] >= 0:
            yield int(start), int(end), int(codes[start])


def _locator(line):
    from matplotlib.ticker import MaxNLocator, MultipleLocator

    usual = (line.edges[-1] - line.edges[0]) / TICKS
    step = next((step for step in ROUND if step >= usual), None)
    return MultipleLocator(step) if step and usual > ROUND[0] else MaxNLocator(TICKS)


def time_label(line: Timeline) -> str:
    """What stands below an axis of such times."""
    unit = "h:min:s" if line.edges[-1] >= 3600 else "min:s" if line.edges[-1] >= 60 else "s"
    return f"time, {unit}" + (f" (means of {line.frames:,} frames)" if line.frames > 1 else "")


def clock(seconds: float) -> str:
    """A time of a video as it is read off: 7.5 below a minute, then 1:05 and 1:00:05."""
    whole = round(seconds)
    if abs(seconds) < 60:
        return f"{seconds:.4g}".replace("-", "−")
    minutes = f"{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{whole // 3600}:{minutes}" if whole >= 3600 else minutes.removeprefix("0")
