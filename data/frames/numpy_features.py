"""Features in NumPy's own files: an archive of arrays, or one array with its rows in a CSV beside it. Nothing is
unpickled."""

import contextlib
import zipfile
import zlib
from pathlib import Path

import numpy as np

from data.frames.csv_features import rows_of
from data.frames.own_table import FEATURES, KNOWN, OwnTable, columns, refuse_other_lengths, refuse_type, texts, unread
from data.runtime.failures import Refused

BOTH = "valence_arousal"  # (N, 2), in place of two columns
BROKEN = (ValueError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error)


def from_npz(path: Path) -> OwnTable:
    """The arrays of an .npz by their names. Raises Refused."""
    with _loaded(path, "an archive of arrays, as numpy.savez writes it", np.lib.npyio.NpzFile) as file:
        found = columns(path, file.files, (*KNOWN, FEATURES, BOTH))
        arrays = {column: _member(path, file, name) for column, name in found.items()}
        notes = unread(path, file.files, found)
    if FEATURES not in arrays:
        raise Refused(f"{path} has no array {FEATURES}; expected one of shape (N, F)")
    feature = arrays.pop(FEATURES)
    refuse_type(path, FEATURES, feature.dtype, feature.shape)
    cells = {name: texts(path, name, array) for name, array in _apart(path, arrays).items()}
    refuse_other_lengths(path, len(feature), cells)
    return OwnTable(path, feature, cells, lambda row: f"row {row}", (path,), notes=notes)


def _apart(path, arrays):
    """Valence and arousal as two columns."""
    both = arrays.pop(BOTH, None)
    if both is None:
        return arrays
    if both.ndim != 2 or both.shape[1] != 2 or {"valence", "arousal"} & arrays.keys():
        raise Refused(
            f"{path}: {BOTH} of shape {both.shape}; expected (N, 2), and neither valence nor arousal beside it"
        )
    return {**arrays, "valence": both[:, 0], "arousal": both[:, 1]}


def from_npy(path: Path) -> OwnTable:
    """The array of an .npy, and what its rows are from the CSV of the same name. Raises Refused."""
    table = path.with_suffix(".csv")
    if not table.is_file():
        raise Refused(f"{table} is missing; {path.name} has numbers alone, and a CSV beside it says what its rows are")
    with _loaded(path, "one array, as numpy.save writes it", np.ndarray) as feature:
        refuse_type(path, "features", feature.dtype, feature.shape)
    rows = rows_of(table, wide=False)
    refuse_other_lengths(path, len(feature), {f"{table.name}": next(iter(rows.cells.values()))})
    return OwnTable(path, feature, rows.cells, rows.where, (path, table), faults=rows.faults, notes=rows.notes)


@contextlib.contextmanager
def _loaded(path, expected, type):
    with open(path, "rb") as file:  # which NumPy leaves open where it fails
        try:
            found = np.load(file, allow_pickle=False)
        except BROKEN:
            raise Refused(f"{path} is not {expected}; a pickle is never read") from None
        if not isinstance(found, type):
            raise Refused(f"{path} is not {expected}, whatever its name says")
        yield found


def _member(path, file, name):
    try:
        array = file[name]
    except BROKEN:
        raise Refused(
            f"{path}: the array {name} is damaged or holds Python objects, which are never read; save it as numbers or "
            f"as text, {name}.astype(str)"
        ) from None
    if not isinstance(array, np.ndarray):
        raise Refused(f"{path}: {name} is no array, as numpy.savez writes it")
    return array
