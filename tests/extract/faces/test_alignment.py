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
