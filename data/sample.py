"""One listed image, and the list of a data set: what every reader returns."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from data.emotions import UNLABELLED

SPLITS = ("train", "validation", "test")

# Schemes of landmarks: what the points of a face are, in which order. Which of them a face is aligned by stands in
# extract/faces/landmarks.py.
POINTS_68 = "68 points"  # of iBUG: jaw, brows, nose, eyes, mouth
EYE_CORNERS = "eye corners"  # dlib's five: 45, 42, 36, 39 and the nose base 33 of the 68
EYE_CENTRES = "eye centres"  # five: both eyes, nose tip, corners of the mouth, as seen from the image's left


@dataclass(frozen=True, eq=False, slots=True)  # a list holds hundreds of thousands
class Sample:
    """One row of a data set's list. Its key is (split, row), never the file name, since lists repeat files."""

    path: str  # relative to the listing's root, forward slashes, as the list spells it
    split: str  # one of SPLITS; "test" is the split the paper tests on
    row: int  # position in the source list of this split, counted from 0
    emotion: int = UNLABELLED  # 0..6 in the order of EMOTIONS
    left_out: str = ""  # why the row is not of the seven classes ("contempt", "unknown id 11"); never processed
    box: tuple | None = None  # x, y, width, height in pixels of the stored image
    # (n, 2) float32, x and y in pixels of the stored image; or the same numbers as the text x1;y1;x2;...
    landmarks: np.ndarray | str | None = None
    valence: float = float("nan")  # -1..1, NaN where not annotated
    arousal: float = float("nan")
    pixels: np.ndarray | None = None  # (height, width) uint8, where the list itself holds the image
    scheme: str = ""  # of the landmarks, where there are any: one of the names above
    # The person in it or, where persons are unknown, the clip it is a frame of; empty where neither is known. Rows of
    # one cluster are not independent: they are set aside, resampled and looked for in other splits together.
    cluster: str = ""
    groups: tuple = ()  # what is known of that person: (attribute, value) pairs such as ("gender", "female")

    def points(self) -> np.ndarray | None:
        """(n, 2) float32 landmarks, or None. Raises ValueError for a text that is not numbers.

        Converted here and not by the reader: 287,651 x 136 numbers take many seconds, and few are looked at."""
        if isinstance(self.landmarks, str):
            return np.array([float(number) for number in self.landmarks.split(";")], np.float32).reshape(-1, 2)
        return self.landmarks


@dataclass(frozen=True)
class Listing:
    """A data set as its reader found it. `samples` holds every listed image, those left out too."""

    dataset: str
    root: Path
    layout: str  # what was recognised, in one line
    samples: tuple
    release: str = ""  # which of the reader's official counts this layout answers to
    notes: tuple = ()  # what a user should know: repeated files, faulty rows, releases that differ
    aligned: bool = False  # the images are face crops already, so no detector is needed
    toy: bool = False
    splits: tuple = field(default=("train", "test"))

    def gaps(self) -> list[str]:
        """Notes on splits without a labelled row, where others have some: nothing to train, or to test on."""
        labelled = {sample.split for sample in self.samples if sample.emotion != UNLABELLED}
        lacking = [split for split in ("train", "test") if labelled and split not in labelled]
        return [f"no labelled row of split {split}: nothing to {split} on" for split in lacking]

    def of(self, split: str) -> list[Sample]:
        """The samples of one split, in the order of the list."""
        return [sample for sample in self.samples if sample.split == split]
