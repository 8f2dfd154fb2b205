"""Aligned crops as uint8 batches at the network's image size."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from data.cache import header_of, open_cache, read_split
from data.machine import available_cpus

KEPT_BYTES = 2**31  # up to here the pixels of a split are decoded once and kept
LABELS = ("emotion", "valence_arousal", "row", "face", "path")


class Crops:
    """One split of aligned/NAME.h5: its labels in memory, its pixels on demand. An empty split has length 0."""

    def __init__(self, path, split, image_size, *, keep=True):
        with open_cache(path, "aligned") as file:
            self.digest, self.toy, self.header = file.attrs["digest"], bool(file.attrs["toy"]), header_of(file)
            arrays = read_split(file, split, (*LABELS, "jpeg", "jpeg_offset")) if split in file else {}
        for name in LABELS:
            setattr(self, name, arrays.get(name, np.zeros(0, np.int64)))
        self._jpeg, self._offset = arrays.get("jpeg"), arrays.get("jpeg_offset")
        self._size, self._kept = image_size, {}
        self._keeps = keep and len(self) * image_size**2 * 3 <= KEPT_BYTES

    def __len__(self):
        return len(self.emotion)

    def pixels(self, index):
        """(S, S, 3) uint8 RGB of one crop."""
        if index in self._kept:
            return self._kept[index]
        image = cv2.imdecode(self._jpeg[self._offset[index] : self._offset[index + 1]], cv2.IMREAD_COLOR_RGB)
        if image.shape[0] != self._size:
            image = cv2.resize(image, (self._size, self._size), interpolation=cv2.INTER_AREA)
        if self._keeps:
            self._kept[index] = image
        return image


def batches(parts, indices, batch_size):
    """Yield (positions (n,), pixels (n, S, S, 3) uint8) in the order of `indices` into the parts laid end to end.

    Decoding runs one batch ahead of the caller, in threads (OpenCV frees the interpreter while it decodes)."""
    starts = np.cumsum([0, *map(len, parts)])

    def one(index):
        part = int(np.searchsorted(starts, index, "right")) - 1
        return parts[part].pixels(int(index - starts[part]))

    pieces = [indices[start : start + batch_size] for start in range(0, len(indices), batch_size)]
    with ThreadPoolExecutor(available_cpus()) as pool:
        ahead = None
        for piece in [*pieces, None]:
            coming = None if piece is None else (piece, [pool.submit(one, index) for index in piece])
            if ahead is not None:
                yield ahead[0], np.stack([future.result() for future in ahead[1]])
            ahead = coming
