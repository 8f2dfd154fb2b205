"""What became of 1,024 listed images, as arrays: a row for each crop, and below manifest/ one for each listed image."""

from collections.abc import Sequence

import numpy as np

from data.coverage import STATUSES, TRIES, status_counts
from extract.crops.earlier import keys
from extract.crops.people import people_arrays


def shard_arrays(samples: list, outcomes: list, people: Sequence[str] = ()) -> dict:
    """Dict of the arrays of one shard. samples, outcomes: of the same listed images, in the same order; people: what
    the whole list tells of who is in them."""
    pairs = [(sample, crop) for sample, one in zip(samples, outcomes) for crop in one.crops]
    cropped = people_arrays([sample for sample, _ in pairs], people)
    return {**_crop_arrays(pairs), **cropped, **_manifest_arrays(samples, outcomes, people)}


def _crop_arrays(pairs):
    jpegs = [crop.jpeg for _, crop in pairs]
    return {
        "jpeg": np.frombuffer(b"".join(jpegs), np.uint8),
        "jpeg_length": np.array([len(jpeg) for jpeg in jpegs], np.int64),
        "row": np.array([sample.row for sample, _ in pairs], np.int64),
        "path": np.array([sample.path for sample, _ in pairs], object),
        "face": np.array([crop.face for _, crop in pairs], np.int16),
        "found_by": _tries([crop.found_by for _, crop in pairs]),
        "emotion": np.array([sample.emotion for sample, _ in pairs], np.int8),
        "valence_arousal": _annotated([sample for sample, _ in pairs]),
        "box": np.array([crop.box for _, crop in pairs], np.float32).reshape(-1, 4),
        "scheme": np.array([crop.scheme for _, crop in pairs], object),
        "landmarks": np.array([_padded(crop.landmarks) for _, crop in pairs], np.float32).reshape(-1, 68, 2),
    }


def _tries(names):
    """Their positions; a try of a detector of one's own counts as another."""
    return np.array([TRIES.index(name if name in TRIES else "other") for name in names], np.uint8)


def _annotated(samples):
    return np.array([(sample.valence, sample.arousal) for sample in samples], np.float32).reshape(-1, 2)


def _padded(landmarks):
    """(68, 2): 5 or 68 points, the rest NaN, so that schemes may mix in one file."""
    rows = np.full((68, 2), np.nan, np.float32)
    rows[: len(landmarks)] = landmarks
    return rows


def _manifest_arrays(samples, outcomes, people):
    first = [one.crops[0].found_by if one.crops else "none" for one in outcomes]
    arrays = {
        "row": np.array([sample.row for sample in samples], np.int64),
        "path": np.array([sample.path for sample in samples], object),
        "emotion": np.array([sample.emotion for sample in samples], np.int8),
        "valence_arousal": _annotated(samples),
        "key": keys(samples),
        "status": np.array([STATUSES.index(one.status) for one in outcomes], np.uint8),
        "found_by": _tries(first),
        "faces": np.array([one.faces for one in outcomes], np.int32),
        "crops": np.array([len(one.crops) for one in outcomes], np.int32),
        "left_out": np.array([sample.left_out for sample in samples], object),
        "reason": np.array([one.reason for one in outcomes], object),
        **people_arrays(samples, people),
    }
    return {f"manifest/{name}": array for name, array in arrays.items()}


COUNTED = ("manifest/emotion", "manifest/status", "manifest/found_by")


def counts(loaded: list, rows: int, official: np.ndarray | None) -> dict:
    """Dict of what coverage is computed from.

    loaded: the COUNTED arrays of every shard of a split; rows: how many images it lists; official: (7,) counts, or
    None. Raises RuntimeError where the shards do not hold as many rows."""
    emotion, status, found_by = (np.concatenate([one[name] for one in loaded]) for name in COUNTED)
    counted = status_counts(emotion, status)
    if counted.sum() != rows:
        raise RuntimeError(f"the manifest closes at {counted.sum()} rows, {rows} are listed")
    found = {"status_counts": counted, "try_counts": np.bincount(found_by, minlength=len(TRIES))}
    return found if official is None else {**found, "official_counts": np.asarray(official, np.int64)}
