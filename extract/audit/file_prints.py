"""The files of a listing, each once and by its number, read in supervised processes to what can be compared."""

import functools
import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from extract.audit.fingerprint import SIDE, thumbnail
from extract.images.decode import Undecodable, load, one_thread
from extract.workers import Failed, supervise


@dataclass(frozen=True)
class Prints:
    """What was read of each of F files; zero where it could not be read."""

    digest: np.ndarray  # (F, 32) uint8, sha256 of the bytes
    thumbnail: np.ndarray  # (F, SIDE, SIDE) int8
    readable: np.ndarray  # (F,)


class ListedFiles:
    """F files, numbered in the order of their first row. `failed`: number -> Failed of those that could not be read."""

    def __init__(self, samples: list, root: Path, *, workers: int):
        self.rows = Counter(sample.path for sample in samples)  # a list may repeat a file
        self.number = {path: number for number, path in enumerate(self.rows)}
        self.sources = list({sample.path: (sample.path, sample.pixels) for sample in samples}.values())
        self.root, self.workers, self.failed = root, workers, {}

    def prints(self, progress: Callable) -> Prints:
        """Prints of all files, whatever the order of completion; progress(rows) is called as they are done."""
        count = len(self.sources)
        prints = Prints(np.zeros((count, 32), np.uint8), np.zeros((count, SIDE, SIDE), np.int8), np.zeros(count, bool))
        for number, (digest, small) in self._read(range(count), SIDE, progress):
            prints.digest[number], prints.thumbnail[number], prints.readable[number] = list(digest), small, True
        return prints

    def details(self, numbers: np.ndarray) -> np.ndarray:
        """(M, 2 SIDE, 2 SIDE) int8 finer thumbnails of the files of ascending `numbers` (M,).

        Zero where a file can no longer be read."""
        details = np.zeros((len(numbers), 2 * SIDE, 2 * SIDE), np.int8)
        for number, (_, fine) in self._read(numbers.tolist(), 2 * SIDE, lambda rows: None):
            details[np.searchsorted(numbers, number)] = fine
        return details

    def _read(self, numbers, side, progress):
        """Yield (number, (digest, thumbnail)) in the order of completion."""
        if not numbers:
            return
        items = ((number, self.sources[number]) for number in numbers)
        work = functools.partial(examine, root=self.root, side=side)
        for number, result in supervise(work, items, workers=min(self.workers, len(numbers))):
            progress(self.rows[self.sources[number][0]])
            if isinstance(result, Failed):
                self.failed[number] = result
            else:
                yield number, result


def examine(source: tuple, *, root: Path, side: int) -> tuple | Failed:
    """(sha256 of the bytes, thumbnail) of one (path, pixels or None), or Failed."""
    path, pixels = source
    one_thread()
    if pixels is not None:
        return hashlib.sha256(pixels.tobytes()).digest(), thumbnail(pixels, side)
    try:
        data, image = load(root, path)
    except Undecodable as error:
        return Failed(error.status, str(error))
    return hashlib.sha256(data).digest(), thumbnail(image, side)
