"""Files that appear whole or not at all, and settings that must agree with those of a file there is already.

A growing HDF5 file loses acknowledged rows when its process is killed, so nothing here is ever reopened for writing:
a piece is written under a temporary name in the folder it is for, synced, and renamed."""

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from data.runtime.failures import Refused

FOLDERS_SYNC = os.name != "nt"  # Windows opens no folder, and keeps the order of its renames by itself


class DiskFull(Refused, OSError):
    """There is no room for what was to be published."""


class TooLarge(Refused, OSError):
    """The system allows no file of the size of what was to be published."""


class Mismatch(Refused):
    """What lies on disk was made with other settings than this call asks for."""


def publish(path: Path, write: Callable[[Path], None]) -> None:
    """Call write(temporary path), then make the result appear at `path` in one step. Raises DiskFull, TooLarge."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with naming(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            write(temporary)
            _sync(temporary, os.O_RDWR)  # Windows syncs only what is open for writing
            os.replace(temporary, path)
            if FOLDERS_SYNC:
                _sync(path.parent, os.O_RDONLY)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                f"the disk is full: {path} could not be written; free some space and call the same command "
                "again, what was finished is kept"
            ) from error
        if error.errno == errno.EFBIG:
            raise TooLarge(
                f"{path} could not be written: the file system or a limit of this shell (`ulimit -f`) allows no file "
                "of its size; lift the limit or use another --workdir, and call the same command again"
            ) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """An OSError inside says the path that it is about: of an open file's reads and writes the system does not."""
    try:
        yield
    except OSError as error:
        if error.errno and error.filename is None:
            error.filename = str(path)
        raise


def publish_text(path: Path, text: str) -> None:
    """Publish a text file in UTF-8."""
    publish(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def refuse_difference(
    path: Path | str,
    found: dict,
    asked: dict,
    *,
    but: tuple = (),
    advice: str = "move or delete it, or use another --workdir",
) -> None:
    """Raise Mismatch naming the first field in which two dicts of settings differ; `but`: fields that may."""
    for field in sorted((found.keys() | asked.keys()) - set(but)):
        before, now = found.get(field), asked.get(field)
        if before != now:
            raise Mismatch(
                f"{path} was made with {field.replace('_', ' ')} {_short(before)}, this call has "
                f"{_short(now)}; {advice}"
            )


def _short(value):
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
