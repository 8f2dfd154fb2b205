"""One listed image to its crops: which face is taken, which landmarks serve, and what is said where there is none."""

import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from data.sample import Sample
from extract.faces import alignment, detectors
from extract.faces.detectors import Detector, Face
from extract.faces.landmarks import Landmarks
from extract.images.decode import Undecodable, load, one_thread

JPEG_QUALITY = 95


@dataclass(frozen=True)
class Rule:
    """The choices of `extract align` that change a crop."""

    landmarks: str = "detector"  # detector, dataset (theirs instead), none (the images are aligned crops)
    undetected: str = "skip"  # skip, whole (the whole image serves as the crop)
    faces: str = "one"  # one, all
    detector: str = detectors.DEFAULT  # a name that extract.faces.detectors knows


@dataclass(frozen=True)
class Crop:
    """One aligned face."""

    jpeg: bytes
    found_by: str
    face: int = 0  # 0 is the face taken, or the largest
    box: tuple = (np.nan,) * 4
    landmarks: np.ndarray = field(default_factory=lambda: np.full((0, 2), np.nan, np.float32))


@dataclass(frozen=True)
class ImageOutcome:
    """What became of one listed image."""

    status: str
    reason: str = ""
    faces: int = 0  # how many the detector found
    crops: tuple = ()
    seconds: dict = field(default_factory=dict, compare=False)  # stage -> how long it worked on this image


def outcome(sample: Sample, root: Path, rule: Rule, detector: Detector) -> ImageOutcome:
    """Read, decode, detect and align one sample. Every expected failure becomes a status with its reason."""
    one_thread()
    begun = time.perf_counter()
    try:
        image = _image(sample, root)
    except Undecodable as error:
        return ImageOutcome(error.status, str(error))
    decoded = time.perf_counter()
    found = _aligned(image, sample, rule, detector)
    return replace(found, seconds={"decode": decoded - begun, "detect": time.perf_counter() - decoded})


def _image(sample, root):
    if sample.pixels is not None:
        return cv2.cvtColor(sample.pixels, cv2.COLOR_GRAY2RGB)
    return load(root, sample.path)[1]


def _aligned(image, sample, rule, detector):
    if rule.landmarks == "none":
        return ImageOutcome("ok", crops=(Crop(_encode(alignment.whole(image)), "given"),))
    if rule.landmarks == "dataset" and sample.landmarks is not None:
        return _by_dataset(image, sample)
    found = detector.faces(image)
    if found:
        ordered = _ordered(found, sample.box)
        taken = ordered if rule.faces == "all" else ordered[:1]
        crops = tuple(_detected(image, face, number) for number, face in enumerate(taken))
        return ImageOutcome("ok", faces=len(found), crops=crops)
    if sample.landmarks is not None:
        return _by_dataset(image, sample)
    whole = (Crop(_encode(alignment.whole(image)), "whole"),) if rule.undetected == "whole" else ()
    return ImageOutcome("no_face", "no try of the detector found a face", crops=whole)


def _by_dataset(image, sample):
    box = sample.box or (np.nan,) * 4
    try:
        landmarks = Landmarks(sample.points(), sample.scheme)
        jpeg = _crop(image, landmarks)
    except ValueError as error:
        return ImageOutcome("no_face", f"landmarks of the data set: {error}")
    return ImageOutcome("ok", crops=(Crop(jpeg, "dataset", box=box, landmarks=landmarks.points),))


def _detected(image: np.ndarray, face: Face, number: int) -> Crop:
    return Crop(_crop(image, face.landmarks), face.found_by, number, face.box, face.landmarks.points)


def _crop(image: np.ndarray, landmarks: Landmarks) -> bytes:
    return _encode(alignment.crop(image, alignment.similarity(*alignment.anchors(landmarks))))


def _encode(pixels: np.ndarray) -> bytes:
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()


def _ordered(found, box):
    """The face that overlaps the data set's box most first; without a box they come largest first."""
    return found if box is None else sorted(found, key=lambda face: -overlap(face.box, box))


def overlap(one: tuple, other: tuple) -> float:
    """Intersection over union of two boxes (x, y, width, height)."""
    sides = [
        min(one[axis] + one[axis + 2], other[axis] + other[axis + 2]) - max(one[axis], other[axis]) for axis in (0, 1)
    ]
    shared = max(0.0, sides[0]) * max(0.0, sides[1])
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)
