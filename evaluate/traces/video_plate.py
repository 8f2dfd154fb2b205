"""One video in one figure: for each person the emotions over time and, beside them, the path through the
representation."""

import numpy as np

from data.runtime.progress import counted
from evaluate.figures.palette import PAGE
from evaluate.figures.plate import Plate, entitle, new_figure
from evaluate.traces.over_time import draw_over_time, time_label
from evaluate.traces.path_plot import KEY, STEPS, draw_path, planes, time_colours
from evaluate.traces.persons import MOST, persons
from evaluate.traces.timeline import timeline
from evaluate.traces.trace_table import Trace

TALL, REST = 1.65, 0.85  # inches of a person's panels, and of title, axis and legend
WIDTHS = {0: (7.0,), 1: (4.7, 2.3), 2: (3.5, 1.75, 1.75)}  # of panels beside each other, by planes of the path
MARGIN = 0.75  # of the names left of the panel over time


def video_plate(video: Trace, name: str, title: str) -> Plate:
    """The Plate of the rows of one video; without a figure where no face is seen."""
    plate, everybody = Plate(name, title, ""), persons(video)
    if not everybody:
        plate.caption = f"No face was found in {_frames(video)}.{video.noted()}"
        return plate
    shown, left_out = sorted(everybody[:MOST], key=lambda person: person.number), everybody[MOST:]
    time = video.time[np.isfinite(video.time)]
    line, coarse, pairs = timeline(time), timeline(time, STEPS), planes(video.axes)
    plate.figure, axes = new_figure(
        PAGE,
        TALL * len(shown) + REST,
        nrows=len(shown),
        ncols=1 + len(pairs),
        squeeze=False,
        width_ratios=WIDTHS[len(pairs)],
    )
    every = np.concatenate([person.faces.coordinates for person in shown])
    for row, person in zip(axes, shown):
        draw_over_time(row[0], person, line, WIDTHS[len(pairs)][0] - MARGIN)
        row[0].set_title(f"{person.label}: seen in {person.frames:,} of {_frames(video)}", loc="left", fontsize=7)
        for axis, plane in zip(row[1:], pairs):
            draw_path(axis, person, coarse, plane, np.array([every.min(0), every.max(0)]))
    for axis in axes[:-1].flat:
        axis.set_xlabel("")
    axes[-1, 0].set_xlabel(time_label(line))
    _legend(plate.figure, len(pairs), left_out)
    entitle(plate.figure, video, title)
    plate.caption = _caption(video, line, coarse, left_out)
    return plate


def _frames(video):
    return counted(len(np.unique(video.time[np.isfinite(video.time)])), "frame")


def _legend(figure, pairs, left_out):
    """What the signs of the path mean, below a line on those who are left out."""
    from matplotlib.lines import Line2D

    key = {**KEY, "path, in the colours along the time axis": {"color": time_colours()(0.5)}}
    handles = [Line2D([], [], **style, label=name) for name, style in key.items()] if pairs else []
    said = f"{_left_out(left_out)}." if left_out else None
    if handles or said:
        style = {"title": said, "title_fontsize": 7, "alignment": "left", "ncols": len(key)}
        figure.legend(handles=handles, loc="outside lower left", **style)


def _left_out(persons):
    return f"{counted(len(persons), 'more person')}, seen in {counted(persons[0].frames, 'frame')} at most, left out"


def _caption(video, line, coarse, left_out):
    text = (
        "For each person, the emotion that is predicted and the probability of each, from 0 to 1 in its row; blank "
        "where the face is not seen."
    )
    if line.frames > 1:
        text += f" Each step is the mean over {line.frames:,} frames, of the prediction the most frequent."
    if planes(video.axes):
        text += (
            " Beside it, the path through the coordinates of the representation in the colours of the time axis, "
            f"{'' if coarse.frames == 1 else f'a point for {coarse.frames:,} frames, '}"
            "broken where the face is not seen; a name stands at the median of the faces for which it is predicted."
        )
    return text + (f" {_left_out(left_out)}." if left_out else "") + video.noted()
