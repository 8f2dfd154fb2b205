"""Landmarks to transform to crop: every face onto one template, whatever scheme its landmarks come in."""

import cv2
import numpy as np

from data.runtime.failures import Refused
from extract.faces.landmarks import Landmarks, scheme_named

ALIGNMENT_VERSION = 2  # raise it when anything here changes a pixel
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


def frame(landmarks: Landmarks) -> np.ndarray:
    """(4, 2) float64 corners, in pixels of the image, of the square that the face fills: clockwise, as the face sees
    itself upright, from the upper left. It says where the face is, how large and how turned. Raises Refused."""
    size = CROP_SIZE - 1
    corners = (np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) + _MARGIN) / (1 + 2 * _MARGIN) * size
    return back(corners, similarity(*anchors(landmarks)))


def alike(one: Landmarks, other: Landmarks) -> bool:
    """Whether two sets of landmarks mean one face: the corners of their frames lie, on average, less than half a side
    of the smaller apart. So it does where one is the other shifted by less than half a side, 1.7 times as large, or
    turned by 41 degrees. Raises Refused."""
    frames = frame(one), frame(other)
    side = min(np.linalg.norm(corners[1] - corners[0]) for corners in frames)
    return bool(np.linalg.norm(frames[0] - frames[1], axis=1).mean() < side / 2)


def back(points: np.ndarray, transform: np.ndarray) -> np.ndarray:
    """(n, 2) points of the image that a transform (2, 3) takes to `points`."""
    return np.linalg.solve(transform[:, :2], (points - transform[:, 2]).T).T


def crop(image: np.ndarray, transform: np.ndarray) -> np.ndarray:
    """(224, 224, 3) uint8: the image seen through the transform; what lies outside it repeats the border."""
    return seen(image, transform, CROP_SIZE)


def shrunk(crop: np.ndarray, size: int) -> np.ndarray:
    """(size, size, 3) uint8 of a crop, as a network of that size sees it."""
    return crop if len(crop) == size else cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA)


def seen(image: np.ndarray, transform: np.ndarray, size: int) -> np.ndarray:
    """(size, size) or (size, size, 3) uint8: the image through a similarity (2, 3), with its border repeated."""
    scale = float(np.hypot(transform[0, 0], transform[1, 0]))
    if scale < 0.5:  # bilinear sampling skips pixels then
        image, transform = _reduced(image, transform, 1.5 * scale)
    return cv2.warpAffine(image, transform, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _reduced(image, transform, scale):
    """The image made smaller, and the transform that does to it what `transform` does to the image."""
    size = [max(1, round(side * scale)) for side in (image.shape[1], image.shape[0])]
    factor = np.divide((image.shape[1], image.shape[0]), size)
    linear, shift = transform[:, :2], transform[:, 2]
    # Pixel q of the smaller image has its centre at (q + 1/2) factor - 1/2 of the image.
    shift = shift + linear @ ((factor - 1) / 2)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.column_stack([linear * factor, shift])


def whole(image: np.ndarray) -> np.ndarray:
    """(224, 224, 3) uint8: the whole image, for crops that are aligned already or faces that nobody found."""
    shrinks = max(image.shape[:2]) > CROP_SIZE
    return cv2.resize(image, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
