"""CenterFace by OpenCV, and dlib's points inside what it finds: exact, upright or turned, in large images and small."""

import cv2
import numpy as np
import pytest

from data.sample import EYE_CENTRES, EYE_CORNERS
from extract.faces import alignment, centerface, dlib_models
from extract.faces.chain import Chain
from extract.faces.detectors import Detector, Face, detector_named, first_found
from extract.faces.landmarks import Landmarks
from tests.extract.images.test_same_face import PHOTO, photograph

pytestmark = pytest.mark.skipif(not PHOTO.exists(), reason="needs the photographs in ../shared/faces")
CENTERFACE = detector_named("centerface")
HOG = detector_named("hog")


@pytest.fixture(scope="module")
def image():
    return photograph()


@pytest.fixture(scope="module")
def face(image):
    (found,) = CENTERFACE.faces(image)
    return found


def moved(points, matrix):
    return points @ matrix[:, :2].T + matrix[:, 2]


def apart(found, expected):
    """Mean distance of the corners of two frames, in pixels of a crop in which the face has 149."""
    found, expected = alignment.frame(found.landmarks), np.asarray(expected)
    side = np.linalg.norm(expected[1] - expected[0])
    return np.linalg.norm(found - expected, axis=1).mean() / side * 149


def test_it_finds_the_face_that_hog_finds_where_hog_finds_it(image, face):
    (expected,) = HOG.faces(image)
    assert face.found_by == "centerface" and face.landmarks.scheme == EYE_CORNERS
    assert apart(face, alignment.frame(expected.landmarks)) < 2.5


@pytest.mark.parametrize("degrees", [-45, -20, 0, 20, 45])
@pytest.mark.parametrize("scale", [0.3, 1, 2.7])
def test_a_face_turned_and_scaled_has_its_points_where_they_belong(image, face, scale, degrees):
    size = int(350 * scale * 1.4)
    matrix = cv2.getRotationMatrix2D((174.5, 174.5), degrees, scale)
    matrix[:, 2] += (size - 1) / 2 - 174.5
    turned = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_AREA, borderValue=(90, 90, 90))
    found = first_found(CENTERFACE.tries(turned))
    assert apart(found[0], moved(alignment.frame(face.landmarks), matrix)) < 5


def test_a_small_face_in_a_large_image_is_found_in_the_finer_search(image, face):
    large = np.full((1500, 2000, 3), 100, np.uint8)
    large[900:960, 1500:1560] = cv2.resize(image, (60, 60), interpolation=cv2.INTER_AREA)
    found = first_found(CENTERFACE.tries(large))
    assert [each.found_by for each in found] == ["centerface_fine"]
    expected = (alignment.frame(face.landmarks) + 0.5) * 60 / 350 - 0.5 + (1500, 900)
    assert apart(found[0], expected) < 12


def test_all_faces_are_each_found_once_largest_first(image):
    large = np.full((800, 1300, 3), 100, np.uint8)
    for x, y, side in ((40, 60, 90), (300, 200, 350), (800, 300, 180)):
        large[y : y + side, x : x + side] = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    found = CENTERFACE.faces(large)
    centres = [alignment.frame(each.landmarks).mean(0) for each in found]
    assert [int(x // 300) for x, _ in centres] == [1, 2, 0]


def test_points_that_contradict_what_was_found_are_not_taken(image, face, monkeypatch):
    upside_down = Landmarks(
        np.array([(100, 300), (150, 300), (260, 300), (210, 300), (180, 200)], np.float32), EYE_CORNERS
    )
    monkeypatch.setattr(dlib_models, "eye_corners", lambda grey, box: upside_down)
    (found,) = CENTERFACE.faces(image)
    assert found.landmarks.scheme == EYE_CENTRES
    assert apart(found, alignment.frame(face.landmarks)) < 25


@pytest.mark.parametrize("size", [(3, 3), (1, 400), (400, 5), (31, 33), (64, 32), (700, 700)])
def test_an_image_without_a_face_has_none_whatever_its_size(size):
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    assert first_found(CENTERFACE.tries(noise)) == [] and CENTERFACE.faces(noise) == []


class Counted(Detector):
    """One try, which finds what it is told to."""

    def __init__(self, *found):
        self.found, self.asked = list(found), 0

    def faces(self, image):
        self.asked += 1
        return self.found


def test_a_chain_asks_each_detector_where_those_before_found_nothing(image, face):
    none, some, last = Counted(), Counted(face), Counted(face)
    chain = Chain("mine", none, some, last)
    assert chain.faces(image) == [face] and (none.asked, some.asked, last.asked) == (1, 1, 0)
    assert first_found(chain.tries(image)) == [face] and (none.asked, some.asked, last.asked) == (2, 2, 0)
    assert len(list(chain.tries(image))) == 3


def test_a_face_moves_with_its_landmarks(face):
    there = face.moved(30, -20, found_by="in_box")
    assert there.box[:2] == (face.box[0] + 30, face.box[1] - 20) and there.box[2:] == face.box[2:]
    np.testing.assert_allclose(there.landmarks.points, face.landmarks.points + np.float32([30, -20]), atol=1e-4)
    assert there.found_by == "in_box" and isinstance(there, Face)


def test_the_cnn_finds_it_too(image, face):
    (found,) = detector_named("cnn").faces(image)
    assert found.found_by == "cnn" and apart(found, alignment.frame(face.landmarks)) < 4


@pytest.mark.parametrize("side", [1, 2, 4])
def test_faces_worth_it_are_found_in_two_searches_at_most(image, face, side, monkeypatch):
    """A face of the picture's own size and one of 60 pixels, in canvases up to four times as large."""
    searched = []
    search = centerface.search
    monkeypatch.setattr(
        centerface, "search", lambda pixels, longest: searched.append(longest) or search(pixels, longest)
    )
    canvas = np.full((400 * side, 400 * side + 100, 3), 100, np.uint8)
    canvas[10 : 10 + image.shape[0], 10 : 10 + image.shape[1]] = image
    small = 60 / max(face.box[2:])
    height, width = (round(length * small) for length in image.shape[:2])
    canvas[-height:, -width:] = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    found = CENTERFACE.visible(canvas)
    assert len(found) == 2 and len(searched) <= 2
    assert apart(found[0], alignment.frame(face.landmarks) + 10) < 5
    assert max(found[1].box[2:]) == pytest.approx(60, rel=0.25)


def test_the_surroundings_of_a_face_have_it_where_it_is(image, face):
    turned = cv2.warpAffine(image, cv2.getRotationMatrix2D((175, 175), 5, 1.03), image.shape[1::-1])
    (expected,) = CENTERFACE.visible(turned)
    (found,) = CENTERFACE.near(turned, face)
    assert apart(found, alignment.frame(expected.landmarks)) < 5 and found.score > 0.4
    assert apart(face, alignment.frame(expected.landmarks)) > 2
