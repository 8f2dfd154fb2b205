"""Faces by dlib's convolutional detector, and their five points: from most sides, and slow on a CPU."""

import cv2
import numpy as np

from extract.faces import dlib_models
from extract.faces.detectors import Detector, Face, largest_first
from extract.faces.scaled import scaled

SMALLEST, LARGEST = 240, 640  # the longer side searched: the detector's window is 80 pixels wide, time grows with area


class CnnDetector(Detector):
    """Finds faces from the front and the side in one search."""

    name = "cnn"
    weights = (dlib_models.CNN, dlib_models.FIVE_POINTS)
    libraries = ("dlib",)

    def faces(self, image: np.ndarray) -> list[Face]:
        """As Detector.faces."""
        searched = scaled(image, np.clip(max(image.shape[:2]), SMALLEST, LARGEST))
        grey = cv2.cvtColor(searched.pixels, cv2.COLOR_RGB2GRAY)
        boxes = dlib_models.cnn_boxes(searched.pixels)
        return largest_first(searched.face(box, dlib_models.eye_corners(grey, box), "cnn") for box in boxes)


DETECTOR = CnnDetector()
