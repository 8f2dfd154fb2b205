"""The table of `extract emotions` as arrays: one row for each face, and one for what has none.

Axes: N rows, C classes, r coordinates."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from data.canonical import ALONG
from data.frames.text_rows import text_rows
from data.readers.tables import cells
from data.readers.tables.cells import BadCell
from data.runtime.failures import Refused
from data.runtime.progress import counted

NEEDED = ("path", "time", "id", "predicted", "probability", "note", "toy")
VALENCE_AROUSAL = ("valence", "arousal")
COORDINATE = re.compile(rf"{ALONG.format('.+')}|k\d+")  # as data/canonical.py and data/heads.py name them
WRITTEN = "expected the table that `extract emotions` writes with --output"
NONE = -1


@dataclass(frozen=True)
class Trace:
    """What one model says of the faces in photographs and videos."""

    paths: tuple  # as the table names them
    classes: tuple
    axes: tuple  # names of the r coordinates
    toy: bool
    path: np.ndarray  # (N,) places among the paths
    time: np.ndarray  # (N,) seconds; NaN for photographs
    person: np.ndarray  # (N,) numbers that are kept over a video's frames; NONE where it is not followed
    predicted: np.ndarray  # (N,) places among the classes; NONE without a face
    probability: np.ndarray  # (N, C) NaN without a face
    coordinates: np.ndarray  # (N, r) the same
    note: np.ndarray  # (N,) text, empty for most

    def of(self, rows: np.ndarray) -> "Trace":
        """The same of some rows (a mask or places)."""
        arrays = ("path", "time", "person", "predicted", "probability", "coordinates", "note")
        return replace(self, **{name: getattr(self, name)[rows] for name in arrays})

    def faces(self) -> "Trace":
        """The rows with a face."""
        return self.of(self.predicted != NONE)

    def videos(self) -> Iterator[tuple[str, "Trace"]]:
        """(path, its rows) of all that have times, in the table's order."""
        order = np.argsort(self.path, kind="stable")
        ends = np.searchsorted(self.path[order], np.arange(len(self.paths) + 1))
        for place, name in enumerate(self.paths):
            rows = order[ends[place] : ends[place + 1]]
            if np.isfinite(self.time[rows]).any():
                yield name, self.of(rows)

    def photographs(self) -> "Trace":
        """The rows of all paths without times."""
        timed = np.zeros(len(self.paths), bool)
        timed[self.path[np.isfinite(self.time)]] = True
        return self.of(~timed[self.path])

    def noted(self) -> str:
        """A sentence on how many rows have notes of each kind, with a space before it; empty where there is none."""
        notes = [part.split(":")[0].strip() for note in self.note for part in note.split(";") if part.strip()]
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(Counter(notes).items()))
        return f" Noted: {kinds}." if kinds else ""


def read_trace(path: Path) -> Trace:
    """The Trace in a table of CSV, Parquet or JSON lines.

    Raises Refused where columns are missing, a cell cannot be read, or there is no face; OSError."""
    table = text_rows(path, NEEDED, WRITTEN)
    classes, axes = _columns(path, table.names)
    paths, columns = {}, {name: [] for name in ("path", "time", "person", "predicted", "note")}
    numbers, toy = {name: [] for name in (*classes, *axes)}, False
    for row, text in table.rows:
        try:
            toy |= _toy(text)
            _append(columns, numbers, text, paths, classes)
        except BadCell as error:
            raise Refused(f"{table.where(row)}: {error}; {WRITTEN}") from None
    if NONE == max(columns["predicted"], default=NONE):
        raise Refused(f"{path} holds {counted(len(columns['note']), 'row')} and no face; there is nothing to draw")
    arrays = {name: np.array(values, object if name == "note" else None) for name, values in columns.items()}
    return Trace(
        tuple(paths), classes, axes, toy, **arrays,
        probability=np.array([numbers[name] for name in classes], np.float32).T,
        coordinates=np.array([numbers[name] for name in axes], np.float32).reshape(len(axes), len(columns["path"])).T,
    )  # fmt: skip


def _columns(path, names):
    """(names of the classes, names of the coordinates) of a table with these columns."""
    missing = [name for name in NEEDED if name not in names]
    between = [] if missing else names[names.index("probability") + 1 : names.index("note")]
    axes = tuple(name for name in between if COORDINATE.fullmatch(name))
    classes = tuple(name for name in between if name not in (*axes, *VALENCE_AROUSAL))
    if missing or len(classes) < 2:
        what = ", ".join(missing) or "classes between probability and note"
        raise Refused(f"{path} has the columns {', '.join(names)}; {what} missing; {WRITTEN}")
    if len(axes) < 2 and set(VALENCE_AROUSAL) <= set(between):
        axes = (*VALENCE_AROUSAL, *axes)
    return classes, axes


def _toy(text):
    return bool(cells.whole("toy", text["toy"], (0, 1), "0, or 1 where the model is trained on toy data"))


def _append(columns, numbers, text, paths, classes):
    """Add a row to columns and numbers, its path to the paths {name: place} if it is new. Raises BadCell."""
    face = text["predicted"]
    if face and face not in classes:
        raise BadCell("predicted", f"{cells.shown(face)}; expected one of {', '.join(classes)}")
    columns["path"].append(paths.setdefault(text["path"], len(paths)))
    columns["time"].append(_number("time", text["time"]))
    columns["person"].append(NONE if cells.missing(text["id"]) else _person(text["id"]))
    columns["predicted"].append(classes.index(face) if face else NONE)
    columns["note"].append(text["note"])
    for name, values in numbers.items():
        values.append(_number(name, text[name]))
        if face and not (0 <= values[-1] <= 1 if name in classes else np.isfinite(values[-1])):
            expected = "a probability of 0 to 1" if name in classes else "a number"
            raise BadCell(name, f"{cells.shown(text[name])}; expected {expected} for a face")


def _person(text):
    value = cells.number("id", text)
    if value < 0 or value != int(value):
        raise BadCell("id", f"{cells.shown(text)}; expected a whole number from 0")
    return int(value)


def _number(column, text):
    return np.nan if cells.missing(text) else cells.number(column, text)
