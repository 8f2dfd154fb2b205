"""The formats in which tables are written to files. Another one is a module like its neighbours, made known by
`register`."""

from collections.abc import Callable
from dataclasses import dataclass

from evaluate.records import as_csv
from evaluate.tables.formats.latex import as_latex
from evaluate.tables.formats.markdown import as_markdown
from evaluate.tables.formats.text import as_text
from evaluate.tables.table import Table


@dataclass(frozen=True)
class Format:
    """One way to write the tables of a file."""

    ending: str  # of the file's name, without a dot
    write: Callable  # list of Table -> text of the file


def one_by_one(as_one: Callable[[Table], str]) -> Callable[[list], str]:
    """A Format's `write` from what writes a single table: one table below the other."""
    return lambda tables: "\n".join(map(as_one, tables))


def records_of(tables: list[Table]) -> str:
    """The records of tables as one tidy CSV: a line for each score, in percent, empty where there is none."""
    return as_csv([record for table in tables for record in table.records])


FORMATS = {
    each.ending: each
    for each in (
        Format("txt", one_by_one(as_text)),
        Format("md", one_by_one(as_markdown)),
        Format("tex", one_by_one(as_latex)),
        Format("csv", records_of),
    )
}


def register(new: Format) -> Format:
    """Make a format known to `evaluate tables`. Raises ValueError where its ending is taken by another."""
    if FORMATS.setdefault(new.ending, new) != new:
        raise ValueError(f"tables are written to .{new.ending} files already; choose another ending")
    return new
