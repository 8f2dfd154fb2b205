"""Tables of named columns row by row, each cell as text: CSV and JSON lines, and Parquet, which takes the extra
`frames`. The way back from what named_columns.py writes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data.readers.tables import csv_table
from data.readers.tables.cells import shown
from data.readers.tables.small_files import not_text
from data.runtime.failures import Refused, missing_package

ENDINGS = (".csv", ".parquet", ".jsonl")


@dataclass(frozen=True)
class TextRows:
    """A table that can be gone through once: `rows` gives (number, {column: text, empty where there is none})."""

    path: Path
    names: list
    rows: Iterator[tuple[int, dict]]
    unit: str = "line"  # what is numbered, from 1

    def where(self, number: int) -> str:
        """A row as messages name it."""
        return f"{self.path}, {self.unit} {number}"


def text_rows(path: Path, known: tuple, expected: str = "expected a table") -> TextRows:
    """The rows of a table, by the ending of its path. known: columns by which what separates a CSV is found;
    expected: what messages say of the file.

    Raises Refused for another ending and where it cannot be read, at the latest at the row in question; OSError;
    ModuleNotFoundError where a package is missing."""
    forms = {
        ".csv": lambda: _of_csv(path, known),
        ".parquet": lambda: _of_parquet(path),
        ".jsonl": lambda: _of_json(path),
    }
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise Refused(f"{path} ends in {ending or 'nothing'}; {expected} in {', '.join(ENDINGS)}")
    return forms[ending]()


def _of_csv(path, known):
    names = [cell.strip() for cell in csv_table.header(path, known) if cell.strip()]
    table = csv_table.Table(path, tuple(names))

    def rows():
        for row in table:
            if row.fault:
                raise Refused(f"{table.where(row.line)}: {row.fault}; expected {len(names)}, as in the first line")
            yield row.line, row.cells

    return TextRows(path, names, rows())


def _of_json(path):
    first = next(_objects(path), (0, None))[1]
    if first is None:
        raise Refused(f"{path} is empty; expected an object of JSON in each line")
    names = list(first)
    cells = ((line, {name: _text(found.get(name)) for name in names}) for line, found in _objects(path))
    return TextRows(path, names, cells)


def _objects(path):
    """(line, dict) of every line that is not blank."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            for line, text in enumerate(file, 1):
                if text.strip():
                    yield line, _object(path, line, text)
    except UnicodeDecodeError:
        raise not_text(path) from None


def _object(path, line, text):
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refused(f"{path}, line {line}: {shown(text.strip())} is no object of JSON; expected one in each line")
    return found


def _of_parquet(path):
    try:
        import pandas
        import pyarrow  # noqa: F401  which pandas takes
    except ModuleNotFoundError as error:
        raise missing_package(error) from error
    try:
        frame = pandas.read_parquet(path, engine="pyarrow")
    except ValueError as error:  # pyarrow's own errors are ValueErrors too
        raise Refused(f"{path} cannot be read as Parquet ({str(error).splitlines()[0]})") from error
    names = list(map(str, frame.columns))
    cells = frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None)
    rows = ((number, dict(zip(names, map(_text, row)))) for number, row in enumerate(cells, 1))
    return TextRows(path, names, rows, "row")


def _text(value):
    return "" if value is None else str(value)
