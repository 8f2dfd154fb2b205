"""What a detector is, and name to detector: those of this project and those that were registered."""

import importlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from data.runtime.failures import Refused

if TYPE_CHECKING:
    import numpy as np

    from extract.faces.landmarks import Landmarks

# name -> module, which has it as DETECTOR
BUILT_IN = {name: f"extract.faces.{name}" for name in ("chain", "centerface", "hog", "cnn")}
DEFAULT = "chain"
NEAR = 2.5  # sides of a face: it may move by three quarters of itself from one frame to the next
LEAST = 8  # pixels of a side that is searched

_registered = {}


@dataclass(frozen=True, eq=False)
class Face:
    """One face in pixels of the image it was found in."""

    box: tuple  # x, y, width, height
    landmarks: "Landmarks"
    found_by: str = "other"  # which try, of data.coverage.TRIES; whatever else it says counts as "other"
    score: float | None = None  # how sure the detector is, from 0 to 1, where it says so

    def moved(self, x: float, y: float, **changes) -> "Face":
        """The same face in an image that reaches x, y pixels further to the left and top."""
        left, top, width, height = self.box
        points = replace(self.landmarks, points=(self.landmarks.points + (x, y)).astype("float32"))
        return replace(self, box=(left + x, top + y, width, height), landmarks=points, **changes)


class Detector:
    """What finds faces and their landmarks. `register` makes one known to every command.

    The object is pickled into the processes that work on images, once into each, so its class stands in a module that
    they can import. What is heavy (weights, a session of a library) is loaded at the first image and left out of the
    pickle; the parent asks for the identity alone."""

    name = ""  # --detector NAME
    weights = ()  # of extract.faces.weights.Weights
    libraries = ()  # modules that compute, such as dlib; none where it is this project's own

    def faces(self, image: "np.ndarray") -> list[Face]:
        """All faces of an (H, W, 3) uint8 RGB image, largest first; an empty list where there is none."""
        raise NotImplementedError

    def tries(self, image: "np.ndarray") -> Iterator[list[Face]]:
        """The faces of one search after another, for who looks for one face and stops when it is among them.

        Cheap searches come first, and none is made before it is asked for."""
        yield self.faces(image)

    def visible(self, image: "np.ndarray") -> list[Face]:
        """The faces of an image that are large enough to say something of them, largest first, in as few searches as
        that takes."""
        return self.faces(image)

    def near(self, image: "np.ndarray", face: Face) -> list[Face]:
        """The faces in the surroundings of one that was found in the frame of a video before, largest first."""
        cut, left, top = surroundings(image, face)
        return [found.moved(left, top) for found in first_found(self.tries(cut))]

    def identity(self) -> dict:
        """What stands in the header of aligned caches, so that another detector does not go on with them.

        Raises Refused where a library is not installed or weights are not those expected, FileNotFoundError."""
        for weights in self.weights:
            weights.path()
        return {
            "detector": self.name,
            "detector_weights": " ".join(weights.sha256 for weights in self.weights),
            "detector_libraries": ", ".join(f"{library} {version_of(library)}" for library in self.libraries),
        }


def first_found(tries: Iterable[list[Face]]) -> list[Face]:
    """The faces of the first search that finds any."""
    return next(filter(None, tries), [])


def surroundings(image: "np.ndarray", face: Face) -> tuple["np.ndarray", int, int]:
    """(pixels, left, top) of a square around a face, NEAR times as long as its box, as far as the image reaches."""
    x, y, width, height = face.box
    reach = NEAR * max(width, height) / 2
    left, top = max(0, int(x + width / 2 - reach)), max(0, int(y + height / 2 - reach))
    # a face that has left the image keeps some of it
    right, bottom = (max(LEAST, int(middle + reach) + 1) for middle in (x + width / 2, y + height / 2))
    left, top = min(left, image.shape[1] - LEAST), min(top, image.shape[0] - LEAST)
    return image[top:bottom, left:right].copy(), left, top


def overlap(box: tuple, other: tuple) -> float:
    """Intersection over union of two boxes (x, y, width, height)."""
    ends = zip(box[:2], box[2:], other[:2], other[2:])
    across, down = (max(0.0, min(a + own, b + side) - max(a, b)) for a, own, b, side in ends)
    whole = box[2] * box[3] + other[2] * other[3] - across * down
    return float(across * down / whole) if whole > 0 else 0.0


def largest_first(faces: Iterable[Face]) -> list[Face]:
    """Faces by the area of their boxes."""
    return sorted(faces, key=lambda face: -face.box[2] * face.box[3])


def version_of(library: str) -> str:
    """The version of a library, however it was installed. Raises Refused where it is not."""
    from data.files.provenance import ABSENT, version  # a tenth of the time of --help

    found = version(library)
    if found == ABSENT:
        raise Refused(f"the detector needs {library}, which is not installed; pip install 'cake-emotion[extract]'")
    return found


def register(detector: Detector) -> Detector:
    """Make a detector known to every command. Raises ValueError where its name is taken by another."""
    if detector.name in BUILT_IN or _registered.setdefault(detector.name, detector) is not detector:
        raise ValueError(f"there is a detector {detector.name!r} already; choose another name")
    return detector


def detector_named(name: str) -> Detector:
    """The detector of that name. Raises Refused that lists the known names."""
    if name in BUILT_IN:
        return importlib.import_module(BUILT_IN[name]).DETECTOR
    if name not in _registered:
        raise Refused(f"{name!r} is not a detector; known are {', '.join((*BUILT_IN, *_registered))}")
    return _registered[name]
