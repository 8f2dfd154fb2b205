"""The rotating view of the page: where CAKE-3 puts every test sample, as data for page/view.js."""

from dataclasses import dataclass, field

from data.files.runs import HeadOutcome, Runs
from evaluate.figures.palette import colours_of
from evaluate.figures.plate import Plate
from evaluate.records import number
from evaluate.reference import display, in_order
from evaluate.representations import CAKE_3
from evaluate.samples import Samples
from evaluate.statistics.coordinates import axes_of, axis_label, shown_coordinates
from evaluate.statistics.swept import kept_heads, why_not_placed


@dataclass
class View(Plate):
    """A Plate that the page draws by itself: `figure` is the data of its script."""

    sets: list = field(default_factory=list)  # data sets in print
    colours: dict = field(default_factory=dict)  # class -> colour


def view(runs: Runs, samples: dict) -> View:
    """Every sample as a point of CAKE-3 in the first run whose weights were kept."""
    plate = View("view", f"{CAKE_3.label} in three dimensions", "")
    heads, names = kept_heads(runs, CAKE_3), in_order(samples)
    if not heads:
        plate.caption = f"The view needs {CAKE_3.label}: {why_not_placed(runs, CAKE_3)}."
        return plate
    if not names:
        plate.caption = "The view needs the feature caches that were swept."
        return plate
    run, outcome = next(iter(heads.items()))
    axes = axes_of(CAKE_3.family, CAKE_3.k, outcome)
    for name in names:
        plate.records += _records(runs, outcome, name, samples[name], axes)
    plate.sets, plate.colours = [display(name) for name in names], colours_of(runs.classes)
    plate.figure = _script_data(plate.records, names, axes, plate.colours)
    plate.caption = _caption(run, outcome)
    return plate


def _caption(run: int, outcome: HeadOutcome) -> str:
    turned = "axes are turned to follow what they are named after, so that runs can be compared"
    return (
        f"Every test sample where {CAKE_3.label} puts it (run {run}), coloured by its annotation; "
        f"{turned if outcome.canonical else 'no coordinate has a name of its own'}. Drag or use the arrow keys to "
        "turn, point at a dot for its image, untick emotions to look behind them. Predictions are those of the data "
        "set's own classifier."
    )


def _records(runs: Runs, outcome: HeadOutcome, name: str, samples: Samples, axes: tuple):
    z = shown_coordinates(CAKE_3.family, outcome, samples)
    predicted = outcome.predicted[runs.classifiers.index(name), runs.span(name)]
    for path, true, answer, point in zip(samples.path, samples.emotion, predicted, z):
        yield {
            "test": name,
            "path": str(path),
            "emotion": runs.classes[true],
            "predicted": runs.classes[answer],
            **dict(zip(axes, map(number, point))),
        }


def _script_data(records: list, names: list, axes: tuple, colours: dict) -> dict:
    """What page/view.js reads: one entry of each list a sample, three of z."""
    classes = list(colours)
    return {
        "emotions": classes,
        "colours": list(colours.values()),
        "sets": [display(name) for name in names],
        "axes": list(map(axis_label, axes)),
        "z": [round(float(record[axis]), 3) for record in records for axis in axes],
        "set": [names.index(record["test"]) for record in records],
        "emotion": [classes.index(record["emotion"]) for record in records],
        "predicted": [classes.index(record["predicted"]) for record in records],
        "path": [record["path"] for record in records],
    }
