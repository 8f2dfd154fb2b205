"""Figure 1: test samples in the plane of annotated arousal and valence."""

import numpy as np

from data.emotions import EMOTIONS
from data.files.runs import Runs
from evaluate.figures.palette import COLUMN, EMOTION, FAINT
from evaluate.figures.plate import Plate, emotion_legend, entitle, haloed, new_figure
from evaluate.records import number
from evaluate.reference import display, in_order
from evaluate.samples import Samples

TICKS = (-1, -0.5, 0, 0.5, 1)


def figure_1(runs: Runs, samples: dict) -> Plate:
    """Test samples in the plane of annotated arousal and valence, by emotion, within the circumplex."""
    plate = Plate("figure1", "Figure 1. Emotions in the plane of annotated arousal-valence", "")
    annotated = [name for name in in_order(samples) if samples[name].has_annotations().any()]
    if not annotated:
        plate.caption = "No feature cache at hand has test rows with annotated arousal-valence."
        return plate
    name = annotated[0]
    emotion, values = _annotated(samples[name])
    plate.figure, axes = new_figure(COLUMN, COLUMN + 0.45)
    _circle(axes)
    _dots(axes, emotion, values)
    centres = {index: np.median(values[emotion == index], 0) for index in np.unique(emotion)}
    for index, place in apart(centres).items():
        haloed(axes, *place, EMOTIONS[index], fontsize=6.5, fontweight="bold")
    for index, (valence, arousal) in centres.items():
        medians = {"median_valence": number(valence), "median_arousal": number(arousal)}
        plate.records.append({"emotion": EMOTIONS[index], "n": int((emotion == index).sum()), **medians})
    entitle(plate.figure, runs, f"{display(name)}, as annotated")
    emotion_legend(plate.figure, centres, loc="outside lower center", ncols=4)
    plate.caption = (
        f"Each dot is one of {len(emotion):,} test samples of {display(name)}, where its annotators placed it; "
        "names stand at the median of their emotion. The circle is that of the circumplex model."
    )
    return plate


def _annotated(samples: Samples) -> tuple[np.ndarray, np.ndarray]:
    """Emotion (n,), valence and arousal (n, 2) of the rows with both values."""
    there = samples.has_annotations()
    return samples.emotion[there], samples.annotated[there]


def _dots(axes, emotion, values):
    order = np.random.default_rng(0).permutation(len(emotion))  # no emotion lies on top of all others
    axes.scatter(
        *values[order].T,
        s=np.clip(3500 / len(emotion), 5, 14),
        c=np.array(list(EMOTION.values()))[emotion[order]],
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


def apart(centres: dict, width: float = 0.4, height: float = 0.1) -> dict:
    """The centres {index: (x, y)} with names in mind: one that would cover another's name moves up, the lower ones
    first."""
    placed = {}
    for index, (x, y) in sorted(centres.items(), key=lambda item: item[1][1]):
        while any(abs(x - other[0]) < width and abs(y - other[1]) < height for other in placed.values()):
            y += height / 4
        placed[index] = (x, y)
    return placed
