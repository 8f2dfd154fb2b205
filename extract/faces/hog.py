"""Faces by dlib's HOG detector in three tries, and their five points."""

from collections.abc import Iterator

import cv2
import numpy as np

from extract.faces import dlib_models
from extract.faces.detectors import Detector, Face, first_found, largest_first
from extract.faces.scaled import Scaled, scaled

LONGEST_SIDE = 1280  # larger images are reduced before the first try: HOG time grows with area, and faces stay large
ENLARGED_SIDE = 240  # third try: tight crops are enlarged, since the detector's window is 80 pixels wide,
BORDER = 0.3  # and padded by this share of the side, since HOG needs the outline of the head


class HogDetector(Detector):
    """Finds faces seen from the front, upright or nearly so."""

    name = "hog"
    weights = (dlib_models.FIVE_POINTS,)
    libraries = ("dlib",)

    def faces(self, image: np.ndarray) -> list[Face]:
        """As Detector.faces, by the first try that finds one."""
        return first_found(self.tries(image))

    def tries(self, image: np.ndarray) -> Iterator[list[Face]]:
        """The image as it is, upsampled once, and enlarged with a border."""
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        reduced = scaled(grey, min(LONGEST_SIDE, max(grey.shape)))
        yield _found(reduced, "as_is")
        yield _found(reduced, "upsampled", upsample=1)
        yield _found(scaled(grey, ENLARGED_SIDE, border=int(BORDER * ENLARGED_SIDE)), "enlarged")


def _found(searched: Scaled, found_by, upsample=0):
    boxes = dlib_models.hog_boxes(searched.pixels, upsample)
    landmarks = [dlib_models.eye_corners(searched.pixels, box) for box in boxes]
    return largest_first(searched.face(box, points, found_by) for box, points in zip(boxes, landmarks))


DETECTOR = HogDetector()
