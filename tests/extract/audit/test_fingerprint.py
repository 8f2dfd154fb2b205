"""Thumbnails, hashes and correlations: beside the slow way, and on copies that were made smaller, cropped, mirrored."""

import cv2
import numpy as np
import pytest

from extract.audit.fingerprint import FLATTEST, SIDE, correlation, hashes, mirrored, thumbnail
from tests.extract.made_up import scene


def thumbnails(images, side=SIDE):
    return np.stack([thumbnail(image, side) for image in images])


def plain_correlation(one, other):
    return np.array([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(one.astype(float), other.astype(float))])


SCENES = [scene(seed) for seed in range(40)]


def test_a_thumbnail_is_the_mean_of_areas_stretched_about_its_mean():
    grey = np.zeros((2 * SIDE, 3 * SIDE), np.uint8)
    grey[0, 0] = 60  # one of six pixels of the first area
    assert (thumbnail(grey) == 0).all()  # too faint for a picture
    grey[:, : 3 * SIDE // 2] += 90
    areas = grey.reshape(SIDE, 2, SIDE, 3).mean(axis=(1, 3))
    expected = (areas - areas.mean()) * 127 / np.abs(areas - areas.mean()).max()
    np.testing.assert_allclose(thumbnail(grey), expected, atol=0.501)


@pytest.mark.parametrize("size", [(448, 470), (899, 701), (1600, 1123), (448, 3000)])
def test_a_large_image_gives_the_thumbnail_of_fractional_areas(size):
    image = scene(1, size)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    small = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    expected = (small - small.mean()) * 127 / np.abs(small - small.mean()).max()
    np.testing.assert_allclose(thumbnail(image), expected, atol=4)
    assert np.corrcoef(thumbnail(image).ravel(), expected.ravel())[0, 1] > 0.9995


def test_the_hash_is_the_sign_of_the_lowest_cosine_coefficients():
    small = thumbnails(SCENES)
    places = sorted(((u + v, max(u, v), u), u, v) for u in range(SIDE) for v in range(SIDE))[1:65]
    for one, hashed in zip(small, hashes(small)):
        coefficients = cv2.dct(one.astype(np.float32))
        bits = [coefficients[u, v] > 0 for _, u, v in places]
        assert np.packbits(bits).view(np.uint64)[0] == hashed


def test_hashes_in_blocks_are_those_of_one_image_alone():
    small = np.tile(thumbnails(SCENES[:3]), (3000, 1, 1))  # beyond a block
    assert (hashes(small).reshape(-1, 3) == hashes(small[:3])).all()
    assert hashes(small[:0]).shape == (0,)


def test_the_hash_of_a_mirrored_image_without_the_mirror():
    small = thumbnails(SCENES)
    assert (mirrored(hashes(small)) == hashes(small[:, :, ::-1])).mean() == 1
    assert (mirrored(hashes(small)) != hashes(small)).all()  # else the mask would do nothing
    assert (mirrored(mirrored(hashes(small))) == hashes(small)).all()


def test_correlation_is_the_plain_one_where_no_motion_helps_and_never_far_below_it():
    small = thumbnails(SCENES)
    np.testing.assert_allclose(correlation(small, small), 1, atol=1e-5)
    one, other = small[:-1], small[1:]
    assert (correlation(one, other) > plain_correlation(one, other) - 0.02).all()
    assert correlation(one, other).max() < 0.9


def test_correlation_is_symmetric_and_blind_to_contrast():
    one, other = thumbnails(SCENES[:20]), thumbnails(SCENES[20:])
    np.testing.assert_allclose(correlation(one, other), correlation(other, one), atol=1e-5)
    np.testing.assert_allclose(correlation(one, other), correlation(one // 2, other), atol=0.01)


@pytest.mark.parametrize("crop", [(0.03, 0, 0, 0), (0, 0.03, 0, 0.0), (0.02, 0.02, 0, 0), (0.015, 0.015, 0.015, 0.015)])
@pytest.mark.parametrize("side", [SIDE, 2 * SIDE])
def test_a_cropped_copy_correlates_where_the_plain_measure_has_fallen(crop, side):
    copies = []
    for image in SCENES:
        height, width = image.shape[:2]
        top, left, bottom, right = (round(share * size) for share, size in zip(crop, (height, width, height, width)))
        copies.append(np.ascontiguousarray(image[top : height - bottom, left : width - right]))
    one, other = thumbnails(SCENES, side), thumbnails(copies, side)
    ours, plain = correlation(one, other), plain_correlation(one, other)
    assert (ours > 0.97).all()
    assert (1 - ours).mean() < (1 - plain).mean() / 3


def test_a_flat_image_has_no_picture_and_correlates_with_nothing():
    noisy = np.random.default_rng(0).normal(128, FLATTEST, (60, 60)).astype(np.uint8)
    flat = thumbnails([np.full((50, 40, 3), 200, np.uint8), noisy])
    assert not flat.any()
    assert np.abs(correlation(flat, thumbnails(SCENES[:2]))).max() < 0.5 and np.isfinite(correlation(flat, flat)).all()
    assert correlation(flat, flat).max() == 0


@pytest.mark.parametrize("size", [(8, 8), (8, 300), (13, 15)])
def test_images_smaller_than_the_thumbnail(size):
    image = scene(0, size)
    assert np.abs(thumbnail(image).astype(int)).max() == 127
