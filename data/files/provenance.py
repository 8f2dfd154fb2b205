"""What made a file: the versions of the code and of the libraries that a result may depend on."""

import functools
import importlib
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

# Module -> what it may be installed as. Compiled, or from another package manager, it may be none of these; then the
# module says its version itself.
LIBRARIES = {
    "torch": ("torch",),
    "torchvision": ("torchvision",),
    "numpy": ("numpy",),
    "h5py": ("h5py",),
    "cv2": ("opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"),
    "dlib": ("dlib-bin", "dlib"),
    "sklearn": ("scikit-learn",),
}
ABSENT = "none"


def versions() -> dict:
    """Name of each library, as it is installed, to its version. Nothing is imported for it."""
    found = {"python": platform.python_version()}
    for module in LIBRARIES:
        name, version = _installed(module)
        if version:
            found[name] = version
    return found


def version(module: str) -> str:
    """Version of a library that this process works with; ABSENT where it is not installed."""
    _, found = _installed(module)
    if found:
        return found
    try:
        return getattr(importlib.import_module(module), "__version__", ABSENT)
    except ImportError:
        return ABSENT


def _installed(module: str) -> tuple[str, str]:
    """(distribution or module, version) of a library that is installed or loaded; the version is empty elsewhere."""
    for name in LIBRARIES.get(module, (module,)):
        try:
            return name, metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return module, getattr(sys.modules.get(module), "__version__", "")


@functools.cache
def code_version() -> str:
    """The commit this code was run from (with + where it has changes), or the installed version."""
    root = Path(__file__).resolve().parents[2]
    try:
        commit = _git(root, "rev-parse", "--short=12", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", str(root))
        return commit + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return _installed_version()


def licence() -> str:
    """Licence of this code, as it is installed; ABSENT where it is not."""
    try:
        told = metadata.metadata("cake-emotion")
    except metadata.PackageNotFoundError:
        return ABSENT
    return told.get("License-Expression") or told.get("License") or ABSENT


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


def _installed_version() -> str:
    try:
        return metadata.version("cake-emotion")
    except metadata.PackageNotFoundError:
        return "unknown"
