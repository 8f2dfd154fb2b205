"""Figure 1: test samples in the plane of annotated arousal and valence."""

import numpy as np

from data.files.runs import Runs
from evaluate.figures.palette import COLUMN, FAINT, colours_of
from evaluate.figures.plate import LINE, Plate, class_legend, entitle, haloed, legend_columns, new_figure
from evaluate.records import number
from evaluate.reference import display, in_order
from evaluate.samples import Samples

TICKS = (-1, -0.5, 0, 0.5, 1)
BREADTH, EDGE = 0.041, 1.2  # on the axis of valence: of a letter, and where a name ends at most


def figure_1(runs: Runs, samples: dict) -> Plate:
    """Test samples in the plane of annotated arousal and valence, by emotion, within the circumplex."""
    plate = Plate("figure1", "Figure 1. Emotions in the plane of annotated arousal-valence", "")
    annotated = [name for name in in_order(samples) if samples[name].has_annotations().any()]
    if not annotated:
        plate.caption = "No feature cache at hand has test rows with annotated arousal-valence."
        return plate
    name = annotated[0]
    emotion, values = _annotated(samples[name])
    colours = colours_of(runs.classes)
    centres = {runs.classes[index]: np.median(values[emotion == index], 0) for index in np.unique(emotion)}
    columns = legend_columns(list(centres), COLUMN, 4)
    further = max(0, (len(centres) - 1) // columns - 1)  # lines of the legend beyond two
    plate.figure, axes = new_figure(COLUMN, COLUMN + 0.45 + LINE * further)
    _circle(axes)
    _dots(axes, emotion, values, list(colours.values()))
    for each, place in apart(centres).items():
        haloed(axes, *place, each, fontsize=6.5, fontweight="bold")
    for each, (valence, arousal) in centres.items():
        medians = {"median_valence": number(valence), "median_arousal": number(arousal)}
        plate.records.append({"emotion": each, "n": int((emotion == runs.classes.index(each)).sum()), **medians})
    entitle(plate.figure, runs, f"{display(name)}, as annotated")
    class_legend(plate.figure, {each: colours[each] for each in centres}, columns)
    plate.caption = (
        f"Each dot is one of {len(emotion):,} test samples of {display(name)}, where its annotators placed it; "
        "names stand at the median of their emotion. The circle is that of the circumplex model."
    )
    return plate


def _annotated(samples: Samples) -> tuple[np.ndarray, np.ndarray]:
    """Emotion (n,), valence and arousal (n, 2) of the rows with both values."""
    there = samples.has_annotations()
    return samples.emotion[there], samples.annotated[there]


def _dots(axes, emotion, values, colours):
    order = np.random.default_rng(0).permutation(len(emotion))  # no emotion lies on top of all others
    axes.scatter(
        *values[order].T,
        s=np.clip(3500 / len(emotion), 5, 14),
        c=np.array(colours)[emotion[order]],
        linewidths=0,
        alpha=0.75,
        rasterized=True,
        label="samples",
    )


def _circle(axes):
    """The unit circle with its two diameters, and what their ends mean."""
    from matplotlib.patches import Circle

    axes.add_patch(Circle((0, 0), 1, fill=False, color=FAINT, linewidth=0.8))
    axes.axhline(0, color=FAINT, linewidth=0.5, zorder=0)
    axes.axvline(0, color=FAINT, linewidth=0.5, zorder=0)
    axes.set(xlim=(-1.08, 1.08), ylim=(-1.08, 1.08), aspect="equal", xticks=TICKS, yticks=TICKS)
    axes.set(xlabel="unpleasant  ←  valence  →  pleasant", ylabel="calm  ←  arousal  →  excited")


def apart(centres: dict, height: float = 0.1) -> dict:
    """The centres {name: (x, y)} with these names in mind: a long one moves away from the edge, one that would cover
    another moves up, the lower ones first."""
    placed = {}
    for name, (x, y) in sorted(centres.items(), key=lambda item: item[1][1]):
        x = float(np.clip(x, _half(name) - EDGE, EDGE - _half(name)))
        while any(
            abs(x - x2) < _half(name) + _half(other) and abs(y - y2) < height for other, (x2, y2) in placed.items()
        ):
            y += height / 4
        placed[name] = (x, y)
    return placed


def _half(name):
    """Half the width of a name, at least of a usual one, on the axis of valence."""
    return max(0.2, BREADTH * len(name) / 2)
