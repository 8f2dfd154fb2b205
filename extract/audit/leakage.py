"""Pairs of images that stand in different splits and are one picture: the same bytes, nearly the same, or mirrored.

Three sieves, each finer than the last: 64-bit hashes, correlation of 14 x 14 thumbnails, correlation of 28 x 28 ones.
Measured on 3,821 photographs of faces (`python -m tests.benchmarks.check faces/ --images 300`), it finds all copies in
JPEG of quality 50 to 95, in grey, mirrored, enlarged, darkened to 60 %; 99.7 % at half the size; 96 % where light parts
saturate; 99.3 % with 2 % cut off two sides, 94.3 % with 3 %, 87 % with 3 % off all four, 4 % with 5 %. Of the 7.3
million pairs of photographs, straight and mirrored, it reports 12, each of frames of one shot. None is of two people,
who correlate to 0.951 at most; the hash alone would report 4,378. So near-identical means one photograph, or
neighbouring frames of one film."""

import csv
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.emotions import EMOTIONS
from extract.audit import fingerprint

KINDS = ("identical", "near-identical", "mirrored")
IDENTICAL, NEAR, MIRRORED = range(len(KINDS))
MOST_BITS = 12  # of 64; different people come as near as 4
LEAST = {fingerprint.SIDE: 0.95, 2 * fingerprint.SIDE: 0.965}  # correlation of thumbnails, by their side
BLOCK = 1 << 17  # hashes compared at once: 1 MB
COLUMNS = ("split", "path", "emotion", "other_split", "other_path", "other_emotion", "distance", "kind")


@dataclass(frozen=True)
class Pairs:
    """Pairs of images as columns of equal length."""

    one: np.ndarray  # place of the first image
    other: np.ndarray  # place of the second, behind the first
    distance: np.ndarray  # bits of the hashes that differ
    kind: np.ndarray  # index in KINDS

    def __len__(self) -> int:
        return len(self.one)

    def where(self, kept: np.ndarray) -> "Pairs":
        """The pairs that a mask or an array of indices picks."""
        return Pairs(self.one[kept], self.other[kept], self.distance[kept], self.kind[kept])

    def of(self, kind: int) -> "Pairs":
        """The pairs of one kind."""
        return self.where(self.kind == kind)


def suspects(splits: np.ndarray, content: np.ndarray, hashed: np.ndarray) -> Pairs:
    """Pairs of places in different splits whose hashes differ in at most MOST_BITS.

    splits (P,): the split of each place, ascending; content (P,): equal where the bytes are equal; hashed (P,): the
    hashes as uint64."""
    found = [np.empty((4, 0), np.int32)]
    for first, second in itertools.combinations(np.unique(splits), 2):
        ones, others = np.flatnonzero(splits == first), np.flatnonzero(splits == second)
        for kind, seen in ((NEAR, hashed[others]), (MIRRORED, fingerprint.mirrored(hashed[others]))):
            one, other, distance = within(hashed[ones], seen)
            one, other = ones[one], others[other]
            same = content[one] == content[other]
            kept = ~same | (kind == NEAR)  # a copy is not a mirror image of itself, however symmetric
            found.append(np.stack([one, other, distance, np.where(same, IDENTICAL, kind)])[:, kept].astype(np.int32))
    return Pairs(*np.concatenate(found, axis=1))


def within(one: np.ndarray, other: np.ndarray, bits: int = MOST_BITS) -> np.ndarray:
    """(3, P) int64: i, j, distance of the P pairs of hashes one (N,) and other (M,) that differ in at most `bits`."""
    found = [np.empty((3, 0), np.int64)]
    differing, count = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint8)
    for start in range(0, len(one), BLOCK):
        block = one[start : start + BLOCK]
        differing, count = differing[: len(block)], count[: len(block)]
        for column, hashed in enumerate(other):
            np.bitwise_count(np.bitwise_xor(block, hashed, out=differing), out=count)
            rows = np.flatnonzero(count <= bits)
            if len(rows):
                found.append(np.stack([rows + start, np.full_like(rows, column), count[rows]]))
    return np.concatenate(found, axis=1)


def confirmed(pairs: Pairs, thumbnails: Callable) -> Pairs:
    """The pairs whose thumbnails correlate as those of one picture do, and the identical ones.

    thumbnails: function of places (M,) to (M, S, S) int8."""
    kept = pairs.kind == IDENTICAL
    doubtful = np.flatnonzero(~kept)
    for start in range(0, len(doubtful), 1024):
        rows = doubtful[start : start + 1024]
        one, other = thumbnails(pairs.one[rows]), thumbnails(pairs.other[rows])
        turned = np.where((pairs.kind[rows] == MIRRORED)[:, None, None], other[:, :, ::-1], other)
        kept[rows] = fingerprint.correlation(one, turned) >= LEAST[one.shape[1]]
    return pairs.where(kept)


def most_alike_first(pairs: Pairs) -> Pairs:
    """Each pair once, of several kinds as the first in KINDS; identical ones first, then by distance, then by place."""
    pairs = pairs.where(np.lexsort((pairs.kind, pairs.other, pairs.one)))
    repeated = np.zeros(len(pairs), bool)
    repeated[1:] = (np.diff(pairs.one) == 0) & (np.diff(pairs.other) == 0)
    pairs = pairs.where(~repeated)
    return pairs.where(np.lexsort((pairs.other, pairs.one, pairs.distance, pairs.kind != IDENTICAL)))


def write_csv(pairs: Pairs, places: list, path: Path) -> None:
    """Every pair as a line; places: list of (split, path, emotion)."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for one, other, distance, kind in zip(pairs.one, pairs.other, pairs.distance, pairs.kind):
            writer.writerow((*_cells(places[one]), *_cells(places[other]), distance, KINDS[kind]))


def _cells(place):
    split, path, emotion = place
    return split, path, EMOTIONS[emotion] if emotion >= 0 else ""
