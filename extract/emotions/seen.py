"""What was seen of a photograph or a frame of a video: its faces on the template, before anything is said of them."""

from dataclasses import dataclass

import cv2
import numpy as np

from data.runtime.failures import Refused
from extract.faces import alignment
from extract.faces.detectors import Face

NO_FACE = "no face"
UNREADABLE = "cannot be read"
SMALL = "small"
BLURRED = "blurred"
LEAST_SIDE = 40  # pixels of the box; below, the crop holds hardly more than the face's outline
SHARPNESS_SIDE = 112  # pixels of the crop that sharpness is measured on, whatever the network sees
# Mean square of the Laplacian over the variance of the grey values; a share of what is there, so that light does not
# count. See docs/emotions.md for how it was set.
LEAST_SHARPNESS = 0.006


@dataclass(frozen=True, eq=False)
class SeenFace:
    """One face: where it is, what the network sees of it, and what speaks against trusting that."""

    face: Face
    crop: np.ndarray  # (S, S, 3) uint8 RGB
    notes: tuple = ()
    person: int | None = None  # number in a video, kept over its frames


@dataclass(frozen=True, eq=False)
class Seen:
    """One photograph or frame."""

    path: str
    time: float | None = None  # seconds, of a frame
    faces: tuple = ()  # of SeenFace, the largest first
    note: str = ""  # what is wrong with all of it

    @property
    def notes(self) -> tuple:
        """Of a picture without a face."""
        return (self.note,) if self.note else (NO_FACE,)


def seen_face(image: np.ndarray, face: Face, size: int, person: int | None = None) -> SeenFace | None:
    """A face of an image on the template, `size` pixels a side, as `extract run` brings it there; None where its
    landmarks fix no place. person: its number in a video."""
    try:
        transform = alignment.similarity(*alignment.anchors(face.landmarks))
    except Refused:
        return None
    crop = alignment.crop(image, transform)
    small = (SMALL,) if min(face.box[2:]) < LEAST_SIDE else ()
    blurred = (BLURRED,) if sharpness(crop) < LEAST_SHARPNESS else ()
    return SeenFace(face, alignment.shrunk(crop, size), small + blurred, person)


def sharpness(crop: np.ndarray) -> float:
    """How much of the contrast of a crop lies in its finest detail; 0 for one of one colour."""
    grey = cv2.cvtColor(alignment.shrunk(crop, SHARPNESS_SIDE), cv2.COLOR_RGB2GRAY).astype(np.float32)
    contrast = grey.var()
    return float(np.square(cv2.Laplacian(grey, cv2.CV_32F)).mean() / contrast) if contrast else 0.0
