"""A CSV with an image in each row: emotion,pixels,Usage, as FER2013 was published, and others after it."""

from pathlib import Path

from data.emotions import UNLABELLED
from data.readers.tables import cells
from data.readers.tables.bad_rows import BadRows
from data.readers.tables.cells import BadCell
from data.readers.tables.csv_table import Row, Table
from data.sample import Sample

COLUMNS = ("emotion", "pixels", "Usage")
USAGE = {"training": "train", "publictest": "validation", "privatetest": "test"}  # in lower case
SPLITS = tuple(USAGE.values())
SIDE = 48


def usage(row: Row) -> str:
    """The split of a row, by its column Usage. Raises BadCell."""
    text = row.cells["Usage"]
    if row.fault:
        raise BadCell("row", row.fault)
    try:
        return USAGE[text.strip().lower()]
    except KeyError:
        raise BadCell("Usage", f"{cells.shown(text)}; expected Training, PublicTest, PrivateTest") from None


def read(path: Path, classes: dict, left_out: dict, labels: list | None = None) -> tuple[list[Sample], tuple[str, ...]]:
    """(Samples, notes) of a table.

    classes: id -> class; left_out: id -> reason. labels: (class, reason) of each row instead of its own.
    Raises Refused for rows without Usage, and for many that cannot be read."""
    table, bad, samples, counts = Table(path, COLUMNS), BadRows(path), [], {}
    for number, row in enumerate(table):
        where = table.where(row.line)
        try:
            split = usage(row)
        except BadCell as error:
            bad.refuse(where, error)
            continue
        counts[split] = place = counts.get(split, -1) + 1
        name = f"{path.name}#{number}"
        try:
            emotion, reason = labels[number] if labels else _label(row.cells["emotion"], classes, left_out)
            pixels = cells.grey_pixels("pixels", row.cells["pixels"], SIDE)
        except BadCell as error:
            emotion, reason, pixels = UNLABELLED, bad.leave_out(where, error), None
        samples.append(Sample(name, split, place, emotion, reason, pixels=pixels))
    return samples, (*table.notes, *bad.notes(len(samples)))


def _label(text, classes, left_out):
    known = (*classes, *left_out)
    number = cells.whole("emotion", text, known, f"{min(known)} to {max(known)}")
    return classes.get(number, UNLABELLED), left_out.get(number, "")
