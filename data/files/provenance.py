"""What made a file: the versions of the code and of the libraries that a result may depend on."""

import functools
import platform
import subprocess
from importlib import metadata
from pathlib import Path

LIBRARIES = ("torch", "torchvision", "numpy", "h5py", "opencv-python", "dlib-bin", "scikit-learn")


def versions():
    """Dict of library name to version, for those that are installed."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


@functools.cache
def code_version():
    """The commit this code was run from (with + where it has changes), or the installed version."""
    root = Path(__file__).resolve().parents[2]
    try:
        commit = _git(root, "rev-parse", "--short=12", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", str(root))
        return commit + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return _installed_version()


def _git(folder, *arguments):
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


def _installed_version():
    try:
        return metadata.version("cake-emotion")
    except metadata.PackageNotFoundError:
        return "unknown"
