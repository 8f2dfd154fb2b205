"""Features that somebody else took, as they stand in a file: numbers, and the cells beside them as text."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from data.readers.tables.cells import BadCell
from data.runtime.failures import Refused

FEATURES = "features"  # an array, or a column of lists; else there is a column for each of them
WIDE = "feature_"
NEEDED = ("split", "label")
OPTIONAL = (
    "domain",
    "path",
    "valence",
    "arousal",
    "predicted_valence",
    "predicted_arousal",
    "person",
    "cluster",
    "groups",
    "row",
    "face",
    "held_out",
    "toy",
)
KNOWN = (*NEEDED, *OPTIONAL)


@dataclass
class OwnTable:
    """N rows of F features."""

    path: Path  # as messages name it
    feature: np.ndarray  # (N, F) float16, float32 or float64
    cells: dict  # column of KNOWN -> N texts
    where: Callable  # place of a row -> file and row, or line, as messages name it
    files: tuple  # all that it was read from
    faults: dict = field(default_factory=dict)  # place of a row -> BadCell: what is wrong with its features
    notes: tuple = ()


def columns(path: Path, names: Iterable[str], known: tuple = (*KNOWN, FEATURES)) -> dict:
    """Column -> its name as the file spells it. Raises Refused where a needed one is missing, or one stands there
    twice."""
    found = {}
    for name in names:
        column = str(name).strip().lower()
        if column in known or is_wide(column):
            if column in found:
                raise Refused(f"{path} has {column} more than once; keep one of them")
            found[column] = name
    there = [column for column in found if not is_wide(column)]
    missing = [column for column in NEEDED if column not in found]
    if missing:
        raise Refused(
            f"{path} has {', '.join(there) or 'none of the columns'}; {' and '.join(missing)} missing (leave the cells "
            f"of label empty where there is none); known are {', '.join(known)}"
        )
    return found


def is_wide(column: str) -> bool:
    """Whether a column is one of the features: feature_0, feature_1, ..."""
    number = column.removeprefix(WIDE)
    return column.startswith(WIDE) and number.isascii() and number.isdecimal() and str(int(number)) == number


def feature_columns(path: Path, found: Iterable[str]) -> list[str]:
    """feature_0 to feature_F-1. Raises Refused where there is none, or one between is missing."""
    numbers = {int(column.removeprefix(WIDE)) for column in found if is_wide(column)}
    absent = sorted(set(range(len(numbers))) - numbers)
    if not numbers or absent:
        what = f"{WIDE}{absent[0]} among {len(numbers):,}" if numbers else "features"
        raise Refused(f"{path} has no {what}; expected a column {FEATURES}, or {WIDE}0, {WIDE}1, ... without a gap")
    return [f"{WIDE}{number}" for number in range(len(numbers))]


def unread(path: Path, names: Iterable[str], found: dict) -> tuple[str, ...]:
    """A note on the columns that are passed over, or none."""
    others = [str(name) for name in names if name not in found.values()]
    return (f"{path.name}: not read: {', '.join(others)}",) if others else ()


def texts(path: Path, name: str, array: np.ndarray) -> list[str]:
    """The cells of a column of numbers or text. Raises Refused for anything else."""
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8", "backslashreplace")
    if array.ndim != 1 or array.dtype.kind not in "biufU":
        raise Refused(
            f"{path}: {name} is of type {array.dtype} and shape {array.shape}, expected numbers or text, (N,)"
        )
    array = array.astype(np.float32) if array.dtype == np.float16 else array  # its text would be shorter than its value
    return array.astype(str).tolist()


def refuse_other_lengths(path: Path, rows: int, cells: dict) -> None:
    """Raise Refused where a column has not a cell for each row of features, or there is no row."""
    for name, own in cells.items():
        if len(own) != rows:
            raise Refused(f"{path}: {len(own):,} rows of {name} and {rows:,} of features; expected one for each")
    if not rows:
        raise Refused(f"{path} holds no row")


def refuse_type(path: Path, name: str, type: object, shape: tuple = (1, 1)) -> None:
    """Raise Refused where features are not of float16, float32 or float64, or no table (N, F)."""
    if str(type) not in ("float16", "float32", "float64"):
        raise Refused(f"{path}: {name} of type {type}, expected float16, float32 or float64; convert them")
    if len(shape) != 2 or not shape[1]:
        raise Refused(f"{path}: {name} of shape {shape}, expected (N, F): a row of numbers for each face")


def not_finite(feature: np.ndarray, rows: int = 4096) -> dict:
    """{place of a row: BadCell} of rows with a number that is not finite in float32."""
    found = {}
    for low in range(0, len(feature), rows):
        piece = feature[low : low + rows]
        with np.errstate(over="ignore"):
            bad = ~np.isfinite(piece.astype(np.float32, copy=False))
        for place in np.flatnonzero(bad.any(1)).tolist():
            column = int(bad[place].argmax())
            value = piece[place, column]
            found[low + place] = BadCell(f"{WIDE}{column}", f"{value} is not a finite number of float32")
    return found
