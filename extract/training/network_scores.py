"""What a trained network says of crops, and the scores that a training ends with."""

import numpy as np
import torch

from data import metrics
from data.emotions import EMOTIONS
from extract.crops.stored import StoredCrops
from extract.network.backbone import Backbone
from extract.network.inference import BATCH, Predictor
from extract.training.backbone_training import TrainingSettings
from extract.training.training_rows import usable


def outputs_of(
    network: Backbone, crops: StoredCrops, rows: np.ndarray, *, device: torch.device, precision: str
) -> tuple[np.ndarray, np.ndarray]:
    """(features (n, F), outputs (n, .)) float32 of the plain crops at the positions `rows`, at least one."""

    def decode(piece, room):
        return np.stack([crops.pixels(int(row)) for row in piece])

    predictor = Predictor([network], device, precision)
    pieces = [rows[start : start + BATCH[device.type]] for start in range(0, len(rows), BATCH[device.type])]
    pairs = [views[0][0] for _, views in predictor.over(pieces, decode)]  # of the one view, the one network
    features, outputs = zip(*pairs)
    return np.concatenate(features), np.concatenate(outputs)


def scores_of(
    network: Backbone, crops: StoredCrops, settings: TrainingSettings, device: torch.device, chosen: np.ndarray
) -> dict:
    """Dict of n and the scores on crops at the positions `chosen`, for the reader alone: nothing is selected by them.

    Where no row has the labels of the task, n = 0 and no score."""
    rows = np.intersect1d(usable(crops, settings.task), chosen)
    if not len(rows):
        return {"n": 0}
    _, outputs = outputs_of(network, crops, rows, device=device, precision=settings.precision)
    scores = _emotion_scores if settings.task == "emotion" else _regression_scores
    return {"n": len(rows), **scores(crops, rows, outputs)}


def _emotion_scores(crops, rows, outputs):
    confusion = metrics.confusion_matrix(crops.emotion[rows], outputs.argmax(1), len(EMOTIONS))
    return {
        "accuracy": float(metrics.accuracy_score(confusion)),
        "mean recall": float(metrics.mean_recall_score(confusion)),
        "macro F1": float(metrics.macro_f1_score(confusion)),
    }


def _regression_scores(crops, rows, outputs):
    names = {"RMSE": metrics.rmse, "Pearson": metrics.pearson, "CCC": metrics.ccc, "SAGR": metrics.sagr}
    return {
        f"{dimension} {name}": score(crops.valence_arousal[rows, column], outputs[:, column])
        for column, dimension in enumerate(("valence", "arousal"))
        for name, score in names.items()
    }
