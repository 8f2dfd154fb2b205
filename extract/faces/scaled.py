"""An image searched at another size or with a border, and what is found there brought back."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from extract.faces.detectors import Face
from extract.faces.landmarks import Landmarks


@dataclass(frozen=True, eq=False)
class Scaled:
    """What a detector searches in place of the image."""

    pixels: np.ndarray
    factor: np.ndarray  # (2,) pixels of it for one of the image, across and down; sides are whole, so they may differ
    border: int = 0

    def face(self, box: tuple, landmarks: Landmarks, found_by: str) -> Face:
        """The Face in pixels of the image, for a box and landmarks in pixels of what was searched."""
        corner, size = (np.array(box[:2]) - self.border) / self.factor, np.array(box[2:]) / self.factor
        # A pixel's number is its centre's place less a half, so it is centres that are scaled.
        points = ((landmarks.points - self.border + 0.5) / self.factor - 0.5).astype(np.float32)
        return Face((*corner.tolist(), *size.tolist()), replace(landmarks, points=points), found_by)


def scaled(image: np.ndarray, longest: float, border: int = 0) -> Scaled:
    """The image with its longer side brought to `longest` pixels, inside a border that repeats its edge."""
    height, width = image.shape[:2]
    scale = longest / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if size != (width, height):
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    if border:
        image = cv2.copyMakeBorder(image, *[border] * 4, cv2.BORDER_REPLICATE)
    return Scaled(image, np.array(size) / (width, height), border)
