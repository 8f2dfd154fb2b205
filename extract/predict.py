"""A trained network over the plain crops of a split: features, outputs, and the scores a training ends with."""

import numpy as np
import torch

from data import metrics
from data.emotions import EMOTIONS
from extract.backbone import normalise
from extract.batches import batches
from extract.device import autocast
from extract.train import usable

BATCH = 64  # fixed, since the last bits of a feature may hang on the batch it is computed in


@torch.inference_mode()
def outputs_of(networks, crops, rows, *, device, precision, change=lambda images: images):
    """For each network in eval mode: (features (n, 512), outputs (n, .)) float32 of the crops `rows`, plain or changed."""
    results = [([], []) for _ in networks]
    for _, pixels in batches([crops], rows, BATCH):
        images = change(normalise(torch.from_numpy(pixels).to(device)))
        for network, lists in zip(networks, results):
            with autocast(device, precision):
                pair = network(images)
            for values, value in zip(lists, pair):
                values.append(value.float().cpu().numpy())
    return [tuple(map(np.concatenate, lists)) for lists in results]


def test_scores(network, crops, settings, device):
    """Dict of scores on one test split, for the reader alone: nothing is selected by them. Only n where it is 0."""
    rows = usable(crops, settings.task)
    if not len(rows):
        return {"n": 0}
    [(_, outputs)] = outputs_of([network], crops, rows, device=device, precision=settings.precision)
    scores = _emotion_scores if settings.task == "emotion" else _regression_scores
    return {"n": len(rows), **scores(crops, rows, outputs)}


def _emotion_scores(crops, rows, outputs):
    confusion = metrics.confusion_matrix(crops.emotion[rows], outputs.argmax(1), len(EMOTIONS))
    return {"accuracy": float(metrics.accuracy_score(confusion)),
            "mean recall": float(metrics.mean_recall_score(confusion)),
            "macro F1": float(metrics.macro_f1_score(confusion))}


def _regression_scores(crops, rows, outputs):
    names = {"RMSE": metrics.rmse, "Pearson": metrics.pearson, "CCC": metrics.ccc, "SAGR": metrics.sagr}
    return {f"{dimension} {name}": score(crops.valence_arousal[rows, column], outputs[:, column])
            for column, dimension in enumerate(("valence", "arousal")) for name, score in names.items()}
