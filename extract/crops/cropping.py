"""One listed image to its crops: which face is taken, which landmarks serve, and what is said where there is none."""

import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from data.sample import Sample
from extract.faces import alignment, detectors
from extract.faces.detectors import Detector, Face, first_found
from extract.faces.labelled_face import labelled_face
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
    scheme: str = ""  # of the landmarks


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
    if rule.faces == "all":
        return _all(image, detector, rule)
    labelled, wrong = labelled_face(sample)
    if rule.landmarks == "dataset" and labelled and labelled.landmarks:
        return _by_dataset(image, labelled)
    face, faces = labelled.found(image, detector) if labelled else _largest(image, detector)
    if face:
        return ImageOutcome("ok", wrong, faces, (_detected(image, face),))
    reason = f"{wrong}; {_not_found(faces)}" if wrong else _not_found(faces)
    if labelled and labelled.landmarks:
        return replace(_by_dataset(image, labelled), reason=reason, faces=faces)
    return ImageOutcome("no_face", reason, faces, _whole(image, rule))


def _all(image, detector, rule):
    found = detector.faces(image)
    if not found:
        return ImageOutcome("no_face", _not_found(0), crops=_whole(image, rule))
    crops = tuple(_detected(image, face, number) for number, face in enumerate(found))
    return ImageOutcome("ok", faces=len(found), crops=crops)


def _largest(image, detector):
    found = first_found(detector.tries(image))
    return (found[0] if found else None), len(found)


def _not_found(faces):
    if not faces:
        return "no try of the detector found a face"
    return f"the detector found {faces} {'face' if faces == 1 else 'faces'}, not the one that the data set marks"


def _whole(image, rule):
    return (Crop(_encode(alignment.whole(image)), "whole"),) if rule.undetected == "whole" else ()


def _by_dataset(image, labelled):
    box, landmarks = labelled.box or (np.nan,) * 4, labelled.landmarks
    return ImageOutcome("ok", crops=(_aligned_crop(image, landmarks, "dataset", box=box),))


def _detected(image: np.ndarray, face: Face, number: int = 0) -> Crop:
    return _aligned_crop(image, face.landmarks, face.found_by, face=number, box=face.box)


def _aligned_crop(image: np.ndarray, landmarks: Landmarks, found_by: str, **more) -> Crop:
    crop = alignment.crop(image, alignment.similarity(*alignment.anchors(landmarks)))
    return Crop(_encode(crop), found_by, landmarks=landmarks.points, scheme=landmarks.scheme, **more)


def _encode(pixels: np.ndarray) -> bytes:
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
