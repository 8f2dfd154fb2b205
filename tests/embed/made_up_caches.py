"""Made-up feature caches on disk, as stage one would have written them; no image behind them."""

import h5py
import numpy as np

from data.coverage import STATUSES, status_counts
from data.emotions import EMOTIONS
from data.files.cache import seal
from data.files.hdf5 import write_array
from tests.embed.made_up import planted

HEADER = {
    "emotion_sha256": "e" * 64,
    "valence_arousal_sha256": "v" * 64,
    "image_size": 64,
    "alignment_version": 1,
    "precision": "float32",
    "views": 0,
    "aligned_digest": "d" * 64,
}


def write_cache(
    path,
    *,
    train=200,
    test=60,
    seed=0,
    features=512,
    toy=False,
    predicts=True,
    annotated=False,
    header=None,
    kind="features",
    splits=("train", "test"),
    change=lambda split, arrays: arrays,
    pretraining=("affectnet",),
    classes=EMOTIONS,
):
    """Write a feature cache; `change` may spoil the arrays of a split before they are written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for split in splits:
            rows = train if split == "train" else test
            arrays = _arrays(rows, seed + (split == "test"), features, predicts, annotated, len(classes))
            for name, array in change(split, arrays).items():
                write_array(file, f"{split}/{name}", array)
        provenance = {"emotion": {"domains": {name: {} for name in pretraining}}}
        provenance |= {"architecture": "resnet18", "parameters": 11_176_512}
        header = {**HEADER, "feature_size": features, **(header or {})}
        seal(file, kind, header=header, toy=toy, provenance=provenance, classes=classes)
    return path


def _arrays(rows, seed, features, predicts, annotated, classes):
    feature, predicted, emotion = planted(rows, seed=seed, features=features, classes=classes)
    values = np.random.default_rng(seed).normal(predicted, 0.1).astype(np.float32)
    values[::7] = np.nan  # annotated or not, some rows have none
    lost = 5  # listed images without a face
    status = np.repeat([STATUSES.index("ok"), STATUSES.index("no_face")], [rows, lost])
    arrays = {
        "feature": feature.astype(np.float16)[:, None],
        "emotion": emotion.astype(np.int8),
        "row": np.arange(rows),
        "path": np.array([f"{row}.jpg" for row in range(rows)], object),
        "face": np.zeros(rows, np.int16),
        "valence_arousal": values if annotated else np.full((rows, 2), np.nan, np.float32),
        "status_counts": status_counts(np.concatenate([emotion, emotion[:lost]]), status, classes),
        "try_counts": np.zeros(7, np.int64),
    }
    return {**arrays, "valence_arousal_predicted": predicted[:, None]} if predicts else arrays
