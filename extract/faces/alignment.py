"""Landmarks to transform to crop: every face onto one template, whatever scheme its landmarks come in."""

import cv2
import numpy as np

from data.runtime.failures import Refused

ALIGNMENT_VERSION = 1  # raise it when anything here changes a pixel
CROP_SIZE = 224  # the paper's input size; smaller networks shrink the crop

# Where the points lie in a square that the face fills, after the mean face of dlib (Boost licence), made symmetric.
# Only points that an expression hardly moves: a fit through brows or mouth would align the expression away.
_EYE_OUTER, _EYE_INNER, _EYE_CENTRE = (0.132, 0.216), (0.345, 0.232), (0.235, 0.211)
_NOSE_BASE, _NOSE_TIP = (0.5, 0.628), (0.5, 0.516)
_MARGIN = 0.25  # share of that square kept on each side: forehead and chin belong to the expression


def _mirrored(point):
    return (1 - point[0], point[1])


_TEMPLATES = {
    "eye corners": (_mirrored(_EYE_OUTER), _mirrored(_EYE_INNER), _EYE_OUTER, _EYE_INNER, _NOSE_BASE),
    "eye centres": (_EYE_CENTRE, _mirrored(_EYE_CENTRE), _NOSE_TIP),
}
_CORNERS_OF_68 = [45, 42, 36, 39, 33]  # dlib's five points among the 68


def template(kind):
    """(n, 2) float64 template points in pixels of the crop."""
    return (np.array(_TEMPLATES[kind]) + _MARGIN) / (1 + 2 * _MARGIN) * (CROP_SIZE - 1)


def anchors(landmarks, source):
    """The points to fit and their places in the crop. source: detector (5), dataset (68 of AffectNet, 5 of RAF-DB).

    RAF-DB's five are eyes, nose tip and mouth corners; the mouth is left out of the fit."""
    if len(landmarks) == 68:
        return landmarks[_CORNERS_OF_68], template("eye corners")
    if source == "detector":
        return landmarks, template("eye corners")
    return landmarks[:3], template("eye centres")


def similarity(points, target):
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


def crop(image, transform):
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


def whole(image):
    """(224, 224, 3) uint8: the whole image, for crops that are aligned already or faces that nobody found."""
    shrinks = max(image.shape[:2]) > CROP_SIZE
    return cv2.resize(image, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
