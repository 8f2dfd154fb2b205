"""Aligned crops as uint8 batches at the network's image size, decoded ahead of whoever takes them."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from data.files.cache import header_of, open_cache, read_split
from data.files.hdf5 import mapped
from data.runtime.failures import Refused
from data.runtime.ranks import own_cpus
from extract.crops.people import PEOPLE
from extract.faces.alignment import CROP_SIZE, shrunk
from extract.images.decode import decode
from extract.threads import Threads, ahead

KEPT_BYTES = 2**31  # up to here the pixels of a split are decoded once and kept
LABELS = ("emotion", "valence_arousal", "row", "face", "path")


class StoredCrops:
    """One split of aligned/NAME.h5: its labels in memory, its pixels on demand. An empty split has length 0.

    `cluster` (n,) names the person of each crop, else its clip, and `groups` (n,) that person's groups
    (data/groups.py); both are "" where nothing is known. `validated`: whether there is a labelled validation split.

    The JPEG bytes stay in the file, so memory does not grow with the data set, and processes share what is read."""

    def __init__(self, path: Path, split: str, image_size: int, *, keep: bool = True):
        with open_cache(path, "aligned") as file:
            self.digest, self.toy, self.header = file.attrs["digest"], bool(file.attrs["toy"]), header_of(file)
            arrays = _arrays(file, split) if split in file else {}
            self._jpeg = mapped(file[split]["jpeg"]) if split in file else None
            self.validated = "emotion" in file.get("validation", ()) and bool(
                (file["validation/emotion"][()] >= 0).any()
            )
        for name in LABELS:
            setattr(self, name, arrays.get(name, np.zeros(0, np.int64)))
        for name in PEOPLE:
            setattr(self, name, arrays.get(name, np.full(len(self), "", object)))
        self.size, self._offset, self._kept = image_size, arrays.get("jpeg_offset"), {}
        self._keeps = keep and len(self) * image_size**2 * 3 <= KEPT_BYTES

    def __len__(self) -> int:
        return len(self.emotion)

    def pixels(self, index: int) -> np.ndarray:
        """(S, S, 3) uint8 RGB of one crop."""
        if index in self._kept:
            return self._kept[index]
        image = pixels(self._jpeg[self._offset[index] : self._offset[index + 1]], self.size)
        if self._keeps:
            self._kept[index] = image
        return image


def _arrays(file, split):
    return read_split(file, split, [name for name in (*LABELS, *PEOPLE, "jpeg_offset") if name in file[split]])


def pixels(jpeg: np.ndarray, size: int) -> np.ndarray:
    """(size, size, 3) uint8 RGB of one cached crop, from its JPEG bytes as a uint8 array.

    Raises ValueError where they are not such a crop."""
    image = decode(jpeg.tobytes())  # the file may come from anywhere
    if image.shape[:2] != (CROP_SIZE, CROP_SIZE):
        raise Refused(
            f"a cached crop has {image.shape[1]} x {image.shape[0]} pixels, expected {CROP_SIZE} x {CROP_SIZE}"
        )
    return shrunk(image, size)


def batches(parts: list[StoredCrops], indices: np.ndarray, batch_size: int) -> Iterator[tuple]:
    """Yield (positions (n,), pixels (n, S, S, 3) uint8) in the order of `indices` into the parts laid end to end."""
    yield from decoded(parts, (indices[start : start + batch_size] for start in range(0, len(indices), batch_size)))


def empty(shape: tuple) -> np.ndarray:
    """Memory for the pixels of a batch."""
    return np.empty(shape, np.uint8)


def decoded(parts: list[StoredCrops], pieces: Iterable, *, room: Callable = empty) -> Iterator[tuple]:
    """Yield (piece, pixels (n, S, S, 3) uint8) for each piece.

    A piece is an array of n positions in the parts laid end to end. Whole pieces are decoded ahead of the caller, each
    in a thread (OpenCV releases the interpreter lock while it decodes), into what room(shape) gives: an array, or a
    tensor in main memory."""
    starts, size = np.cumsum([0, *map(len, parts)]), parts[0].size

    def whole(piece):
        found = room((len(piece), size, size, 3))
        for image, index in zip(np.asarray(found), piece):
            part = int(np.searchsorted(starts, index, "right")) - 1
            image[:] = parts[part].pixels(int(index - starts[part]))
        return piece, found

    with Threads(own_cpus()) as pool:
        yield from ahead(pool, whole, pieces, depth=own_cpus() + 1)
