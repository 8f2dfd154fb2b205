"""The rotating view of the page: where CAKE-3 puts every test sample, as data for page/view.js."""

import html
import json

import numpy as np

from data.emotions import EMOTIONS
from evaluate.figures.palette import EMOTION
from evaluate.figures.plate import Plate
from evaluate.reference import display, in_order
from evaluate.statistics.coordinates import coordinates, kept_heads
from evaluate.statistics.scores import why_absent


def view(runs, samples):
    """Plate without a matplotlib figure: its `figure` is the HTML of the canvas and its data."""
    plate = Plate("view", "CAKE-3 in three dimensions", "")
    heads, names = kept_heads(runs, "cake", 3), in_order(samples)
    if not heads or not names:
        plate.caption = f"The view needs {'the feature caches that were swept' if heads else 'CAKE-3: ' + _why(runs)}."
        return plate
    run, outcome = next(iter(heads.items()))
    for name in names:
        z = coordinates(outcome.weights, "cake", samples[name])
        predicted = outcome.predicted[runs.classifiers.index(name), runs.span(name)]
        plate.records += [
            {
                "test": name,
                "path": str(path),
                "emotion": EMOTIONS[true],
                "predicted": EMOTIONS[answer],
                **{f"k{axis}": f"{value:.4f}" for axis, value in enumerate(point, 1)},
            }
            for path, true, answer, point in zip(samples[name].path, samples[name].emotion, predicted, z)
        ]
    plate.figure = _stage(plate.records, names)
    plate.caption = (
        f"Every test sample where CAKE-3 puts it (run {run}), coloured by its annotation; no coordinate has a "
        "name of its own. Drag or use "
        "the arrow keys to turn, point at a dot for its image, tick emotions off to look behind them. Predictions "
        "are those of the data set's own classifier."
    )
    return plate


def _why(runs):
    return (
        "weights were not kept in this results file" if len(runs.confusions("cake", 3)) else why_absent(runs, "cake", 3)
    )


def _stage(records, names):
    """HTML of the canvas, its controls and its data; axes turn with the space."""
    data = {
        "emotions": EMOTIONS,
        "colours": list(EMOTION.values()),
        "sets": [display(name) for name in names],
        "z": [
            float(np.format_float_positional(float(record[f"k{axis}"]), 3)) for record in records for axis in (1, 2, 3)
        ],
        "set": [names.index(record["test"]) for record in records],
        "emotion": [EMOTIONS.index(record["emotion"]) for record in records],
        "predicted": [EMOTIONS.index(record["predicted"]) for record in records],
        "path": [record["path"] for record in records],
    }
    boxes = "".join(
        f'<label><input type="checkbox" value="{index}" checked>'
        f'<span class="dot" style="background:{EMOTION[emotion]}"></span>{emotion}</label>'
        for index, emotion in enumerate(EMOTIONS)
    )
    sets = "".join(f'<option value="{index}">{html.escape(display(name))}</option>' for index, name in enumerate(names))
    choice = (
        f'<select aria-label="Data set"><option value="">all data sets</option>{sets}</select>'
        if len(names) > 1
        else ""
    )
    text = json.dumps(data, separators=(",", ":")).replace(
        "<", "\\u003c"
    )  # no sample's path may end the script element
    name = "Samples of CAKE-3 in three dimensions, by emotion"
    return (
        f'<div class="stage"><canvas tabindex="0" role="img" aria-label="{name}"></canvas><output></output></div>'
        f'<div class="controls"><button id="turn" type="button">Pause</button>{choice}{boxes}</div>'
        f'<script type="application/json" id="samples">{text}</script>'
    )
