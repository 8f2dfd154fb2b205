"""Alignment: recovered transforms, schemes that agree, crops that do not depend on how the face lay in its
photograph."""

import cv2
import numpy as np
import pytest

from data.runtime.failures import Refused
from data.sample import EYE_CENTRES, EYE_CORNERS, POINTS_68
from extract.faces import alignment
from extract.faces.landmarks import Landmarks


def transform(scale, degrees, shift):
    cosine, sine = scale * np.cos(np.radians(degrees)), scale * np.sin(np.radians(degrees))
    return np.array([[cosine, -sine, shift[0]], [sine, cosine, shift[1]]])


def moved(points, matrix):
    return points @ matrix[:, :2].T + matrix[:, 2]


@pytest.mark.parametrize("scale, degrees", [(0.3, 0), (1.7, 35), (1, -90), (0.8, 180)])
def test_a_known_similarity_is_recovered(scale, degrees):
    points = np.random.default_rng(0).normal(size=(5, 2)) * 30
    known = transform(scale, degrees, (12, -7))
    np.testing.assert_allclose(alignment.similarity(points, moved(points, known)), known, atol=1e-9)


def test_the_fit_is_the_least_squares_one():
    generator = np.random.default_rng(1)
    points, target = generator.normal(size=(2, 6, 2))
    # the slow way: unknowns a, c, b1, b2 of the similarity as an ordinary linear system
    system = np.array([row for x, y in points for row in ((x, -y, 1, 0), (y, x, 0, 1))])
    a, c, b1, b2 = np.linalg.lstsq(system, target.ravel(), rcond=None)[0]
    np.testing.assert_allclose(alignment.similarity(points, target), [[a, -c, b1], [c, a, b2]], atol=1e-9)


def test_mirrored_points_are_not_mirrored_back():
    points = alignment.template("eye corners")
    fit = alignment.similarity(points * (-1, 1), points)
    assert np.linalg.det(fit[:, :2]) > 0


def test_coinciding_landmarks_are_refused():
    with pytest.raises(ValueError, match="coincide"):
        alignment.similarity(np.ones((5, 2)), alignment.template("eye corners"))


def test_68_points_and_the_detectors_5_give_the_same_crop():
    generator = np.random.default_rng(2)
    landmarks = generator.uniform(20, 200, (68, 2)).astype(np.float32)
    five = landmarks[[45, 42, 36, 39, 33]]
    np.testing.assert_allclose(
        alignment.similarity(*alignment.anchors(Landmarks(landmarks, POINTS_68))),
        alignment.similarity(*alignment.anchors(Landmarks(five, EYE_CORNERS))),
    )


@pytest.mark.parametrize("scale, degrees", [(1.0, 20), (0.7, -40), (3.0, 180), (5.0, 10)])
def test_a_photograph_turned_and_scaled_gives_the_same_crop(scale, degrees):
    base = np.zeros((224, 224, 3), np.uint8)
    points = alignment.template("eye corners")
    for x, y in points:
        cv2.circle(base, (round(x), round(y)), 9, (255, 200, 90), -1)
    size = int(224 * scale * 1.5)
    known = transform(scale, degrees, (0, 0))
    known[:, 2] = size / 2 - known[:, :2] @ (112, 112)
    photograph = cv2.warpAffine(base, known, (size, size), flags=cv2.INTER_CUBIC)
    crop = alignment.crop(photograph, alignment.similarity(moved(points, known), points))
    assert np.abs(crop.astype(int) - base).mean() < 6


SPOT = 9.0  # its deviation in pixels of the crop


def spot(size, place, deviation):
    """(H, W) uint8: an analytic picture of a Gaussian spot, each pixel the value at its centre."""
    columns, rows = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    squared = (columns - place[0]) ** 2 + (rows - place[1]) ** 2
    return np.round(255 * np.exp(-squared / (2 * deviation**2))).astype(np.uint8)


def centre(crop):
    """Where the spot in a crop is, by its moments."""
    weights = crop.astype(float)
    columns, rows = np.meshgrid(np.arange(crop.shape[1]), np.arange(crop.shape[0]))
    return np.array([(weights * columns).sum(), (weights * rows).sum()]) / weights.sum()


def away(scale, degrees, place):
    """How far, in pixels of the crop, a spot of a photograph lies from where it belongs, which is at `place`. A face is
    `scale` times as large in the photograph as in the crop."""
    size = (int(240 * scale) + 37, int(230 * scale) + 23)  # odd sides: they do not shrink to whole pixels
    known = transform(1 / scale, degrees, (0, 0))
    known[:, 2] = place - known[:, :2] @ (0.45 * size[0] + 0.3, 0.52 * size[1] - 0.2)
    photograph = spot(size, (0.45 * size[0] + 0.3, 0.52 * size[1] - 0.2), SPOT * scale)
    return np.linalg.norm(centre(alignment.crop(photograph, known)) - place)


@pytest.mark.parametrize("place", [(111.5, 111.5), (70.2, 90.9), (140.6, 150.1)])
@pytest.mark.parametrize("degrees", [0, 17, 90, -135])
@pytest.mark.parametrize("scale", [0.2, 0.37, 1, 1.9, 2.1, 3.3, 7.7, 20])
def test_a_spot_lies_within_a_tenth_of_a_pixel_of_its_place(scale, degrees, place):
    """Faces from a twentieth of the crop's size to five times as large as it are 20 to 0.2 here."""
    assert away(scale, degrees, place) < 0.1


def test_a_wrong_sign_or_no_correction_at_all_is_found(monkeypatch):
    """The control. Half a pixel of the image that is reduced is what it is about."""
    reduced = alignment._reduced
    for change in (-1, -2):

        def wrong(image, matrix, scale, change=change):
            image, right = reduced(image, matrix, scale)
            factor = np.hypot(*right[:, 0]) / np.hypot(*matrix[:, 0])
            right[:, 2] += change * matrix[:, :2] @ ((factor - 1) / 2 * np.ones(2))
            return image, right

        monkeypatch.setattr(alignment, "_reduced", wrong)
        assert away(3.3, 17, (111.5, 111.5)) > 0.15


def test_the_whole_image_fills_the_crop():
    image = np.zeros((48, 48, 3), np.uint8)
    image[:24] = 200
    assert alignment.whole(image).shape == (224, 224, 3)
    assert alignment.whole(image)[50, 100, 0] == 200 and alignment.whole(image)[180, 100, 0] == 0


def test_the_mouth_is_left_out_of_the_fit():
    points = np.random.default_rng(4).uniform(20, 80, (5, 2)).astype(np.float32)
    smiling = points + np.float32([[0, 0], [0, 0], [0, 0], [-9, -4], [9, -4]])
    fits = [alignment.similarity(*alignment.anchors(Landmarks(each, EYE_CENTRES))) for each in (points, smiling)]
    np.testing.assert_array_equal(*fits)
    moved_nose = points + np.float32([[0, 0], [0, 0], [0, 5], [0, 0], [0, 0]])  # the control
    assert not np.array_equal(alignment.similarity(*alignment.anchors(Landmarks(moved_nose, EYE_CENTRES))), fits[0])


@pytest.mark.parametrize(
    "count, scheme, match",
    [
        (5, "", "known are '68 points', 'eye corners', 'eye centres'"),
        (98, "98 points", "scheme '98 points'"),
        (68, EYE_CORNERS, r"shape \(68, 2\); the scheme 'eye corners' has \(5, 2\)"),
    ],
)
def test_an_unknown_scheme_or_another_number_of_points_is_refused_and_never_guessed(count, scheme, match):
    with pytest.raises(Refused, match=match):
        Landmarks(np.zeros((count, 2), np.float32), scheme)


def corners(transformed=((1, 0, 0), (0, 1, 0))):
    """Landmarks of the template's own face, moved."""
    return Landmarks(
        moved(alignment.template(EYE_CORNERS), np.array(transformed, float)).astype(np.float32), EYE_CORNERS
    )


def test_a_frame_is_the_square_that_the_face_fills():
    side = 223 / 1.5  # a quarter of it lies around it on each side
    square = np.array([(0, 0), (side, 0), (side, side), (0, side)]) + side / 4
    np.testing.assert_allclose(alignment.frame(corners()), square, atol=1e-4)
    known = transform(2, 90, (300, 10))
    np.testing.assert_allclose(alignment.frame(corners(known)), moved(square, known), atol=1e-3)


@pytest.mark.parametrize(
    "known, same",
    [
        (transform(1, 0, (60, 0)), True),
        (transform(1, 0, (90, 0)), False),  # a neighbour
        (transform(1, 0, (0, 0)) * 1.5 - [[0, 0, 56], [0, 0, 56]], True),
        (transform(1, 0, (0, 0)) * 2.2 - [[0, 0, 134], [0, 0, 134]], False),  # a face behind it
    ],
)
def test_landmarks_of_one_face_are_told_from_those_of_another(known, same):
    assert alignment.alike(corners(), corners(known)) is same
    assert alignment.alike(corners(known), corners()) is same


@pytest.mark.parametrize("degrees, same", [(35, True), (47, False), (180, False)])
def test_landmarks_that_are_turned_are_another_reading(degrees, same):
    known = transform(1, degrees, (0, 0))
    known[:, 2] = (111.5, 111.5) - known[:, :2] @ (111.5, 111.5)
    assert alignment.alike(corners(), corners(known)) is same
