"""Two people in one picture, of whom the data set means one: toy faces, or photographs where there are any."""

import cv2
import numpy as np

from extract.toy import toy_corpus
from extract.toy.picture import draw
from extract.toy.shape import Expression


def toy_face(seed):
    """(image (S, S, 3) uint8, 68 landmarks) of one toy face, upright."""
    expression = Expression(arousal=0.2, valence=0.3, dominance=0.0)
    return draw(expression, toy_corpus.DOMAINS["affectnet"].style, np.random.default_rng(seed))


def turned(image, points, quarters):
    """An image and points in it, a quarter turn to the left `quarters` times."""
    for _ in range(quarters):
        image, points = np.rot90(image), np.stack([points[:, 1], image.shape[1] - 1 - points[:, 0]], 1)
    return np.ascontiguousarray(image), points


def beside(labelled, points, bystander):
    """(image, points, x where the bystander begins) of two images of any size, side by side on one canvas."""
    height = max(labelled.shape[0], bystander.shape[0])
    canvas = np.full((height, labelled.shape[1] + bystander.shape[1], 3), 127, np.uint8)
    canvas[: labelled.shape[0], : labelled.shape[1]] = labelled
    canvas[: bystander.shape[0], labelled.shape[1] :] = bystander
    return canvas, points, labelled.shape[1]


def box_around(points, *, margin=0.0):
    """x, y, width, height around points, with a margin on each side as a share of the longer one."""
    (left, top), (right, bottom) = points.min(0), points.max(0)
    reach = margin * max(right - left, bottom - top)
    return tuple(
        float(side) for side in (left - reach, top - reach, right - left + 2 * reach, bottom - top + 2 * reach)
    )


def jpeg(image):
    """The bytes of an image as a JPEG file."""
    return cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
