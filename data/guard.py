"""Paths that come from a table: inside their root and regular files, or refused."""

import os
import stat
from pathlib import Path


class OutsideRoot(ValueError):
    """A path from a table that leads out of its root, or to something that is no regular file."""


def locate(root, relative):
    """The file that a table's path means below `root`, links resolved. Raises OutsideRoot, FileNotFoundError."""
    if "\0" in relative:
        raise OutsideRoot(f"{relative!r} holds a zero byte")
    base = os.path.realpath(root)
    resolved = os.path.realpath(os.path.join(base, relative))
    if not resolved.startswith(os.path.join(base, "")):
        raise OutsideRoot(f"{relative!r} leads out of {root}")
    if not stat.S_ISREG(os.stat(resolved).st_mode):
        raise OutsideRoot(f"{relative!r} is no regular file")
    return Path(resolved)
