"""Photographs in one figure: how often each class is predicted and how surely, and the faces as points of the
representation. No photograph is shown."""

import numpy as np

from data.runtime.progress import counted
from evaluate.figures.palette import FAINT, PAGE, PAPER, colours_of
from evaluate.figures.plate import Plate, entitle, new_figure
from evaluate.traces.class_names import name_classes
from evaluate.traces.path_plot import INCHES, frame_plane, often_predicted, planes
from evaluate.traces.trace_table import Trace

SHAPES = "osD^vPX"  # of points, in the order of the classes, beside their colours
WIDTHS = {0: (7.0,), 1: (4.0, 3.0), 2: (2.6, 2.2, 2.2)}  # inches of panels beside each other, by planes
ROW, REST = 0.24, 0.9  # inches of a bar, and of title and axis


def photographs_plate(photographs: Trace, name: str, title: str) -> Plate:
    """The Plate of the rows of all photographs; without a figure where none has a face."""
    faces, plate = photographs.faces(), Plate(name, title, "")
    images = len(np.unique(photographs.path))
    if not len(faces.time):
        plate.caption = f"No face was found in {counted(images, 'image')}.{photographs.noted()}"
        return plate
    pairs = planes(faces.axes)
    plate.figure, [axes] = new_figure(
        PAGE,
        ROW * max(len(faces.classes), 7) + REST,
        ncols=1 + len(pairs),
        squeeze=False,
        width_ratios=WIDTHS[len(pairs)],
    )
    _bars(axes[0], faces)
    limits = np.array([faces.coordinates.min(0), faces.coordinates.max(0)])
    for axis, plane in zip(axes[1:], pairs):
        _points(axis, faces, plane)
        frame_plane(axis, faces.axes, plane, limits)
        name_classes(axis, often_predicted(faces, plane), (INCHES[0] * WIDTHS[len(pairs)][1] / 1.75, INCHES[1]))
    entitle(plate.figure, photographs, title)
    plate.caption = _caption(photographs, faces, images)
    return plate


def _bars(axes, faces):
    """A bar for each class; beside it the count, and the mean probability of the class among these faces."""
    from matplotlib.ticker import MaxNLocator

    counts = np.bincount(faces.predicted, minlength=len(faces.classes))
    axes.barh(range(len(counts)), counts, color=list(colours_of(faces.classes).values()), height=0.72)
    for place, count in enumerate(counts):
        mean = faces.probability[faces.predicted == place, place].mean() if count else None
        said = f"{count:,}" + (f"  (p {mean:.2f})" if count else "")
        axes.annotate(said, (count, place), (3, 0), textcoords="offset points", va="center", fontsize=6)
        axes.plot(
            -0.04, place, transform=axes.get_yaxis_transform(), clip_on=False, **_mark(faces, place), markersize=4
        )
    axes.set(yticks=range(len(counts)), yticklabels=faces.classes, ylim=(len(counts) - 0.4, -0.6))
    axes.set(xlim=(0, 1.5 * counts.max()), xlabel="faces (p: mean probability)")
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.tick_params(axis="y", length=0, pad=11)
    axes.grid(axis="x", color=FAINT, alpha=0.25, linewidth=0.4)


def _points(axes, faces, plane):
    size = np.clip(2500 / len(faces.time), 3, 14)
    for place in range(len(faces.classes)):
        own = faces.coordinates[faces.predicted == place][:, plane]
        style = {"linestyle": "", "markeredgewidth": 0.2, "alpha": 0.8, "rasterized": True}
        axes.plot(*own.T, **_mark(faces, place), markersize=np.sqrt(size), **style)


def _mark(faces, place):
    colour = colours_of(faces.classes)[faces.classes[place]]
    return {"marker": SHAPES[place % len(SHAPES)], "color": colour, "markeredgecolor": PAPER}


def _caption(photographs, faces, images):
    text = f"{counted(len(faces.time), 'face')} in {counted(images, 'image')}, by the emotion that is predicted"
    if planes(faces.axes):
        text += "; beside the counts, each face as a point of the representation, by colour and shape"
    return f"{text}.{photographs.noted()}"
