"""One face seen again: how far a detector's crop moves when its photograph is shifted, scaled, compressed, darkened or
mirrored. A part of tests.benchmarks.faces."""

from collections.abc import Iterator

import cv2
import numpy as np

from data.runtime.failures import Refused
from extract.faces import alignment
from extract.faces.detectors import Detector, first_found

CORNERS = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * (alignment.CROP_SIZE - 1.0)
SAME = np.array([[1.0, 0, 0], [0, 1, 0]])
MIRRORED = "mirrored"


def crop_of(image: np.ndarray, detector: Detector) -> np.ndarray | None:
    """(2, 3) the transform of the largest face; None where none is found."""
    found = first_found(detector.tries(image))
    try:
        return alignment.similarity(*alignment.anchors(found[0].landmarks)) if found else None
    except Refused:
        return None


def seen_again(image: np.ndarray, generator: np.random.Generator) -> Iterator[tuple]:
    """Yield (name, image, (2, 3) where pixels of the first went, or MIRRORED)."""
    height, width = image.shape[:2]
    for _ in range(2):
        shift = generator.uniform(-0.06, 0.06, 2) * (width, height)
        yield "shifted", *_warped(image, np.column_stack([SAME[:, :2], shift]), (width, height))
    for scale in (0.7, 0.85, 1.3):
        size = round(width * scale), round(height * scale)
        factor = np.divide(size, (width, height))
        moved = np.column_stack([np.diag(factor), (factor - 1) / 2])
        if scale < 1:
            yield "scaled", cv2.resize(image, size, interpolation=cv2.INTER_AREA), moved
        else:
            yield "scaled", *_warped(image, moved, size)
    quality = [cv2.IMWRITE_JPEG_QUALITY, 30]
    yield "compressed", cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR), SAME
    yield "darkened", (image * 0.5).astype(np.uint8), SAME
    yield "mirrored", np.ascontiguousarray(image[:, ::-1]), MIRRORED


def _warped(image, matrix, size):
    return cv2.warpAffine(image, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), matrix


def moved(first: np.ndarray, again: np.ndarray, change: np.ndarray | str, width: int) -> float:
    """Mean distance, in pixels of the crop, of the corners of the first crop from where they lie in the second."""
    corners = alignment.back(CORNERS, first)
    if isinstance(change, str):
        found = _through(corners * (-1, 1) + (width - 1, 0), again) * (-1, 1) + (alignment.CROP_SIZE - 1, 0)
    else:
        found = _through(_through(corners, change), again)
    return float(np.linalg.norm(found - CORNERS, axis=1).mean())


def _through(points, matrix):
    return points @ matrix[:, :2].T + matrix[:, 2]


def moves(image: np.ndarray, detector: Detector, generator: np.random.Generator) -> dict:
    """Name of a change -> list of how far the crop moved; NaN where the face was found the first time alone."""
    first, found = crop_of(image, detector), {}
    if first is not None:
        for name, changed, change in seen_again(image, generator):
            again = crop_of(changed, detector)
            far = np.nan if again is None else moved(first, again, change, image.shape[1])
            found.setdefault(name, []).append(far)
    return found
