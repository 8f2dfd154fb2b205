"""Files that appear whole or not at all, and the lock on an output under way.

A growing HDF5 file loses acknowledged rows when its process is killed, so nothing here is ever reopened for writing:
a piece is written under a temporary name in the folder it is for, synced, and renamed."""

import contextlib
import errno
import fcntl
import os
import socket
from pathlib import Path

from data.runtime.failures import Refused


class Busy(Refused, OSError):
    """Another process is writing the same output."""


class DiskFull(Refused, OSError):
    """There is no room for what was to be published."""


class Mismatch(Refused):
    """What lies on disk was made with other settings than this call asks for."""


def publish(path, write):
    """Call write(temporary path), then make the result appear at `path` in one step. Raises DiskFull."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        _sync(temporary)
        os.replace(temporary, path)
        _sync(path.parent)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                f"the disk is full: {path} could not be written; free some space and call the same command "
                "again, what was finished is kept"
            ) from error
        raise
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
                raise Busy(
                    f"{path} is being written by {file.read() or 'another process'}; wait for it to end"
                ) from None
            if _same_file(file, name):  # the last holder may have removed the name between our open and our lock
                yield file
                return


def _same_file(file, name):
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(name))
    except FileNotFoundError:
        return False


IMPLIED = {"detector": "hog"}  # what headers mean that lack a field, since they are older than it


def refuse_difference(path, found, asked, *, advice="move or delete it, or use another --workdir"):
    """Raise Mismatch naming the first field in which two dicts of settings differ."""
    for field in sorted(found.keys() | asked.keys()):
        before, now = (header.get(field, IMPLIED.get(field)) for header in (found, asked))
        if before != now:
            raise Mismatch(
                f"{path} was made with {field.replace('_', ' ')} {_short(before)}, this call has "
                f"{_short(now)}; {advice}"
            )


def _short(value):
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
