"""Files that appear whole or not at all, the lock on an output under way, and its finished shards.

A growing HDF5 file loses acknowledged rows when its process is killed, so nothing here is ever reopened for writing:
a piece is written under a temporary name in the folder it is for, synced, and renamed."""

import contextlib
import fcntl
import json
import os
import shutil
import socket
from pathlib import Path

import h5py
import numpy as np


class Busy(OSError):
    """Another process is writing the same output."""


class Mismatch(ValueError):
    """What lies on disk was made with other settings than this call asks for."""


def publish(path, write):
    """Call write(temporary path), then make the result appear at `path` in one step."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        _sync(temporary)
        os.replace(temporary, path)
        _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def publish_text(path, text):
    publish(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def _sync(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def lock(path):
    """Hold the output `path` for this process. The kernel frees it on death; a second holder raises Busy."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    name = path.with_name(f".{path.name}.lock")
    with _held(name, path) as file:
        file.seek(0)
        file.truncate()
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        for stale in path.parent.glob(f".{path.name}.*.tmp"):  # what a killed writer left behind
            stale.unlink()
        try:
            yield
        finally:
            name.unlink(missing_ok=True)


@contextlib.contextmanager
def _held(name, path):
    while True:
        with open(name, "a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise Busy(f"{path} is being written by {file.read() or 'another process'}; wait for it to end") from None
            if _same_file(file, name):  # the last holder may have removed the name between our open and our lock
                yield file
                return


def _same_file(file, name):
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(name))
    except FileNotFoundError:
        return False


def refuse_difference(path, found, asked, *, advice="move or delete it, or use another --workdir"):
    """Raise Mismatch naming the first field in which two dicts of settings differ."""
    for field in sorted(found.keys() | asked.keys()):
        if found.get(field) != asked.get(field):
            raise Mismatch(f"{path} was made with {field.replace('_', ' ')} {_short(found.get(field))}, this call has "
                           f"{_short(asked.get(field))}; {advice}")


def _short(value):
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


class Shards:
    """Finished pieces of an output under way, in TARGET.parts/ beside it. A piece that is present is done.

    `header` holds everything that changes a value in the output; pieces of another header are refused (Mismatch)."""

    def __init__(self, target, header):
        self.target = Path(target)
        self.folder = self.target.with_name(self.target.name + ".parts")
        self.header = json.loads(json.dumps(header))
        self._open()

    def _open(self):
        path = self.folder / "header.json"
        if path.exists():
            refuse_difference(self.folder, json.loads(path.read_text(encoding="utf-8")), self.header)
        else:
            publish_text(path, json.dumps(self.header, indent=1))
        for stale in self.folder.glob(".*.tmp"):
            stale.unlink()

    def path(self, number):
        return self.folder / f"{number:06d}.h5"

    def done(self, number):
        return self.path(number).exists()

    def publish(self, number, arrays):
        publish(self.path(number), lambda temporary: write_arrays(temporary, arrays))

    def load(self, number, names):
        with h5py.File(self.path(number), "r") as file:
            return {name: read_array(file[name]) for name in names}

    def remove(self):
        # The header goes last: what a kill leaves behind is still recognised, and finished by the next call.
        for path in self.folder.glob("*.h5"):
            path.unlink()
        shutil.rmtree(self.folder)


def write_arrays(path, arrays):
    """Write a dict of arrays (numbers, or text as dtype object or str) as one HDF5 file."""
    with h5py.File(path, "x") as file:
        for name, array in arrays.items():
            write_array(file, name, array)


def dataset_names(group):
    """Paths of all datasets below an HDF5 group, sorted."""
    names = []
    group.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
    return sorted(names)


def write_array(group, name, array):
    array = np.asarray(array)
    if array.dtype.kind in "OU":
        return group.create_dataset(name, data=array.astype(object), dtype=h5py.string_dtype())
    return group.create_dataset(name, data=array)


def read_array(dataset):
    """The whole dataset in memory; text comes back as an object array of str."""
    if h5py.check_string_dtype(dataset.dtype):
        return dataset.asstr()[()]
    return dataset[()]
