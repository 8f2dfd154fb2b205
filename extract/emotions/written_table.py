"""Rows to a file as they come, whole or not at all: CSV, JSON lines or Parquet, by its ending."""

import contextlib
import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from data.files.publish import publish
from data.runtime.failures import Refused, missing_package

TEXT, WHOLE = ("path", "predicted", "note"), ("face", "id", "toy")  # columns; all others are float32 numbers
PIECE = 4096  # rows of Parquet that are written together


def ending_of(path: Path) -> str:
    """One of WRITERS. Raises Refused for another ending."""
    ending = Path(path).suffix.lower()
    if ending not in WRITERS:
        raise Refused(f"{path} ends in {ending or 'nothing'}, expected {', '.join(WRITERS)}; name such a file")
    return ending


def written(path: Path, names: list[str], fill: Callable[[Callable], None]) -> None:
    """Publish a table with these columns. fill(write) is given a function to call with lists of rows, which are dicts
    of column to value; what a row lacks is missing. Raises Refused, ModuleNotFoundError where pyarrow is needed."""

    def make(temporary):
        with WRITERS[ending_of(path)](temporary, names) as write:
            fill(write)

    publish(path, make)


def number(value: float) -> str:
    """A number as short as gives the same float32 back."""
    import numpy as np

    return str(np.float32(value))


@contextlib.contextmanager
def _csv(path: Path, names: list[str]) -> Iterator[Callable]:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        yield lambda rows: writer.writerows([[_cell(name, row.get(name)) for name in names] for row in rows])


def _cell(name, value):
    if value is None:
        return ""
    return value if name in TEXT or name in WHOLE else number(value)


@contextlib.contextmanager
def _json_lines(path: Path, names: list[str]) -> Iterator[Callable]:
    with open(path, "w", encoding="utf-8") as file:
        yield lambda rows: file.writelines(json.dumps(_object(names, row), ensure_ascii=False) + "\n" for row in rows)


def _object(names, row):
    plain = (*TEXT, *WHOLE)
    values = {name: row.get(name) for name in names}
    return {name: value if value is None or name in plain else float(number(value)) for name, value in values.items()}


@contextlib.contextmanager
def _parquet(path: Path, names: list[str]) -> Iterator[Callable]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ModuleNotFoundError as error:
        raise missing_package(error) from error
    kinds = {**dict.fromkeys(TEXT, pyarrow.string()), **dict.fromkeys(WHOLE, pyarrow.int32())}
    schema = pyarrow.schema([(name, kinds.get(name, pyarrow.float32())) for name in names])
    kept = []
    with parquet.ParquetWriter(path, schema) as writer:

        def flush():
            columns = {name: [row.get(name) for row in kept] for name in names}
            writer.write_table(pyarrow.table(columns, schema))
            kept.clear()

        def write(rows):
            kept.extend(rows)
            if len(kept) >= PIECE:
                flush()

        yield write
        flush()


WRITERS = {".csv": _csv, ".jsonl": _json_lines, ".parquet": _parquet}
