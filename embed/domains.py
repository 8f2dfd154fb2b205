"""Feature caches to the tensors of stage two: training rows of all domains end to end, and their test sets."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from data.cache import FEATURE_SIZE, CacheError, header_of, open_cache, provenance_of, read_split
from data.emotions import EMOTIONS
from data.publish import refuse_difference
from data.runs import TestSet
from embed.loss import sample_weights

COLUMNS = FEATURE_SIZE + 3  # x~ = [x; v; 1]: features, valence and arousal, a constant
MUST_AGREE = ("emotion_sha256", "valence_arousal_sha256", "image_size", "alignment_version", "precision", "feature_size", "views")


@dataclass
class Cache:
    """One features/NAME.h5 as read: its labelled training and test rows, raw."""

    name: str
    digest: str
    toy: bool
    header: dict
    provenance: dict
    train: dict  # feature (n, V, 512) float16, predicted (n, V, 2) float32 or None, emotion (n,) int64
    test: dict  # likewise, V = 1
    test_set: TestSet


@dataclass
class Corpus:
    """What the trainer works on. Rows are scaled; the scaling is undone in the weights that are stored."""

    names: tuple
    views: int  # V: view 0 is the plain crop, the others are augmented
    rows: torch.Tensor  # (N * V, 515): scaled features, scaled predicted arousal-valence (0 without), 1; row n at n * V + view
    emotion: torch.Tensor  # (N,) int64
    domain: torch.Tensor  # (N,) int64
    weights: torch.Tensor  # (D, 7) w_class * w_dataset
    tests: dict  # name -> (rows (n, 515), emotion (n,) int64)
    mean: np.ndarray  # (514,)
    deviation: np.ndarray  # (514,)
    predicts: bool  # predicted arousal-valence is there


def read_cache(path):
    """The Cache at `path`. Raises CacheError, FileNotFoundError; ValueError for content that cannot be trained on."""
    with open_cache(path, "features") as file:
        parts = {split: _labelled(file, split, path) for split in ("train", "test")}
        test_set = TestSet(emotion=parts["test"]["emotion"].astype(np.int8), row=parts["test"]["row"],
                           status_counts=file["test/status_counts"][()])
        return Cache(Path(path).stem, file.attrs["digest"], bool(file.attrs["toy"]), header_of(file), provenance_of(file),
                     parts["train"], parts["test"], test_set)


def is_labelled(path):
    """Whether a feature cache has labelled rows at all: those of a folder of photographs have none."""
    with open_cache(path, "features") as file:
        return any("emotion" in file[split] and (file[split]["emotion"][()] >= 0).any() for split in file)


def _labelled(file, split, path):
    if split not in file or "feature" not in file[split] or not (file[split]["emotion"][()] >= 0).any():
        raise ValueError(f"{path} has no labelled {split} rows; a domain needs both a train and a test split")
    arrays = read_split(file, split, [name for name in ("feature", "emotion", "row", "valence_arousal_predicted") if name in file[split]])
    keep = arrays["emotion"] >= 0
    feature = arrays["feature"][keep]
    if feature.shape[2] != FEATURE_SIZE:
        raise CacheError(f"{path} has features of size {feature.shape[2]}, expected {FEATURE_SIZE}")
    if not np.isfinite(feature).all():
        raise CacheError(f"{path} holds features that are not finite in {split}; run `extract run` anew")
    predicted = arrays["valence_arousal_predicted"][keep] if "valence_arousal_predicted" in arrays else None
    return {"feature": feature, "emotion": arrays["emotion"][keep].astype(np.int64), "row": arrays["row"][keep], "predicted": predicted}


def refuse_misfit(caches):
    """Raise ValueError where caches must not be swept together, naming the file and the field."""
    first = caches[0]
    for cache in caches:
        if len(np.unique(cache.train["emotion"])) < 2:
            only = EMOTIONS[int(cache.train["emotion"][0])]
            raise ValueError(f"{cache.name} has training rows of one class alone ({only}); a classifier needs two")
        if cache.toy != first.toy:
            raise ValueError(f"{cache.name} is {'toy' if cache.toy else 'real'} data, {first.name} is not; sweep them apart (--datasets)")
        refuse_difference(f"features/{cache.name}.h5 beside features/{first.name}.h5", _agreed(first), _agreed(cache))


def _agreed(cache):
    return {name: cache.header.get(name) for name in MUST_AGREE}


def assemble(caches, *, dtype=torch.float32):
    """The Corpus of caches that fit each other, in the order given."""
    predicts = all(cache.train["predicted"] is not None for cache in caches)
    mean, deviation = scaling([_raw(cache.train, predicts) for cache in caches])
    parts = [_scaled(_raw(cache.train, predicts), mean, deviation, dtype) for cache in caches]
    emotion = np.concatenate([cache.train["emotion"] for cache in caches])
    domain = np.repeat(np.arange(len(caches)), [len(cache.train["emotion"]) for cache in caches])
    tests = {cache.name: (_scaled(_raw(cache.test, predicts), mean, deviation, dtype), torch.from_numpy(cache.test["emotion"]))
             for cache in caches}
    views = caches[0].train["feature"].shape[1]
    return Corpus(tuple(cache.name for cache in caches), views, torch.cat(parts), torch.from_numpy(emotion),
                  torch.from_numpy(domain), torch.from_numpy(sample_weights(emotion, domain)).to(dtype), tests, mean,
                  deviation, predicts)


def _raw(part, predicts):
    """(features (n * V, 512), arousal-valence (n * V, 2), zeros where none is predicted)."""
    feature = part["feature"].reshape(-1, FEATURE_SIZE)
    return feature, part["predicted"].reshape(-1, 2) if predicts else np.zeros((len(feature), 2), np.float32)


def scaling(parts):
    """Mean and deviation (514,) over all training rows and views, in float64; a constant column keeps its scale."""
    rows = sum(len(feature) for feature, _ in parts)
    total = sum(np.concatenate([side.sum(0, dtype=np.float64) for side in part]) for part in parts)
    mean = total / rows
    square = sum(np.concatenate([_squares(side, centre) for side, centre in zip(part, np.split(mean, [FEATURE_SIZE]))])
                 for part in parts)
    deviation = np.sqrt(square / rows)
    return mean, np.where(deviation > 1e-6, deviation, 1.0)


def _squares(values, centre):
    total = np.zeros(values.shape[1])
    for start in range(0, len(values), 8192):  # in pieces: a float64 copy of all features would take 1.2 GB
        total += ((values[start : start + 8192].astype(np.float64) - centre) ** 2).sum(0)
    return total


def _scaled(raw, mean, deviation, dtype):
    feature, predicted = raw
    rows = torch.ones(len(feature), COLUMNS, dtype=dtype)
    rows[:, :FEATURE_SIZE] = torch.from_numpy(feature)
    rows[:, FEATURE_SIZE:-1] = torch.from_numpy(predicted)
    rows[:, :-1].sub_(torch.from_numpy(mean).to(dtype)).div_(torch.from_numpy(deviation).to(dtype))
    return rows
