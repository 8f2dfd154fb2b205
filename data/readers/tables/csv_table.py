"""A CSV file: its rows by the names of their columns, each with its true line; what is wrong names file and line."""

import csv
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data.readers.tables.small_files import not_text
from data.runtime.failures import Refused

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}  # the first wins where nothing speaks for another


@dataclass(slots=True)
class Row:
    """One row of a table. `fault` says why its cells cannot be told apart; empty where they can."""

    line: int  # of the file, counted from 1: where the row begins
    cells: dict  # column -> text; "" where the row ends before
    fault: str = ""


class Table:
    """Its columns are looked for by name, in capitals or not, in any order."""

    def __init__(self, path: Path, needed: tuple, optional: tuple = (), *, header_needed: bool = True):
        """Open a table that has the columns `needed`, in that order where it has no header.

        Raises Refused where it is empty or its header lacks one; OSError."""
        self.path, self.needed, self.known = path, needed, (*needed, *optional)
        self._spelled = {name.lower(): name for name in self.known}
        self.separator = _separator(path, self.known)
        line, first = next(_lines(path, self.separator), (0, None))
        if first is None:
            raise Refused(f"{path} is empty; expected the columns {','.join(self.known)}")
        names = [self._known(cell) for cell in first]
        self.header = header_needed or any(names)
        self.first_line = line + 1 if self.header else line
        self.notes = self._read_header(first, names) if self.header else ()
        self.columns = names if self.header else list(self.known)
        self.width = 1 + max(self.columns.index(name) for name in needed)

    def where(self, line: int) -> str:
        """File and line, as messages name them."""
        return f"{self.path}, line {line}"

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows below the header, blank lines dropped. Raises Refused where it is not text or not CSV."""
        columns, width, short = self.columns, self.width, [""] * len(self.columns)
        for line, cells in _lines(self.path, self.separator):
            if line < self.first_line:
                continue
            fault = "" if width <= len(cells) <= len(columns) else self._fault(cells)
            yield Row(line, dict(zip(columns, cells + short[len(cells) :])), fault)

    def _fault(self, cells):
        """Cells without text behind the last column are what some programs write."""
        if len(cells) < self.width or any(cell.strip() for cell in cells[len(self.columns) :]):
            return f"faulty row of {len(cells)} cells"
        return ""

    def _known(self, cell):
        """The column that a cell of the header names, as the reader spells it; None for one that it does not know."""
        return self._spelled.get(cell.strip().lower())

    def _read_header(self, first, names):
        missing = [name for name in self.needed if name not in names]
        found = ", ".join(cell.strip() for cell in first)
        if missing:
            raise Refused(
                f"{self.path} has the columns {found}; {', '.join(missing)} missing of {','.join(self.known)} "
                f"(expected in the first line, between {' or '.join(SEPARATORS.values())})"
            )
        twice = [name for name in dict.fromkeys(filter(None, names)) if names.count(name) > 1]
        if twice:
            raise Refused(f"{self.path} has the columns {found}; {', '.join(twice)} stands there more than once")
        unnamed = [cell.strip() for cell, name in zip(first, names) if name is None]
        return tuple(self._unread(unnamed))

    def _unread(self, cells):
        """Notes on columns that are passed over; the first without a name holds pandas's row numbers."""
        names = [cell for cell in cells if cell and not cell.lower().startswith("unnamed:")]
        if names:
            yield f"{self.path.name}: columns that are not read: {', '.join(map(self._hint, names))}"

    def _hint(self, cell):
        close = difflib.get_close_matches(cell.lower(), [name.lower() for name in self.known], 1, 0.8)
        return f"{cell} (is {close[0]} meant?)" if close else cell


def header(path: Path, known: tuple) -> list[str]:
    """The cells of the first line, between what separates most of the columns `known`. Raises Refused where it is
    empty."""
    _, cells = next(_lines(path, _separator(path, known)), (0, None))
    if cells is None:
        raise Refused(f"{path} is empty; expected the columns {','.join(known)}")
    return cells


def _separator(path, known):
    """That by which the first line holds most of the known columns, or, without a header, about as many."""

    def fit(separator):
        try:
            _, cells = next(_lines(path, separator), (0, []))
        except Refused:
            return -1, 0
        names = {cell.strip().lower() for cell in cells}
        return len(names & {name.lower() for name in known}), -abs(len(cells) - len(known))

    return max(SEPARATORS, key=fit)


def _lines(path, separator):
    """Yield (line where it begins, cells) of every row, blank ones dropped; UTF-8 with or without byte-order mark."""
    line = 1
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file, delimiter=separator, strict=True)
            for cells in rows:
                if any(cell.strip() for cell in cells):
                    yield line, cells
                line = rows.line_num + 1
    except UnicodeDecodeError:
        raise not_text(path) from None
    except csv.Error as error:
        raise Refused(f"{path}, line {line}: {_explained(error)}") from None


def _explained(error):
    """csv's words, and what they mean where a quote opens a cell and nothing closes it."""
    return (
        f'a cell cannot be read ({error}); it is too long, or a quote (") is opened or closed in its midst and '
        "swallows what follows"
    )
