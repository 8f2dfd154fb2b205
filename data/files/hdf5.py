"""HDF5 files, published whole: how they are written, what proves that no bit of them has changed, arrays in and out."""

import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from data.files.publish import naming, publish
from data.runtime.failures import Refused

STAMP = b"CAKE sha256 "
STAMP_BYTES = 512  # HDF5's user block, which it leaves alone: the sha256 of all that follows stands there
PIECE_BYTES = 2**22  # what is read or hashed at a time
KEPT_BYTES = 2**20  # of one write, once the disk is full
TEXT_ERRORS = "surrogateescape"
TEXT_BYTES = 256  # about what a path takes in memory


class Unreadable(Refused, OSError):
    """A file that is there and that the system does not let be read: nothing says that it is damaged."""

    def __init__(self, path: Path, error: OSError):
        super().__init__(f"{path} cannot be read ({os.strerror(error.errno).lower()})")


def open_hdf5(path: Path) -> h5py.File:
    """An open HDF5 file to read. It takes no lock: what is published never changes, and some file systems have none.

    Raises Unreadable; OSError for a file that is not HDF5."""
    try:
        return h5py.File(path, "r", locking=False)
    except OSError as error:
        if error.errno and not isinstance(error, FileNotFoundError):
            raise Unreadable(path, error) from error
        raise


def publish_hdf5(path: Path, fill: Callable[[h5py.File], None]) -> None:
    """Call fill(h5py.File), then make the file appear at `path` in one step, stamped with its sha256."""
    publish(path, lambda temporary: _write(temporary, fill))


def _write(path, fill):
    with open(path, "x+b", buffering=0) as file:
        sink = _Sink(file)
        try:
            # v110 keeps checksums of its own over the structure of the file
            with h5py.File(sink, "w", userblock_size=STAMP_BYTES, libver=("v110", "v110")) as hdf5:
                fill(hdf5)
        finally:
            if sink.failure:
                raise sink.failure
        stamp = STAMP + _digest(file).encode() + b"\n"
        file.seek(0)
        write_all(file, stamp)


class _Sink:
    """The open file that HDF5 writes to. HDF5 never learns of a failed write, nor of what it would read back then:
    either crashes the process (version 2.0 on a full disk). The failure is raised when it has closed."""

    def __init__(self, file):
        self.file, self.failure, self.kept = file, None, {}
        self.seek, self.tell, self.read = file.seek, file.tell, file.read

    def write(self, data):
        place = self.file.tell()
        self._attempt(write_all, self.file, data)
        if self.failure and len(data) <= KEPT_BYTES:  # its own structure, and references to text; not the arrays
            self.kept[place] = bytes(data)
        return len(data)

    def readinto(self, buffer):
        place = self.file.tell()
        count = self.file.readinto(buffer)
        for other, data in self.kept.items():
            start, end = max(place, other), min(place + len(buffer), other + len(data))
            if start < end:
                buffer[start - place : end - place] = data[start - other : end - other]
        return len(buffer) if self.kept else count

    def truncate(self, size):
        self._attempt(self.file.truncate, size)

    def flush(self):
        pass  # synced once, as a whole

    def _attempt(self, call, *arguments):
        if self.failure is None:
            try:
                call(*arguments)
            except OSError as error:
                self.failure = error


def write_all(file: io.RawIOBase, data: bytes) -> None:
    """Write to an unbuffered file, which may take less than it is given."""
    rest = memoryview(data).cast("B")
    while rest:
        rest = rest[file.write(rest) :]


def _digest(file):
    file.seek(STAMP_BYTES)
    digest = hashlib.sha256()
    while piece := file.read(PIECE_BYTES):
        digest.update(piece)
    return digest.hexdigest()


def intact(path: Path) -> bool | None:
    """Whether not one bit has changed since the file was published; None where it carries no stamp."""
    with naming(path), open(path, "rb") as file:
        stamp = file.read(STAMP_BYTES)
        if not stamp.startswith(STAMP):
            return None
        return stamp[len(STAMP) :].split(b"\n")[0] == _digest(file).encode()


def dataset_digest(dataset: h5py.Dataset) -> str:
    """sha256 over dtype, shape and content of one dataset, read in pieces of bounded memory."""
    digest = hashlib.sha256(f"{dataset.dtype.str if dataset.dtype.kind != 'O' else 'text'} {dataset.shape}".encode())
    step = max(
        1,
        PIECE_BYTES
        // max(
            1,
            int(np.prod(dataset.shape[1:]))
            * max(TEXT_BYTES if dataset.dtype.kind == "O" else 1, dataset.dtype.itemsize),
        ),
    )
    for start in range(0, dataset.shape[0] if dataset.shape else 0, step):
        piece = dataset[start : start + step]
        digest.update(b"\0".join(piece.ravel()) if piece.dtype.kind == "O" else np.ascontiguousarray(piece))
    return digest.hexdigest()


def dataset_names(group: h5py.Group) -> list[str]:
    """Paths of all datasets below an HDF5 group, sorted."""
    names = []
    group.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
    return sorted(names)


def write_array(group: h5py.Group, name: str, array: np.ndarray, *, packed: bool = False) -> h5py.Dataset:
    """A dataset of numbers, or of text where the array's dtype is object or str."""
    array = np.asarray(array)
    storage = {"compression": "gzip"} if packed else {}
    if array.dtype.kind in "OU":
        # names from the disk that are not UTF-8 keep their bytes, as Python has them
        data = np.array([str(text).encode("utf-8", TEXT_ERRORS) for text in array.ravel()], object).reshape(array.shape)
        return group.create_dataset(name, data=data, dtype=h5py.string_dtype(), **storage)
    return group.create_dataset(name, data=array, **storage)


def read_array(dataset: h5py.Dataset) -> np.ndarray:
    """The whole dataset in memory; text comes back as an object array of str."""
    return _readable(dataset)[()]


def read_rows(dataset: h5py.Dataset, start: int, end: int) -> np.ndarray:
    """Rows start to end, likewise."""
    return _readable(dataset)[start:end]


def _readable(dataset):
    return dataset.asstr(errors=TEXT_ERRORS) if h5py.check_string_dtype(dataset.dtype) else dataset


def mapped(dataset: h5py.Dataset) -> np.ndarray:
    """A read-only array over the stored bytes of a dataset: pages come as they are touched, and processes share
    them."""
    offset = dataset.id.get_offset()
    if offset is None:  # empty, or stored in chunks
        return dataset[()]
    return np.memmap(dataset.file.filename, dataset.dtype, "r", offset, dataset.shape)
