"""Faces and five landmarks by dlib: the only file that imports it.

dlib's HOG detector is trained into the library; its 5-point predictor comes with face_recognition_models, of which only
the weights file is used (importing the package needs the long-removed pkg_resources)."""

import functools
import hashlib
import importlib.util
from pathlib import Path

import cv2
import numpy as np

from data.runtime.failures import Refused
from data.sample import EYE_CORNERS
from extract.faces.detectors import Detector, Face, version_of
from extract.faces.landmarks import Landmarks

LANDMARKS_FILE = "shape_predictor_5_face_landmarks.dat"
LANDMARKS_SHA256 = "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888"

LONGEST_SIDE = 1280  # larger images are reduced before the first try: HOG time grows with area, and faces stay large
ENLARGED_SIDE = 240  # third try: tight crops are enlarged, since the detector's window is 80 pixels wide,
BORDER = 0.3  # and padded by this share of the side, since HOG needs the outline of the head


def weights_path() -> Path:
    """Where the 5-point weights lie. Raises FileNotFoundError, Refused (another file than expected)."""
    found = importlib.util.find_spec("face_recognition_models")
    if found is None:
        raise FileNotFoundError(
            "dlib's 5-point landmark weights are missing; pip install 'face_recognition_models>=0.3'"
        )
    path = Path(found.submodule_search_locations[0]) / "models" / LANDMARKS_FILE
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; pip install 'face_recognition_models>=0.3' (older wheels lack it)")
    if hashlib.sha256(path.read_bytes()).hexdigest() != LANDMARKS_SHA256:
        raise Refused(f"{path} has another sha256 than the 5-point weights of dlib; reinstall face_recognition_models")
    return path


class HogDetector(Detector):
    """HOG detection in three tries, each only where the last found nothing."""

    name = "hog"
    weights = LANDMARKS_SHA256
    library = "dlib-bin"

    def identity(self) -> dict:
        """As headers had it before there was a choice of detectors: one without `detector` means this one, and caches
        of that time stay valid."""
        return {"dlib": version_of(self.library)}

    def __reduce__(self):
        return HogDetector, ()  # every process loads its own

    @functools.cached_property
    def _detect(self):
        import dlib

        return dlib.get_frontal_face_detector()

    @functools.cached_property
    def _predict(self):
        import dlib

        return dlib.shape_predictor(str(weights_path()))

    def faces(self, image: np.ndarray) -> list[Face]:
        """As Detector.faces, by the first try that finds one."""
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        for attempt in (self._as_is, self._upsampled, self._enlarged):
            found = attempt(grey)
            if found:
                return sorted(found, key=lambda face: -face.box[2] * face.box[3])
        return []

    def _as_is(self, grey):
        scale = min(1.0, LONGEST_SIDE / max(grey.shape))
        return self._search(_resized(grey, scale), upsample=0, scale=scale, offset=0, found_by="as_is")

    def _upsampled(self, grey):
        scale = min(1.0, LONGEST_SIDE / max(grey.shape))
        return self._search(_resized(grey, scale), upsample=1, scale=scale, offset=0, found_by="upsampled")

    def _enlarged(self, grey):
        scale = ENLARGED_SIDE / max(grey.shape)
        border = int(BORDER * ENLARGED_SIDE)
        padded = cv2.copyMakeBorder(_resized(grey, scale), *[border] * 4, cv2.BORDER_REPLICATE)
        return self._search(padded, upsample=0, scale=scale, offset=border, found_by="enlarged")

    def _search(self, grey, *, upsample, scale, offset, found_by):
        grey = np.ascontiguousarray(grey)  # dlib reads strided arrays as if they were not
        return [self._face(grey, box, scale, offset, found_by) for box in self._detect(grey, upsample)]

    def _face(self, grey, box, scale, offset, found_by):
        shape = self._predict(grey, box)
        points = np.array([(part.x, part.y) for part in shape.parts()], np.float32)
        corner = np.array([box.left(), box.top()], np.float32)
        x, y = (corner - offset) / scale
        landmarks = Landmarks((points - offset) / scale, EYE_CORNERS)
        return Face((float(x), float(y), box.width() / scale, box.height() / scale), landmarks, found_by)


def _resized(grey, scale):
    if scale == 1.0:
        return grey
    size = tuple(max(1, round(side * scale)) for side in reversed(grey.shape))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


DETECTOR = HogDetector()
