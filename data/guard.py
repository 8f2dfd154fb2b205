"""Paths that come from a table: inside their root, regular files, or refused."""

import os
import stat
from pathlib import Path


class OutsideRoot(ValueError):
    """A path from a table that leads out of its root."""


def locate(root, relative):
    resolved_root = os.path.realpath(root)
    resolved = os.path.realpath(os.path.join(resolved_root, relative))
    if os.path.commonpath([resolved_root, resolved]) != resolved_root:
        raise OutsideRoot(f"{relative} leads out of {root}")
    if not stat.S_ISREG(os.stat(resolved).st_mode):
        raise FileNotFoundError(f"{relative} is no regular file")
    return Path(resolved)
