"""Figure 5: emotion maps. A dense grid over a representation, coloured by what each classifier says there."""

from dataclasses import dataclass

import numpy as np

from data import metrics
from data.emotions import EMOTIONS
from evaluate.figures.palette import EMOTION, INK, PAGE
from evaluate.figures.plate import Plate, emotion_legend, entitle, haloed, new_figure
from evaluate.reference import display, in_order
from evaluate.statistics.coordinates import class_logits, coordinates, kept_heads, on_sphere, sphere_angles
from evaluate.statistics.scores import why_absent

ROWS = (
    ("cake-norm", 3, "CAKE-3-Norm", ("azimuth φ, °", "polar angle θ, °")),
    ("av", 0, "AV", ("valence", "arousal")),
    ("cake", 2, "CAKE-2", ("k₁", "k₂")),
)
LONG = 14  # letters of a name that stands on a line of its own
STEPS = 240  # grid points along an axis
SMALLEST = 0.004  # share of the map an area must have to carry its score


@dataclass
class EmotionMap:
    """One representation: its grid and what each of D classifiers says there."""

    extent: tuple  # left, right, bottom, top
    classes: np.ndarray  # (D, STEPS, STEPS), first row at the bottom


def emotion_map(family, outcome):
    """The EmotionMap of one kept head: over all sphere angles for cake-norm, else over the range of coordinates
    seen."""
    low, high = (
        (np.array([-180.0, 0]), np.array([180.0, 180])) if family == "cake-norm" else outcome.range.astype(np.float64)
    )
    axes = [np.linspace(low[side], high[side], STEPS) for side in range(2)]
    grid = np.stack([side.ravel() for side in np.meshgrid(*axes)], 1)
    z = on_sphere(grid) if family == "cake-norm" else grid
    classes = class_logits(outcome.weights, z).argmax(2).reshape(-1, STEPS, STEPS)
    return EmotionMap((low[0], high[0], low[1], high[1]), classes)


def label_place(area):
    """(row, column) deepest inside a class's area, a boolean grid; the edge of the map bounds it too."""
    from scipy.ndimage import distance_transform_edt

    depth = distance_transform_edt(np.pad(area, 1))[1:-1, 1:-1]
    return np.unravel_index(depth.argmax(), depth.shape)


def figure_5(runs, samples):
    """Three rows of representations by a column for each classifier."""
    plate = Plate("figure5", "Figure 5. Emotion maps", "")
    shown = [(row, *_first(runs, *row[:2])) for row in ROWS]
    absent = [f"{row[2]}: {why}" for row, _, outcome, why in shown if outcome is None]
    shown = [(row, run, outcome) for row, run, outcome, _ in shown if outcome is not None]
    if not shown:
        plate.caption = f"Figure 5 needs the weights of small heads: {'; '.join(absent)}."
        return plate
    names = in_order(runs.classifiers)
    plate.figure, axes = new_figure(
        PAGE * max(len(names), 2) / 3, 2.05 * len(shown) + 0.6, nrows=len(shown), ncols=len(names), squeeze=False
    )
    for line, (row, run, outcome) in zip(axes, shown):
        found = emotion_map(row[0], outcome)
        for axis, name in zip(line, names):
            plate.records += _panel(axis, runs, samples.get(name), (row, run, outcome), found, name)
        line[0].set_ylabel(f"{row[2]}\n{row[3][1]}")
    for axis, name in zip(axes[0], names):
        axis.set_title(display(name) + (" " if len(display(name)) <= LONG else "\n") + "classifier")
    entitle(plate.figure, runs, "What each classifier sees where")
    emotion_legend(plate.figure, range(len(EMOTIONS)), loc="outside lower center", ncols=7)
    plate.caption = _caption(runs, samples, shown, absent, names)
    return plate


def _first(runs, family, k):
    """(run, HeadOutcome, why there is none) of the first run whose weights and range were kept."""
    for run, outcome in kept_heads(runs, family, k).items():
        if family == "cake-norm" or outcome.range is not None:
            return run, outcome, ""
    scored = len(runs.confusions(family, k))
    return (
        None,
        None,
        "weights and ranges were not kept in this results file" if scored else why_absent(runs, family, k),
    )


def _panel(axis, runs, samples, head, found, name):
    """Draw one map; returns the records of its class scores."""
    from matplotlib.colors import ListedColormap

    (family, k, label, axis_names), run, outcome = head
    classes = found.classes[runs.classifiers.index(name)]
    axis.imshow(
        classes,
        origin="lower",
        extent=found.extent,
        aspect="auto",
        cmap=ListedColormap(list(EMOTION.values())),
        vmin=0,
        vmax=6,
        interpolation="nearest",
    )
    if samples is not None and (family != "av" or samples.predicted is not None):
        z = coordinates(outcome.weights, family, samples)
        points = sphere_angles(z) if family == "cake-norm" else z
        axis.scatter(*points.T, s=np.clip(1500 / len(z), 1.2, 5), c=INK, alpha=0.35, linewidths=0, rasterized=True)
    axis.set(xlabel=axis_names[0], xlim=found.extent[:2], ylim=found.extent[2:])
    if family == "cake-norm":
        axis.set(xticks=(-180, -90, 0, 90, 180), yticks=(0, 45, 90, 135, 180))
    scores = metrics.f1_scores(outcome.confusion[runs.classifiers.index(name), list(runs.tests).index(name)])
    records = []
    for index, emotion in enumerate(EMOTIONS):
        area = classes == index
        if area.mean() >= SMALLEST and np.isfinite(scores[index]):
            row, column = label_place(area)
            x, y = (
                np.linspace(*found.extent[2 * side : 2 * side + 2], STEPS)[place]
                for side, place in enumerate((column, row))
            )
            haloed(axis, x, y, f"{100 * scores[index]:.0f}", fontsize=6.5, fontweight="bold")
        records.append(
            {
                "representation": label,
                "classifier": name,
                "run": run,
                "emotion": emotion,
                "area": f"{100 * area.mean():.4f}",
                "f1": "" if np.isnan(scores[index]) else f"{100 * scores[index]:.4f}",
            }
        )
    return records


def _caption(runs, samples, shown, absent, names):
    runs_shown = sorted({run for _, run, _ in shown})
    text = (
        "Colour: the emotion a classifier gives to a point of the representation (run "
        f"{', '.join(map(str, runs_shown))}). Dots: test samples "
        "of its own data set. Numbers: F1 of the class in percent on that set. Grids cover all sphere angles, or "
        "the range of coordinates seen."
    )
    lost = [display(name) for name in names if name not in samples]
    text += f" No dots for {', '.join(lost)}: no feature cache that was swept is at hand." if lost else ""
    return text + (f" Left out: {'; '.join(absent)}." if absent else "")
