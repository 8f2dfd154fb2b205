"""Training rows that networks do not see, so that stage two can choose by them what no test row may choose.

Rows are set aside by image, or by person or clip where these are known, whole: near-copies must not stand on both
sides. Which ones depends on the list alone, so networks of both tasks and of every seed leave out the same."""

import hashlib

import numpy as np

from extract.crops.stored import StoredCrops


def set_aside(crops: StoredCrops, share: float) -> np.ndarray:
    """(n,) whether each training crop is held out: about `share` of each class, at least one crop of a class of two.

    None where the data set has a validation split, which serves instead. No class loses its last crop."""
    held = np.zeros(len(crops), bool)
    if not share or crops.validated or not len(crops):
        return held
    labelled = np.flatnonzero(crops.emotion >= 0)
    left = np.bincount(crops.emotion[labelled])
    wanted = np.where(left > 1, np.maximum(1, np.round(share * left)), 0)
    for rows in _together(units(crops.path, crops.cluster)[labelled], labelled):
        counts = np.bincount(crops.emotion[rows], minlength=len(left))
        if (wanted[counts > 0] > 0).any() and (left > counts)[counts > 0].all():
            held[rows] = True
            left, wanted = left - counts, wanted - counts
        if (wanted <= 0).all():
            break
    return held


def _together(unit, rows):
    """The rows of each unit, in the order of their hashes, which is as good as random."""
    order = np.argsort(unit, kind="stable")
    return np.split(rows[order], np.flatnonzero(np.diff(unit[order])) + 1)


def units(path: np.ndarray, cluster: np.ndarray | tuple = ()) -> np.ndarray:
    """(n,) int64 that stands for what is held out together: the person or clip of each crop, else its image.

    path, cluster: (n,) text as in aligned caches; a cluster may be empty, or all may be missing."""
    named = np.where(np.asarray(cluster) != "", cluster, path) if len(cluster) else path
    return np.array([_hashed(name) for name in named], np.int64)


def _hashed(name):
    return int.from_bytes(hashlib.sha256(str(name).encode()).digest()[:8], "big") >> 1
