"""Landmarks to transform to crop: every face onto one template, whatever scheme its landmarks come in."""

import cv2
import numpy as np

from data.runtime.failures import Refused
from extract.faces.landmarks import Landmarks, scheme_named

ALIGNMENT_VERSION = 1  # raise it when anything here changes a pixel
CROP_SIZE = 224  # the paper's input size; smaller networks shrink the crop

_MARGIN = 0.25  # share of the square that the face fills kept on each side: forehead and chin belong to the expression


def template(scheme: str) -> np.ndarray:
    """(n, 2) float64 places of a scheme's fitted points, in pixels of the crop."""
    return (np.array(scheme_named(scheme).places) + _MARGIN) / (1 + 2 * _MARGIN) * (CROP_SIZE - 1)


def anchors(landmarks: Landmarks) -> tuple[np.ndarray, np.ndarray]:
    """The points to fit (n, 2), and their places in the crop (n, 2)."""
    return landmarks.fitted(), template(landmarks.scheme)


def similarity(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(2, 3) least-squares rotation, scale and shift that takes points (n, 2) onto target (n, 2).

    As complex numbers the fit is w = a z + b, with a by linear regression. Raises ValueError for coinciding points."""
    z, w = (np.asarray(side, np.float64) @ (1, 1j) for side in (points, target))
    centred = z - z.mean()
    size = (np.abs(centred) ** 2).sum()
    if not np.isfinite(size) or size < 1e-6:
        raise Refused("the landmarks coincide, so they fix no alignment")
    a = (centred.conj() * (w - w.mean())).sum() / size
    b = w.mean() - a * z.mean()
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def crop(image: np.ndarray, transform: np.ndarray) -> np.ndarray:
    """(224, 224, 3) uint8: the image seen through the transform; what lies outside it repeats the border."""
    scale = float(np.hypot(transform[0, 0], transform[1, 0]))
    if scale < 0.5:  # bilinear sampling skips pixels then
        size = [max(1, round(side * scale * 1.5)) for side in (image.shape[1], image.shape[0])]
        factor = np.array([image.shape[1] / size[0], image.shape[0] / size[1]])
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        transform = transform @ np.diag([*factor, 1.0])
        transform[:, 2] += transform[:, :2] @ ((1 / factor - 1) / 2)  # pixel centres, not corners, keep their place
    return cv2.warpAffine(
        image, transform, (CROP_SIZE, CROP_SIZE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def whole(image: np.ndarray) -> np.ndarray:
    """(224, 224, 3) uint8: the whole image, for crops that are aligned already or faces that nobody found."""
    shrinks = max(image.shape[:2]) > CROP_SIZE
    return cv2.resize(image, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
