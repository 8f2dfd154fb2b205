"""Crops that an alignment by the same rule left behind, when its list of images was another one.

A crop depends on the image's path, box and landmarks. Labels, splits, who is in it and the order of a list do not
change it, so only the images that are new need be looked at."""

import contextlib
import functools
import hashlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from data.coverage import STATUSES, TRIES, UNOPENED
from data.files.hdf5 import intact, mapped, open_hdf5, read_array, read_rows
from data.files.shards import earlier_parts
from data.runtime.failures import Refused
from data.sample import SPLITS, Sample
from extract.crops.cropping import Crop, ImageOutcome
from extract.images.decode import load
from extract.images.limits import Undecodable

KEY_BYTES = 16
KEPT = ("ok", "no_face")  # statuses that the image itself decides; whatever else was wrong is looked at again
BLOCK = 1024  # listed images that are read at a time
_MANIFEST = ("status", "reason", "faces")
_CROPS = ("found_by", "face", "box", "landmarks", "scheme")


def key(sample: Sample) -> bytes:
    """Digest of everything of a listed image that its crop depends on."""
    parts = [sample.path, sample.box, sample.scheme]
    digest = hashlib.sha256(repr(parts).encode("utf-8", "surrogateescape"))
    for values in (sample.landmarks, sample.pixels):
        digest.update(b"-" if values is None else values.encode() if isinstance(values, str) else values.tobytes())
    return digest.digest()[:KEY_BYTES]


def keys(samples: list[Sample]) -> np.ndarray:
    """(n, 16) uint8 keys of listed images."""
    return np.frombuffer(b"".join(map(key, samples)), np.uint8).reshape(-1, KEY_BYTES)


def any_opens(file: h5py.File, root: Path) -> bool:
    """Whether an image that could not be opened when an aligned cache was made can be read now."""
    for manifest in (file[split]["manifest"] for split in SPLITS if split in file):
        unopened = np.isin(manifest["status"][()], [STATUSES.index(status) for status in UNOPENED])
        for path in read_array(manifest["path"])[unopened] if unopened.any() else ():
            with contextlib.suppress(Undecodable):
                load(root, path)
                return True
    return False


class EarlierCrops:
    """The outcomes in a cache of another list, and in pieces of one that was not finished, by key."""

    def __init__(self, target: Path, fits: Callable[[dict], bool]):
        """fits(header) says whether pieces may be used. Raises Refused for a file that has changed since it was
        written."""
        self._files, self._place = contextlib.ExitStack(), {}
        paths = [Path(target)] if Path(target).exists() else []
        for path in [*paths, *earlier_parts(target, fits)]:
            if intact(path) is False:
                raise Refused(f"{path} has changed since it was written; delete it, and its crops are made again")
            self._add(self._files.enter_context(open_hdf5(path)))

    def _add(self, file):
        for group in [file[split] for split in SPLITS if split in file] or [file]:
            if "manifest/key" in group:
                kept = np.isin(group["manifest/status"][()], [STATUSES.index(status) for status in KEPT])
                every = group["manifest/key"][()]
                crops = _Crops(group)
                self._place |= {every[row].tobytes(): (crops, row) for row in np.flatnonzero(kept).tolist()}

    def __len__(self) -> int:
        return len(self._place)

    def __contains__(self, key: bytes) -> bool:
        return key in self._place

    def outcome(self, key: bytes) -> ImageOutcome:
        """What became of an image with this key."""
        crops, row = self._place[key]
        return crops.outcome(row)

    def close(self) -> None:
        """Close the files that are read from."""
        self._files.close()


class _Crops:
    """The outcomes in one group of an HDF5 file, read in blocks."""

    def __init__(self, group: h5py.Group):
        self.group, self.jpeg = group, mapped(group["jpeg"])
        self.first = np.concatenate([[0], np.cumsum(group["manifest/crops"][()])])  # crop of each listed image
        lengths = group["jpeg_length"][()] if "jpeg_length" in group else np.diff(group["jpeg_offset"][()])
        self.offset = np.concatenate([[0], np.cumsum(lengths)])
        self._block = functools.lru_cache(maxsize=4)(self._read)

    def _read(self, number):
        """(the rows of the manifest, those of the crops) of one block, as dicts of arrays."""
        start, end = number * BLOCK, min((number + 1) * BLOCK, len(self.first) - 1)
        manifest = {name: read_rows(self.group[f"manifest/{name}"], start, end) for name in _MANIFEST}
        return manifest, {name: read_rows(self.group[name], self.first[start], self.first[end]) for name in _CROPS}

    def outcome(self, row: int) -> ImageOutcome:
        """What became of one listed image."""
        number, place = divmod(row, BLOCK)
        manifest, crops = self._block(number)
        begin = self.first[number * BLOCK]
        return ImageOutcome(
            STATUSES[manifest["status"][place]],
            manifest["reason"][place],
            int(manifest["faces"][place]),
            tuple(self._crop(index, crops, index - begin) for index in range(self.first[row], self.first[row + 1])),
        )

    def _crop(self, index, crops, place):
        landmarks = crops["landmarks"][place]
        return Crop(
            self.jpeg[self.offset[index] : self.offset[index + 1]].tobytes(),
            TRIES[crops["found_by"][place]],
            int(crops["face"][place]),
            tuple(crops["box"][place].tolist()),
            landmarks[~np.isnan(landmarks).any(1)],
            crops["scheme"][place],
        )
