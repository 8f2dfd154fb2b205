"""What dlib gives: two detectors of faces, and the five points of a face. The only file that imports it.

The HOG detector is trained into the library. The weights of the others come with face_recognition_models, of which only
the files are used (importing the package needs the long-removed pkg_resources). The predictor is loaded once a process,
the detectors, which keep what they work on, once a thread."""

import functools

import numpy as np

from data.sample import EYE_CORNERS
from extract.faces.landmarks import Landmarks
from extract.faces.weights import Weights
from extract.threads import one_a_thread

_WHEEL = {"package": "face_recognition_models", "requirement": "face_recognition_models>=0.3"}
FIVE_POINTS = Weights(
    "models/shape_predictor_5_face_landmarks.dat",
    "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
    **_WHEEL,
)
CNN = Weights(
    "models/mmod_human_face_detector.dat",
    "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6",
    **_WHEEL,
)


def hog_boxes(grey: np.ndarray, upsample: int = 0) -> list[tuple]:
    """(left, top, width, height) of the faces in an (H, W) uint8 image, doubled in size `upsample` times before."""
    # dlib reads strided arrays as if they were not
    return [_sides(box) for box in _hog()(np.ascontiguousarray(grey), upsample)]


def cnn_boxes(image: np.ndarray) -> list[tuple]:
    """(left, top, width, height) of the faces in an (H, W, 3) uint8 RGB image, by dlib's CNN."""
    return [_sides(found.rect) for found in _cnn()(np.ascontiguousarray(image), 0)]


def eye_corners(grey: np.ndarray, box: tuple) -> Landmarks:
    """Five points of the face in a box (left, top, width, height) of an (H, W) uint8 image, all in whole pixels."""
    import dlib

    left, top, width, height = box
    rectangle = dlib.rectangle(left, top, left + width - 1, top + height - 1)
    parts = _predictor()(np.ascontiguousarray(grey), rectangle).parts()
    return Landmarks(np.array([(part.x, part.y) for part in parts], np.float32), EYE_CORNERS)


def _sides(box):
    return box.left(), box.top(), box.width(), box.height()


@one_a_thread
def _hog():
    import dlib

    return dlib.get_frontal_face_detector()


@one_a_thread
def _cnn():
    import dlib

    return dlib.cnn_face_detection_model_v1(str(CNN.path()))


@functools.cache
def _predictor():
    import dlib

    return dlib.shape_predictor(str(FIVE_POINTS.path()))
