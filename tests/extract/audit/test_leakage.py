"""Pairs across splits: beside a loop over all pairs, and as lines of a CSV."""

import csv
import itertools

import cv2
import numpy as np
import pytest

from extract.audit import leakage
from extract.audit.fingerprint import SIDE, hashes, mirrored, thumbnail
from extract.audit.leakage import (
    COLUMNS,
    IDENTICAL,
    MIRRORED,
    MOST_BITS,
    NEAR,
    Pairs,
    confirmed,
    most_alike_first,
    suspects,
    within,
    write_csv,
)
from extract.images.decode import decode
from tests.extract.made_up import scene
from tests.places import FACES


def random_hashes(count, seed):
    """Made-up hashes in clusters, so that there are pairs at every distance."""
    generator = np.random.default_rng(seed)
    centres = generator.integers(0, 2**64, max(1, count // 5), np.uint64)
    flips = generator.random((count, 64)) < generator.random((count, 1)) / 4
    return centres[generator.integers(0, len(centres), count)] ^ np.packbits(flips, axis=1).view(np.uint64).ravel()


def bits_between(one, other):
    return (int(one) ^ int(other)).bit_count()


def triples(pairs):
    return list(zip(pairs.one.tolist(), pairs.other.tolist(), pairs.distance.tolist(), pairs.kind.tolist()))


def as_pairs(*rows):
    return Pairs(*np.array(rows, np.int32).reshape(-1, 4).T)


@pytest.mark.parametrize("block", [7, 100, 1 << 17])
def test_hashes_within_some_bits_are_those_of_a_loop(block, monkeypatch):
    monkeypatch.setattr(leakage, "BLOCK", block)
    hashed = random_hashes(100, 0)
    one, other = hashed[:60], hashed[60:]
    expected = {
        (i, j, bits_between(a, b))
        for i, a in enumerate(one)
        for j, b in enumerate(other)
        if bits_between(a, b) <= MOST_BITS
    }
    found = list(zip(*(column.tolist() for column in within(one, other))))
    assert sorted(found) == sorted(expected) and len(found) > 20
    assert {distance for _, _, distance in found} >= {1, MOST_BITS}


def test_suspects_stand_in_different_splits_and_are_those_of_a_loop():
    hashed, content = random_hashes(150, 1), np.arange(150)
    splits = np.sort(np.random.default_rng(2).integers(0, 3, 150))
    content[140], hashed[140] = content[3], hashed[3]
    expected = []
    for one, other in itertools.combinations(range(150), 2):
        same = content[one] == content[other]
        for kind, seen in ((NEAR, hashed[other]), (MIRRORED, mirrored(hashed[other : other + 1])[0])):
            distance = bits_between(hashed[one], seen)
            if splits[one] != splits[other] and distance <= MOST_BITS and not (same and kind == MIRRORED):
                expected.append((one, other, distance, IDENTICAL if same else kind))
    found = triples(suspects(splits, content, hashed))
    assert sorted(found) == sorted(expected)
    assert {kind for *_, kind in found} >= {IDENTICAL, NEAR} and (3, 140, 0, IDENTICAL) in found


@pytest.mark.parametrize("splits", [[], [0, 0, 0], [0, 1, 2]])
def test_nothing_to_find(splits):
    found = suspects(
        np.array(splits, int),
        np.arange(len(splits)),
        np.arange(len(splits), dtype=np.uint64) * np.uint64(0x0123456789ABCDEF),
    )
    assert len(found) == len(most_alike_first(found)) == 0


def test_only_pictures_that_correlate_are_confirmed_and_identical_bytes_always():
    small = np.stack([thumbnail(scene(seed)) for seed in (0, 0, 1)] + [thumbnail(scene(0)[:, ::-1])])
    rows = as_pairs(
        (0, 1, 0, NEAR),
        (0, 2, 3, NEAR),
        (0, 2, 3, IDENTICAL),
        (0, 3, 0, MIRRORED),
        (0, 3, 0, NEAR),
        (0, 1, 0, MIRRORED),
    )
    assert triples(confirmed(rows, lambda places: small[places])) == [
        (0, 1, 0, NEAR),
        (0, 2, 3, IDENTICAL),
        (0, 3, 0, MIRRORED),
    ]


def test_more_pairs_than_are_looked_at_together():
    small = np.stack([thumbnail(scene(seed)) for seed in (0, 1)])
    count = 9001
    rows = Pairs(np.zeros(count, int), np.arange(count) % 2, np.zeros(count, int), np.full(count, NEAR))
    assert len(confirmed(rows, lambda places: small[places])) == 4501


def test_each_pair_once_and_the_most_alike_first():
    rows = as_pairs(
        (2, 9, 4, MIRRORED),
        (0, 5, 7, NEAR),
        (0, 5, 2, MIRRORED),
        (1, 8, 0, NEAR),
        (3, 7, 0, IDENTICAL),
        (2, 7, 0, IDENTICAL),
    )
    assert triples(most_alike_first(rows)) == [
        (2, 7, 0, IDENTICAL),
        (3, 7, 0, IDENTICAL),
        (1, 8, 0, NEAR),
        (2, 9, 4, MIRRORED),
        (0, 5, 7, NEAR),
    ]


def test_hashes_tell_scenes_apart():
    hashed = hashes(np.stack([thumbnail(scene(seed)) for seed in range(200)]))
    assert len(within(hashed[:100], hashed[100:])[0]) == 0


def test_every_pair_is_a_line_of_the_csv(tmp_path):
    places = [("train", "a, b.jpg", 1), ("train", "c.jpg", -1), ("test", "d.jpg", 0)]
    write_csv(as_pairs((0, 2, 0, IDENTICAL), (1, 2, 9, MIRRORED)), places, tmp_path / "pairs.csv")
    with open(tmp_path / "pairs.csv", newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [
            list(COLUMNS),
            ["train", "a, b.jpg", "happiness", "test", "d.jpg", "neutral", "0", "identical"],
            ["train", "c.jpg", "", "test", "d.jpg", "neutral", "9", "mirrored"],
        ]


def photographs(every):
    if not FACES.is_dir():
        pytest.skip("the photographs of ../shared/faces are not at hand")
    return [decode(path.read_bytes()) for path in sorted((FACES / "images").iterdir())[::every]]


def found_between(ones, others):
    """Triples (one, other, kind) of images found to be one picture, by both measures."""

    def small(side):
        return np.stack([thumbnail(image, side) for image in (*ones, *others)])

    coarse, fine = small(SIDE), small(2 * SIDE)
    splits = np.repeat([0, 1], [len(ones), len(others)])
    pairs = suspects(splits, np.arange(len(splits)), hashes(coarse))
    pairs = most_alike_first(confirmed(confirmed(pairs, lambda places: coarse[places]), lambda places: fine[places]))
    return [(one, other - len(ones), kind) for one, other, _, kind in triples(pairs)]


def compressed(image):
    return decode(cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 50])[1].tobytes())


@pytest.mark.parametrize(
    "change, kind, least",
    [
        (compressed, NEAR, 1.0),
        (lambda image: cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), NEAR, 0.98),
        (lambda image: cv2.resize(image, None, fx=2, fy=2), NEAR, 1.0),
        (lambda image: image[2 * len(image) // 100 :], NEAR, 0.98),
        (lambda image: image // 2 + 40, NEAR, 1.0),
        (lambda image: np.ascontiguousarray(image[:, ::-1]), MIRRORED, 1.0),
    ],
    ids=["JPEG 50", "half", "double", "2 % cropped", "less contrast", "mirrored"],
)
def test_changed_copies_of_photographs_are_found_and_nothing_else_is(change, kind, least):
    images = photographs(every=48)
    found = found_between(images, [change(image) for image in images])
    assert len(images) > 75 and sum(one == other for one, other, _ in found) >= least * len(images)
    assert all(one == other and found_as == kind for one, other, found_as in found)


def test_a_picture_cropped_by_half_is_another_picture():
    """The control: what is found depends on the picture, not on its place in the list."""
    images = photographs(every=96)
    assert not found_between(images, [np.ascontiguousarray(image[len(image) // 2 :]) for image in images])
