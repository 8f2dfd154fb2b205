"""What became of each listed image, and the share of them in which a face was found."""

import numpy as np

from data.emotions import EMOTIONS
from data.networks import is_imported

STATUSES = (
    "ok",
    "no_face",
    "missing",
    "unreadable",
    "truncated",
    "too_large",
    "too_small",
    "bad_format",
    "outside_root",
    "crashed",
    "timeout",
    "left_out",
)
UNOPENED = ("missing", "unreadable", "outside_root")  # what the disk decides, and may decide otherwise tomorrow
# What gave a crop its face: HOG's three tries; the data set's own landmarks; the whole image, where none was found; an
# image that was an aligned crop from the start; CenterFace, in an image made small or less so; dlib's CNN; any of these
# in the surroundings of the data set's box; a detector of one's own. Files hold positions: a further one goes last.
TRIES = (
    "none",
    "as_is",
    "upsampled",
    "enlarged",
    "dataset",
    "whole",
    "given",
    "centerface",
    "centerface_fine",
    "cnn",
    "in_box",
    "other",
)


def status_counts(emotion: np.ndarray, status: np.ndarray, classes: int = len(EMOTIONS)) -> np.ndarray:
    """(C + 1, statuses) int64: how many listed images of each class (last row: of none of them) ended in each
    status."""
    counts = np.zeros((classes + 1, len(STATUSES)), np.int64)
    np.add.at(counts, (np.where(emotion < 0, classes, emotion), status), 1)
    return counts


def coverage(counts: np.ndarray) -> float:
    """Share of listed images in which a face was found: of the labelled ones, or of all where none has a label.

    Rows that are of none of the classes are not counted; NaN where nothing is left."""
    labelled = counts[:-1]
    rows = labelled if labelled.sum() else counts
    listed = rows.sum() - rows[:, STATUSES.index("left_out")].sum()
    return rows[:, STATUSES.index("ok")].sum() / listed if listed else float("nan")


def covered(counts: np.ndarray, header: dict) -> str:
    """The coverage in words. header: of the feature cache; who imported features did not say where no face was
    found."""
    return "coverage unknown" if is_imported(header) else f"coverage {coverage(counts):.1%}"
