"""All that is said of several results files side by side, and the files that it is written to."""

import hashlib
from pathlib import Path

from data.files.publish import publish_text
from data.files.runs import Runs
from evaluate.figures.compactness_plot import compactness_plot
from evaluate.figures.figure_files import write_plates
from evaluate.figures.plate import drawing
from evaluate.statistics.compactness import kept_of
from evaluate.statistics.networks_told import ways_of
from evaluate.tables.compared.against_first import against_first
from evaluate.tables.compared.beside import beside
from evaluate.tables.compared.compactness_table import compactness_table, order_table
from evaluate.tables.compared.systems import systems
from evaluate.tables.compared.ways import ways
from evaluate.tables.formats.format_registry import FORMATS
from evaluate.tables.formats.text import as_text

LONGEST = 100  # bytes of a folder's name that spells all networks; file systems take 255


def folder_for(names: list[str]) -> str:
    """The name of the folder that a comparison of these goes into: all of them, or the first and a digest."""
    joined = "-".join(names)
    if len(joined.encode()) <= LONGEST:
        return joined
    return f"{names[0]}-and-{len(names) - 1}-{hashlib.sha256(joined.encode()).hexdigest()[:8]}"


def write_comparison(several: list[Runs], names: list[str], folder: Path) -> str:
    """Write every table in every format and the figure; returns the text of all tables. Raises Refused where test rows
    differ."""
    side_by_side = beside(several, names)  # before all that takes the same test rows for granted
    first, kept = several[0], kept_of(several, names)
    tables = [
        side_by_side,
        against_first(several, names) if len(several) > 2 else None,  # of two, the first table says it
        ways(several, names),
        systems(several, names),
        compactness_table(first, kept),
        order_table(first, kept),
    ]
    tables = [table for table in tables if table]
    for table in tables:
        for each in FORMATS.values():
            publish_text(folder / f"{table.name}.{each.ending}", each.write([table]))
    with drawing():
        plate = compactness_plot(first, kept, ways_of(several, names))
        write_plates([plate], folder, toy=first.toy, sources=[runs.source for runs in several])
    return "\n".join(map(as_text, tables))
