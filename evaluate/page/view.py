"""The rotating view of the page: where CAKE-3 puts every test sample, as data for page/view.js."""

from dataclasses import dataclass, field

from data.emotions import EMOTIONS
from data.files.runs import HeadOutcome, Runs
from evaluate.figures.palette import EMOTION
from evaluate.figures.plate import Plate
from evaluate.records import number
from evaluate.reference import display, in_order
from evaluate.representations import CAKE_3
from evaluate.samples import Samples
from evaluate.statistics.coordinates import coordinates
from evaluate.statistics.swept import kept_heads, why_not_placed


@dataclass
class View(Plate):
    """A Plate that the page draws by itself: `figure` is the data of its script."""

    sets: list = field(default_factory=list)  # data sets in print


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
    for name in names:
        plate.records += _records(runs, outcome, name, samples[name])
    plate.sets = [display(name) for name in names]
    plate.figure = _script_data(plate.records, names)
    plate.caption = (
        f"Every test sample where {CAKE_3.label} puts it (run {run}), coloured by its annotation; no coordinate has "
        "a name of its own. Drag or use the arrow keys to turn, point at a dot for its image, untick emotions to "
        "look behind them. Predictions are those of the data set's own classifier."
    )
    return plate


def _records(runs: Runs, outcome: HeadOutcome, name: str, samples: Samples):
    z = coordinates(CAKE_3.family, outcome.weights, samples)
    predicted = outcome.predicted[runs.classifiers.index(name), runs.span(name)]
    for path, true, answer, point in zip(samples.path, samples.emotion, predicted, z):
        yield {
            "test": name,
            "path": str(path),
            "emotion": EMOTIONS[true],
            "predicted": EMOTIONS[answer],
            **{f"k{axis}": number(value) for axis, value in enumerate(point, 1)},
        }


def _script_data(records: list, names: list) -> dict:
    """What page/view.js reads: one entry of each list a sample, three of z."""
    return {
        "emotions": EMOTIONS,
        "colours": list(EMOTION.values()),
        "sets": [display(name) for name in names],
        "z": [round(float(record[f"k{axis}"]), 3) for record in records for axis in (1, 2, 3)],
        "set": [names.index(record["test"]) for record in records],
        "emotion": [EMOTIONS.index(record["emotion"]) for record in records],
        "predicted": [EMOTIONS.index(record["predicted"]) for record in records],
        "path": [record["path"] for record in records],
    }
