"""Figure 5: emotion maps. A dense grid over a representation, coloured by what each classifier says there."""

from dataclasses import dataclass

import numpy as np

from data import metrics
from data.files.runs import HeadOutcome, Runs
from evaluate.figures.palette import INK, ON_DARK, PAGE, colours_of
from evaluate.figures.plate import LINE, Plate, class_legend, entitle, haloed, legend_columns, new_figure
from evaluate.records import number
from evaluate.reference import display, in_order
from evaluate.representations import MAPPED, Representation
from evaluate.samples import Samples
from evaluate.statistics.coordinates import (
    axes_of,
    axis_label,
    can_place,
    from_angles,
    shown_coordinates,
    sphere_angles,
)
from evaluate.statistics.swept import added, kept_heads, why_not_placed

ANGLES = ("azimuth φ, °", "polar angle θ, °")
WHOLE_SPHERE = ((-180.0, 0.0), (180.0, 180.0))  # lowest and highest angles, in degrees
LONG = 14  # letters of a name that stands on a line of its own
STEPS = 240  # grid points along an axis
SMALLEST = 0.004  # share of the map an area must have to carry its score


@dataclass
class EmotionMap:
    """A representation of one run: its two axes, and what each of D classifiers says on a grid over them."""

    representation: Representation
    run: int
    outcome: HeadOutcome
    low: np.ndarray  # (2,) at the left and the bottom
    high: np.ndarray  # (2,) at the right and the top
    classes: np.ndarray  # (D, STEPS, STEPS), first row at the bottom

    @property
    def extent(self) -> tuple:
        """Left, right, bottom, top."""
        return self.low[0], self.high[0], self.low[1], self.high[1]

    def axis_names(self) -> tuple:
        """What stands along the horizontal and the vertical axis."""
        family, k = self.representation.family, self.representation.k
        names = tuple(map(axis_label, axes_of(family, k, self.outcome)))
        if not family.on_sphere:
            return names
        if not self.outcome.canonical:
            return ANGLES
        first, second, third = (name.removeprefix("along ") for name in names)
        return f"{ANGLES[0]} (0: {first}, 90: {second})", f"{ANGLES[1]} (0: {third})"

    def points(self, samples: Samples) -> np.ndarray:
        """(n, 2) where Samples lie on the map."""
        family = self.representation.family
        z = shown_coordinates(family, self.outcome, samples)
        return sphere_angles(z) if family.on_sphere else z


def can_be_mapped(representation: Representation) -> bool:
    """Whether two numbers tell a place in it: two coordinates, or three on the unit sphere."""
    family = representation.family
    return len(family.coordinates(representation.k)) == (3 if family.on_sphere else 2)


def emotion_map(representation: Representation, run: int, outcome: HeadOutcome) -> EmotionMap:
    """The EmotionMap of one kept head: over all angles of a sphere, else over the range of coordinates seen."""
    sphere = representation.family.on_sphere
    low, high = np.array(WHOLE_SPHERE if sphere else _range(outcome), np.float64)
    axes = [np.linspace(low[side], high[side], STEPS) for side in range(2)]
    grid = np.stack([side.ravel() for side in np.meshgrid(*axes)], 1)
    z = from_angles(grid) if sphere else grid
    z = outcome.canonical.undone(z) if outcome.canonical else z
    classes = representation.family.logits(outcome.weights, z).argmax(2).reshape(-1, STEPS, STEPS)
    return EmotionMap(representation, run, outcome, low, high, classes)


def _range(outcome):
    """(2, 2) lowest and highest coordinates of the axes that are shown; None where none was kept."""
    return outcome.canonical.range if outcome.canonical else outcome.range


def first_map(runs: Runs, representation: Representation) -> EmotionMap | None:
    """The EmotionMap of the first run whose weights, and range where it needs one, were kept."""
    for run, outcome in kept_heads(runs, representation).items():
        if representation.family.on_sphere or _range(outcome) is not None:
            return emotion_map(representation, run, outcome)
    return None


def label_place(area: np.ndarray) -> tuple:
    """(row, column) deepest inside a class's area, a boolean grid; the edge of the map bounds it too."""
    from scipy.ndimage import distance_transform_edt

    depth = distance_transform_edt(np.pad(area, 1))[1:-1, 1:-1]
    return np.unravel_index(depth.argmax(), depth.shape)


def figure_5(runs: Runs, samples: dict) -> Plate:
    """A row for each representation that can be mapped, a column for each classifier."""
    plate = Plate("figure5", "Figure 5. Emotion maps", "")
    wanted = [*MAPPED, *(each for each in added(runs) if can_be_mapped(each))]
    found = {each: first_map(runs, each) for each in wanted}
    maps = [each for each in found.values() if each is not None]
    absent = [
        f"{each.label}: {why_not_placed(runs, each, 'weights and ranges')}" for each in wanted if found[each] is None
    ]
    if not maps:
        plate.caption = f"Figure 5 needs the weights of small heads: {'; '.join(absent)}."
        return plate
    names = in_order(runs.classifiers)
    width = PAGE * max(len(names), 2) / 3
    columns = legend_columns(runs.classes, width, 7)
    height = 2.05 * len(maps) + 0.6 + LINE * ((len(runs.classes) - 1) // columns)
    plate.figure, axes = new_figure(width, height, nrows=len(maps), ncols=len(names), squeeze=False)
    for line, each in zip(axes, maps):
        for axis, name in zip(line, names):
            _draw(axis, runs, each, samples.get(name), name)
            plate.records += _records(runs, each, name)
        line[0].set_ylabel(f"{each.representation.label}\n{each.axis_names()[1]}")
    for axis, name in zip(axes[0], names):
        axis.set_title(display(name) + (" " if len(display(name)) <= LONG else "\n") + "classifier")
    entitle(plate.figure, runs, "What each classifier sees where")
    class_legend(plate.figure, colours_of(runs.classes), columns)
    plate.caption = _caption(samples, maps, absent, names)
    return plate


def _draw(axis, runs, found, samples, name):
    """One map: areas of one classifier's answers, its own test samples, the F1 of the classes."""
    from matplotlib.colors import ListedColormap

    family = found.representation.family
    classes = found.classes[runs.classifiers.index(name)]
    colours = ListedColormap(list(colours_of(runs.classes).values()))
    ground = {"origin": "lower", "extent": found.extent, "aspect": "auto", "interpolation": "nearest"}
    axis.imshow(classes, cmap=colours, vmin=0, vmax=len(runs.classes) - 1, **ground)
    if samples is not None and can_place(family, samples):
        points = found.points(samples)
        size = np.clip(1500 / len(points), 1.2, 5)
        # a light rim first, since dark dots vanish on the dark areas
        axis.scatter(*points.T, s=3 * size, c=ON_DARK, alpha=0.25, linewidths=0, rasterized=True)
        axis.scatter(*points.T, s=size, c=INK, alpha=0.6, linewidths=0, rasterized=True)
    axis.set(xlabel=found.axis_names()[0], xlim=found.extent[:2], ylim=found.extent[2:])
    if family.on_sphere:
        axis.set(xticks=(-180, -90, 0, 90, 180), yticks=(0, 45, 90, 135, 180))
    for index, score in enumerate(_class_scores(runs, found, name)):
        area = classes == index
        if area.mean() >= SMALLEST and np.isfinite(score):
            row, column = label_place(area)
            x, y = found.low + (found.high - found.low) * np.array([column, row]) / (STEPS - 1)
            haloed(axis, x, y, f"{100 * score:.0f}", fontsize=6.5, fontweight="bold")


def _class_scores(runs: Runs, found: EmotionMap, name: str) -> np.ndarray:
    """(C,) F1 of each class by one data set's own classifier."""
    return metrics.f1_scores(found.outcome.confusion[runs.classifiers.index(name), list(runs.tests).index(name)])


def _records(runs, found, name):
    classes = found.classes[runs.classifiers.index(name)]
    for index, (emotion, score) in enumerate(zip(runs.classes, _class_scores(runs, found, name))):
        yield {
            "representation": found.representation.label,
            "classifier": name,
            "run": found.run,
            "emotion": emotion,
            "area": number(100 * (classes == index).mean()),
            "f1": number(100 * score),
        }


def _caption(samples, maps, absent, names):
    runs_shown = ", ".join(map(str, sorted({each.run for each in maps})))
    text = (
        f"Colour: the emotion a classifier gives to a point of the representation (run {runs_shown}). Dots: test "
        "samples of its own data set. Numbers: F1 of the class in percent on that set. Grids cover all sphere "
        "angles, or the range of coordinates seen."
    )
    if any(each.outcome.canonical for each in maps):
        text += (
            " Learned coordinates are canonical: white over the training rows, their axes turned to follow what they "
            "are named after, so that runs can be compared."
        )
    lost = ", ".join(display(name) for name in names if name not in samples)
    if lost:
        text += f" No dots for {lost}: no feature cache that was swept is at hand."
    if absent:
        text += f" Left out: {'; '.join(absent)}."
    return text
