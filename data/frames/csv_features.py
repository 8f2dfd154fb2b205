"""Features in a CSV, a column for each, and the rows of an array that lies beside one."""

from array import array
from pathlib import Path

import numpy as np

from data.frames.own_table import KNOWN, OwnTable, columns, feature_columns, is_wide, refuse_other_lengths
from data.readers.tables.cells import BadCell, number, shown
from data.readers.tables.csv_table import Table, header


def from_csv(path: Path) -> OwnTable:
    """A table with the columns feature_0, feature_1, ... and those of KNOWN. Raises Refused."""
    return rows_of(path, wide=True)


def rows_of(path: Path, *, wide: bool) -> OwnTable:
    """The rows of a CSV; without `wide` its features are of no dimension. Raises Refused."""
    there = [name.strip().lower() for name in header(path, KNOWN)]
    found = columns(path, there, KNOWN)
    names = feature_columns(path, found) if wide else []
    table = Table(path, (*(name for name in found if not is_wide(name)), *names))
    values, lines, faults = array("f"), [], {}
    cells = {name: [] for name in found if not is_wide(name)}
    for row in table:
        own, faults_of_row = _numbers(row, names)
        faults |= {len(lines): fault for fault in faults_of_row}
        values += own
        lines.append(row.line)
        for name, texts in cells.items():
            texts.append(row.cells[name])
    feature = np.frombuffer(values, np.float32).reshape(len(lines), len(names))
    refuse_other_lengths(path, len(lines), {})
    return OwnTable(path, feature, cells, lambda place: f"line {lines[place]}", (path,), faults, table.notes)


def _numbers(row, names):
    """(the features of a row, what is wrong with them); zeros where something is."""
    nothing = array("f", bytes(4 * len(names)))
    if row.fault:
        return nothing, [BadCell("row", row.fault)]
    texts = [row.cells[name] for name in names]
    try:
        return array("f", map(float, texts)), []
    except ValueError:
        return nothing, [_first_fault(names, texts)]


def _first_fault(names, texts):
    for name, text in zip(names, texts):
        try:
            number(name, text)
        except BadCell as error:
            return error
    return BadCell("row", shown(texts[0]))
