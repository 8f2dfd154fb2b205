"""Paths that come from a table: inside their root and regular files, or refused.

What a table says is not trusted, since it may come from anywhere. What lies below the root is the user's own, so a link
there is followed wherever it leads: to an image folder on another disk, or into a store that files are linked from."""

import errno
import functools
import os
import stat
from pathlib import Path

from data.runtime.failures import Refused

SHOWN = 80  # characters of a path in a refusal; a table may hold a million of them


class OutsideRoot(Refused):
    """A path from a table that leads out of its root, or to something that is not a regular file."""


def locate(root: Path, relative: str) -> Path:
    """The file that a table's path means below `root`, links followed. Nothing is opened.

    Raises OutsideRoot, FileNotFoundError where there is no such file, PermissionError. Refusals do not name the root,
    since they are kept in caches, which tell nothing of this computer."""
    try:
        return _locate(root, relative)
    except UnicodeEncodeError:
        raise OutsideRoot(f"{_shown(relative)} is not a possible file name") from None
    except NotADirectoryError as error:
        raise FileNotFoundError(errno.ENOENT, "no such file") from error
    except OSError as error:
        if error.errno not in (errno.ENAMETOOLONG, errno.ELOOP):
            raise
        raise OutsideRoot(f"{_shown(relative)}: {os.strerror(error.errno).lower()}") from None


def _locate(root, relative):
    if "\0" in relative:
        raise OutsideRoot(f"{_shown(relative)} holds a zero byte")
    if os.path.isabs(relative):  # even inside the root: caches repeat the paths of their table
        raise OutsideRoot(f"{_shown(relative)} is absolute; paths start from the root of their table")
    inside = os.path.normpath(relative)  # by its text: behind a link, .. would be the parent of where it leads
    if inside.split(os.sep)[0] == os.pardir:
        raise OutsideRoot(f"{_shown(relative)} leads out of its root")
    resolved = os.path.realpath(os.path.join(_base(root), inside))
    if not stat.S_ISREG(os.stat(resolved).st_mode):
        raise OutsideRoot(f"{_shown(relative)} is not a regular file")
    return Path(resolved)


@functools.lru_cache(maxsize=1)
def _base(root):
    return os.path.realpath(root)


def _shown(relative):
    return ascii(relative if len(relative) <= SHOWN else relative[: SHOWN - 3] + "...")
