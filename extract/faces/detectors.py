"""What a detector is, and name to detector: those of this project and those that were registered."""

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from data.runtime.failures import Refused

if TYPE_CHECKING:
    import numpy as np

    from extract.faces.landmarks import Landmarks

BUILT_IN = {"hog": "extract.faces.hog"}  # name -> module, which has it as DETECTOR
DEFAULT = "hog"

_registered = {}


@dataclass(frozen=True, eq=False)
class Face:
    """One face in pixels of the image it was found in."""

    box: tuple  # x, y, width, height
    landmarks: "Landmarks"
    found_by: str = "as_is"  # which try, one of data.files.cache.TRIES; a detector of one try leaves it


class Detector:
    """What finds faces and their landmarks. `register` makes one known to every command.

    The object is pickled into the processes that work on images, once into each, so its class stands in a module that
    they can import. What is heavy (weights, a session of a library) is loaded at the first call of `faces` and left out
    of the pickle; the parent asks for the identity alone."""

    name = ""  # --detector NAME
    weights = ""  # sha256 of its weights; empty where it has none
    library = ""  # the installed distribution that computes, such as dlib-bin; empty where it is none

    def faces(self, image: "np.ndarray") -> list[Face]:
        """All faces of an (H, W, 3) uint8 RGB image, largest first; an empty list where there is none."""
        raise NotImplementedError

    def identity(self) -> dict:
        """What stands in the header of aligned caches, so that another detector does not go on with them. Raises
        Refused where its library is not installed."""
        library = f"{self.library} {version_of(self.library)}" if self.library else ""
        return {"detector": self.name, "detector_weights": self.weights, "detector_library": library}


def version_of(library: str) -> str:
    """The version of an installed distribution. Raises Refused."""
    from importlib import metadata  # a tenth of the time of --help

    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        raise Refused(f"the detector needs {library}, which is not installed; pip install {library}") from None


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
