"""What `extract info` and `extract verify` say of a file, whichever of the project's kinds it is."""

from pathlib import Path

from data.files.cache import CacheError, damaged, kind_of, open_cache, provenance_of
from data.files.foreign import not_finite
from data.files.hdf5 import STAMP, Unreadable, intact, open_hdf5
from data.files.made_by import MADE_BY, commands
from data.runtime.failures import Refused
from extract.info import caches, exported, results
from extract.workers import Failed, supervise

AGAIN = "delete it and make it again"
CHECKPOINT = "checkpoint"  # or the state of a training
DAMAGED = "damaged"
EXPORTED = "exported"
_CHECKPOINTS = (".pt", ".pt.state")
_ARCHIVE = b"PK\x03\x04"  # how every file that torch saves begins


def describe(path: Path) -> list[str]:
    """Lines of text about a file. Raises Refused, FileNotFoundError."""
    kind = kind_at(path)
    if kind == CHECKPOINT:
        from extract.info import checkpoints  # imports torch

        return checkpoints.describe(path)
    if kind == EXPORTED:
        return exported.describe(path)
    if kind == DAMAGED:
        again = commands(path, MADE_BY)
        raise CacheError(f"{path} is damaged and no longer says what it holds; {AGAIN} with {again}")
    return results.describe(path) if kind == "runs" else caches.describe(path)


def verify(path: Path) -> None:
    """Read a file whole; raise Refused naming what in it has changed since it was written, or is not as it must be."""
    kind = kind_at(path)
    if kind == CHECKPOINT:
        from extract.info import checkpoints

        return checkpoints.verify(path)
    if kind == EXPORTED:
        return exported.verify(path)
    return _verify_hdf5(path)


def kind_at(path: Path) -> str:
    """ "aligned", "features", "runs", CHECKPOINT, EXPORTED, or DAMAGED for what is left of one of the first three.
    Raises Refused where a file is none of these, FileNotFoundError."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing")
    if not path.is_file():
        raise Refused(f"{path} is a folder, expected one of its files")
    with open(path, "rb") as file:
        start = file.read(len(STAMP))
    if start.startswith(_ARCHIVE) or path.name.endswith(_CHECKPOINTS):
        return CHECKPOINT
    if path.suffix == ".onnx":
        return EXPORTED
    kind = _hdf5_kind(path)
    if kind not in MADE_BY and start != STAMP:
        raise Refused(
            f"{path} is not a file of this project; there are aligned/NAME.h5, features/NAME.h5, results/runs.h5, "
            "checkpoints/TASK.pt with TASK.pt.state, and exports/backbone.onnx"
        )
    return kind if kind in MADE_BY else DAMAGED


def _hdf5_kind(path):
    try:
        with open_hdf5(path) as file:
            return kind_of(file)
    except Unreadable:
        raise
    except OSError:
        return None


def _verify_hdf5(path):
    if intact(path) is False:
        # in a process of its own: on flipped bits HDF5 may crash, or hang
        [(_, found)] = supervise(_damage, [(path, path)], workers=1)
        unknown = f"{AGAIN} with {commands(path, MADE_BY)}"
        again, broken, infinite = (unknown, [], []) if isinstance(found, Failed) else found
        broken = broken or ["its structure"]
    else:
        again, broken, infinite = _damage(path)
    if broken:
        raise CacheError(f"{path} is damaged in {', '.join(broken)}; {again}")
    if infinite:
        raise CacheError(f"{path} holds values that are not finite in {', '.join(infinite)}; {again}")


def _damage(path):
    """What to do, names of the datasets that have changed, and of those that are not finite and must be."""
    with open_cache(path, *MADE_BY) as file:
        kind = file.attrs["kind"]
        again = commands(path, [kind], provenance_of(file).get("dataset", ""))
        return f"{AGAIN} with {again}", damaged(file), not_finite(file, kind)
