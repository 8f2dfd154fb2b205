"""The votes of FER+ (Barsoum 2016) on FER2013, and the majority rule that makes labels of them."""

from pathlib import Path

import numpy as np

from data.emotions import FERPLUS_COLUMNS, UNLABELLED, emotion_named
from data.readers.releases import pixel_table
from data.readers.tables import cells
from data.readers.tables.bad_rows import BadRows
from data.readers.tables.cells import BadCell
from data.readers.tables.csv_table import Table
from data.runtime.failures import Refused

LEFT_OUT = {"contempt": "contempt", "unknown": "uncertain", "NF": "no-face"}  # column -> reason
VOTED = (*FERPLUS_COLUMNS, "unknown", "NF")
TAGGERS = range(11)  # votes that a class may have


def majorities(votes: Path, table: Path) -> tuple[list[tuple[int, str]], tuple[str, ...]]:
    """(list of (class, reason it is left out), notes): one for each row of the votes, which join `table` by position
    and not by name.

    Raises Refused where the two differ in length or in a row's Usage."""
    rows, bad = Table(votes, ("Usage", *VOTED), ("Image name",)), BadRows(votes)
    usages, labels = [], []
    for row in rows:
        where = rows.where(row.line)
        try:
            usages.append(pixel_table.usage(row))
        except BadCell as error:
            bad.refuse(where, error)
            continue
        try:
            labels.append(majority(_counts(row), VOTED))
        except BadCell as error:
            labels.append((UNLABELLED, bad.leave_out(where, error)))
    notes = (*rows.notes, *bad.notes(len(labels)))
    _check_joined(rows, usages, Table(table, pixel_table.COLUMNS))
    return labels, notes


def _counts(row):
    return np.array([cells.whole(name, row.cells[name], TAGGERS, "0 to 10 votes") for name in VOTED], np.int64)


def _check_joined(votes, usages, table):
    count = 0
    for count, row in enumerate(table, 1):
        if count > len(usages):
            continue
        try:
            split = pixel_table.usage(row)
        except BadCell:
            continue  # it is refused where the table itself is read
        if split != usages[count - 1]:
            raise Refused(
                f"{table.where(row.line)} has Usage {row.cells['Usage'].strip()}, and row {count} of {votes.path} is "
                f"of another one ({usages[count - 1]}); they join by position, so both must be in the published order"
            )
    if count != len(usages):
        raise Refused(f"{table.path} has {count:,} rows, {votes.path} has {len(usages):,}; they join by position")


def majority(votes: np.ndarray, columns: tuple[str, ...]) -> tuple[int, str]:
    """(class, reason it is left out) by FER+'s rule: single votes are noise; the first of the rest wins if it holds
    more than half of them. votes: counts in the order of the columns."""
    kept = np.where(votes > 1, votes, 0)
    winner = int(kept.argmax())
    if 2 * kept[winner] <= kept.sum():
        return UNLABELLED, "no majority"
    name = columns[winner]
    if name in LEFT_OUT:
        return UNLABELLED, LEFT_OUT[name]
    return emotion_named(name), ""
