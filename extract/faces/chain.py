"""Several detectors, one after the other: what `extract align` takes where nothing else is asked for."""

from collections.abc import Iterator

import numpy as np

from extract.faces import centerface, hog
from extract.faces.detectors import Detector, Face, first_found


class Chain(Detector):
    """Each detector where those before it found nothing."""

    def __init__(self, name: str, *detectors: Detector):
        self.name, self.detectors = name, detectors
        self.weights = tuple(dict.fromkeys(each for detector in detectors for each in detector.weights))
        self.libraries = tuple(dict.fromkeys(each for detector in detectors for each in detector.libraries))

    def faces(self, image: np.ndarray) -> list[Face]:
        """As Detector.faces, by the first detector that finds one."""
        return first_found(detector.faces(image) for detector in self.detectors)

    def tries(self, image: np.ndarray) -> Iterator[list[Face]]:
        """All tries of all detectors."""
        for detector in self.detectors:
            yield from detector.tries(image)

    def visible(self, image: np.ndarray) -> list[Face]:
        """As Detector.visible, by the first detector that finds one."""
        return first_found(detector.visible(image) for detector in self.detectors)

    def near(self, image: np.ndarray, face: Face) -> list[Face]:
        """As Detector.near, by the first detector that finds one."""
        return first_found(detector.near(image, face) for detector in self.detectors)


DETECTOR = Chain("chain", centerface.DETECTOR, hog.DETECTOR)
