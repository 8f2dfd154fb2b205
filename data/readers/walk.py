"""The one walk through a data set's folders: what is no part of it is ignored, whatever else is passed over is said."""

import filecmp
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from data.readers.reader import WrongTree
from data.runtime.failures import Refused

# What the decoder reads; extract/images/formats.py looks at the bytes and not at the name.
ENDINGS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".dib", ".tif", ".tiff", ".webp"),
    *(".ppm", ".pgm", ".pbm", ".pnm"),
)
# First bytes of these, for files without an ending. WEBP's RIFF begins other kinds too, which get a status.
STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"RIFF", b"P5", b"P6", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# What systems, archives and disks leave in folders, in lower case, besides names that begin with a dot.
SYSTEM = frozenset(
    ("__macosx", "@eadir", "lost+found", "thumbs.db", "desktop.ini", "$recycle.bin", "system volume information")
)
SHOWN = 3  # names in a note


def is_system(name: str) -> bool:
    """Whether a file or folder is left there by a system and no part of any data set."""
    return name.startswith(".") or name.lower() in SYSTEM


def is_image(file: Path) -> bool:
    """Whether a file is listed as an image: by its ending, or, where it has none, by its first bytes."""
    if file.suffix:
        return file.suffix.lower() in ENDINGS
    try:
        with open(file, "rb", opener=_without_waiting) as opened:
            return opened.read(8).startswith(STARTS)
    except OSError:
        return False


def _without_waiting(path, flags):
    return os.open(path, flags | os.O_NONBLOCK)  # a pipe without a writer


class Walk:
    """Lists folders in sorted order, and remembers what it did not list. A reader makes one for each data set it
    reads."""

    def __init__(self):
        self._passed, self._unreadable, self._links = Counter(), [], []

    def entries(self, folder: Path) -> list[Path]:
        """What lies in a folder, in sorted order. A folder that may not be read is remembered and has nothing."""
        return [path for path, _ in self._scan(folder)]

    def folders(self, folder: Path) -> list[Path]:
        """The folders in a folder."""
        return [path for path, is_folder in self._scan(folder) if is_folder]

    def files(self, folder: Path) -> list[Path]:
        """What lies in a folder and is no folder."""
        return [path for path, is_folder in self._scan(folder) if not is_folder]

    def _scan(self, folder):
        """(path, whether it is a folder) in sorted order. Only links are looked at one by one."""
        try:
            with os.scandir(folder) as found:
                entries = sorted((entry for entry in found if not is_system(entry.name)), key=lambda one: one.name)
        except PermissionError:
            self._unreadable.append(folder)
            return []
        broken = {entry.name for entry in entries if entry.is_symlink() and not os.path.exists(entry.path)}
        self._links += [folder / name for name in sorted(broken)]
        return [(folder / entry.name, entry.is_dir()) for entry in entries if entry.name not in broken]

    def images(self, folder: Path, *, deep: bool = True, wanted: Callable = is_image) -> list[Path]:
        """The images in a folder and, where `deep`, those below it, in the order of their paths. Other files are
        counted. wanted(path): whether a file is one of those to be listed."""
        return sorted(self._images(folder, deep, wanted, ()), key=Path.as_posix)

    def _images(self, folder, deep, wanted, above):
        here = os.path.realpath(folder)
        if here in above:  # a link to a folder that holds it
            self._links.append(folder)
            return
        for path, is_folder in self._scan(folder):
            if is_folder and deep:
                yield from self._images(path, deep, wanted, (*above, here))
            elif not is_folder and wanted(path):
                yield path
            elif not is_folder:
                self.pass_over(path)

    def pass_over(self, file: Path) -> None:
        """Count a file that is not read."""
        self._passed[printable(file.suffix.lower()) or "no ending"] += 1

    def below(self, root: Path, *, depth: int = 3, closed: Sequence[str] = ()) -> list[Path]:
        """All that lies at most `depth` levels below root, the upper levels first. Folders called as `closed` says, in
        lower case, are not entered."""
        folders, found = [root], []
        for _ in range(depth):
            level = [entry for folder in folders for entry in self._scan(folder)]
            found += [path for path, _ in level]
            folders = [path for path, is_folder in level if is_folder and path.name.lower() not in closed]
        return found

    def notes(self, root: Path) -> tuple[str, ...]:
        """What was passed over, by kind, one line each."""
        kinds = ", ".join(f"{ending} {count:,}" for ending, count in self._passed.most_common(12))
        notes = [f"{self._passed.total():,} files passed over: {kinds}"] if self._passed else []
        for paths, what in (
            (self._unreadable, "folders that may not be read"),
            (self._links, "links that lead nowhere or back"),
        ):
            names = sorted({_relative(path, root) for path in paths})
            if names:
                notes.append(f"{len(names):,} {what}: {', '.join(names[:SHOWN])}{' ...' * (len(names) > SHOWN)}")
        return tuple(notes)


def _relative(path, root):
    return printable(path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path))


def printable(name: str) -> str:
    """A name from the disk as text: bytes that are not UTF-8 are written as escapes."""
    return name.encode("utf-8", "backslashreplace").decode()


def the_one(found: Sequence[Path], root: Path, what: str) -> Path | None:
    """The first of several files of one kind where all hold the same; None where there is none.

    Raises Refused that names two which differ, and folders of one kind always."""
    for other in found[1:]:
        first = found[0]
        if not (first.is_file() and other.is_file() and filecmp.cmp(first, other, shallow=False)):
            raise Refused(
                f"{root} holds {what} more than once: {_relative(first, root)} and {_relative(other, root)}; "
                "name the folder of one as --root, or move the other elsewhere"
            )
    return found[0] if found else None


def child(walk: Walk, folder: Path, names: Sequence[str], what: str) -> Path | None:
    """The folder inside `folder` that has one of the names, given in lower case, in capitals or not; None where there
    is none. Raises Refused where there are two."""
    found = [path for path in walk.folders(folder) if path.name.lower() in names] if folder.is_dir() else []
    return the_one(found, folder, what)


def needed(path: Path | None, root: Path, what: str) -> Path:
    """The path itself. Raises WrongTree where it is None."""
    if path is None:
        raise WrongTree(f"{root} holds no {what}")
    return path
