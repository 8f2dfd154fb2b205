"""The finished pieces of an output under way, in TARGET.parts/ beside it. A piece that is present is done."""

import contextlib
import glob
import hashlib
import itertools
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from data.files.hdf5 import (
    Unreadable,
    dataset_digest,
    dataset_names,
    intact,
    open_hdf5,
    publish_hdf5,
    read_array,
    write_array,
)
from data.files.publish import publish_text, refuse_difference
from data.runtime.failures import Refused


class DamagedShard(Refused):
    """A piece that is not what was published."""


class Shards:
    """`header` holds everything that changes a value in the output; pieces of another header are refused (Mismatch).

    A resume asks nothing of a finished piece but whether it is there; its digest is checked when it is packed."""

    def __init__(self, target: Path, header: dict):
        self.target = Path(target)
        self.folder = parts_of(target)
        self.header = json.loads(json.dumps(header))
        self._claim()

    def _claim(self):
        found = header_in(self.folder)
        if found is None:
            publish_text(self.folder / "header.json", json.dumps(self.header, indent=1))
        else:
            refuse_difference(self.folder, found, self.header)

    def sweep(self) -> None:
        """Remove what a killed writer left half-written. For the holder of the lock alone."""
        for stale in self.folder.glob(".*.tmp"):
            stale.unlink()

    def path(self, number: int) -> Path:
        """Where one piece lies."""
        return self.folder / f"{number:06d}.h5"

    def done(self, number: int) -> bool:
        """Whether one piece is finished."""
        return self.path(number).exists()

    def publish(self, number: int, arrays: dict, *, source: str = "") -> None:
        """Publish one piece; `source` is the content of what it was computed from, if it was from another piece."""

        def fill(file):
            for name, array in arrays.items():
                write_array(file, name, array)
            lines = [f"{name} {dataset_digest(file[name])}" for name in dataset_names(file)]
            file.attrs["content"] = hashlib.sha256("\n".join(lines).encode()).hexdigest()
            file.attrs["source"] = source

        publish_hdf5(self.path(number), fill)

    @contextlib.contextmanager
    def _opened(self, number):
        path = self.path(number)
        try:
            with open_hdf5(path) as file:
                yield file
        except Unreadable:
            raise
        except (OSError, KeyError) as error:
            raise DamagedShard(f"{path} cannot be read ({error}); delete it and call the same command again") from error

    def load(self, number: int, names: Sequence[str]) -> dict:
        """Dict of these arrays of one piece."""
        with self._opened(number) as file:
            return {name: read_array(file[name]) for name in names}

    def content(self, number: int) -> str:
        """sha256 over the names and values of one piece."""
        with self._opened(number) as file:
            return file.attrs["content"]

    def refuse_other_source(self, number: int, source: str) -> None:
        """Raise DamagedShard where a piece was computed from something else than `source`."""
        with self._opened(number) as file:
            if file.attrs["source"] != source:
                raise DamagedShard(
                    f"{self.path(number)} was computed from other crops than those there are now; delete "
                    f"{self.folder} and call the same command again"
                )

    def refuse_damaged(self, number: int) -> None:
        """Raise DamagedShard where a piece is missing or has changed since it was published."""
        path = self.path(number)
        if not path.is_file():
            raise DamagedShard(
                f"{path} is missing, though it was finished; call the same command again to make it again"
            )
        if not intact(path):
            raise DamagedShard(f"{path} has changed since it was written; delete it and call the same command again")


def parts_of(target: Path) -> Path:
    """The folder of an output's pieces."""
    target = Path(target)
    return target.with_name(target.name + ".parts")


def set_aside(target: Path) -> None:
    """Keep an output's pieces for who asks for `earlier_parts`, since pieces of another header are to come."""
    folder = parts_of(target)
    number = next(number for number in itertools.count(1) if not _aside(folder, number).exists())
    folder.rename(_aside(folder, number))


def earlier_parts(target: Path, fits: Callable[[dict], bool]) -> list[Path]:
    """The pieces of an output that were set aside, of those headers that fit."""
    folders = [folder for folder in _set_aside(target) if fits(header_in(folder) or {})]
    return [path for folder in folders for path in sorted(folder.glob("*.h5"))]


def _aside(folder, number):
    return folder.with_name(f"{folder.name}-{number}")


def _set_aside(target):
    folder = parts_of(target)
    return sorted(folder.parent.glob(f"{glob.escape(folder.name)}-*"))


def header_in(folder: Path) -> dict | None:
    """The header of the pieces in a folder; None where there is none. Raises DamagedShard."""
    path = folder / "header.json"
    if not path.exists():
        return None
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise DamagedShard(f"{path} does not hold the settings of its pieces; delete {folder}") from None


def remove_parts(target: Path) -> None:
    """Remove an output's pieces, where there are any, also those set aside. The header goes last: what a kill leaves
    behind is still recognised."""
    for folder in (*_set_aside(target), parts_of(target)):
        for path in folder.glob("*.h5"):
            path.unlink()
        if folder.exists():
            shutil.rmtree(folder)
