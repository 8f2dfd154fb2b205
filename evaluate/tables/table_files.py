"""All tables of a results file, and the files that they are written to."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from data.files.publish import publish_text
from data.files.runs import Runs
from evaluate.tables.claims import claims
from evaluate.tables.differences import differences
from evaluate.tables.formats.format_registry import FORMATS
from evaluate.tables.formats.text import as_text
from evaluate.tables.length import length
from evaluate.tables.paper_tables import conventions, multi_domain_summary, table_1, table_2, table_3
from evaluate.tables.section_2_1 import section_2_1
from evaluate.tables.table import Table
from evaluate.tables.trust.group_table import group_tables

# Table 1 is followed by its multi-domain summary, Table 2 by our scores under every convention.
FILES = {
    "table1": ("table1", "multi_domain"),
    "differences": ("differences",),
    "claims": ("claims",),
    "table2": ("table2", "conventions"),
    "table3": ("table3",),
    "section2_1": ("section2_1",),
    "length": ("length",),
    "groups": ("groups",),  # these two of results that tell groups of people
    "group_gaps": ("group_gaps",),
}


def all_tables(runs: Runs, studied: dict[str, Runs] | None = None) -> list[Table]:
    """[Table 1, its multi-domain summary, what differs, the paper's claims, Table 2, our scores under every convention,
    Table 3, Section 2.1, length and rate, and where test rows tell groups of people the scores of these].

    studied: as evaluate.tables.length.read_studied gives it."""
    return [
        table_1(runs),
        multi_domain_summary(runs),
        differences(runs),
        claims(runs),
        table_2(runs),
        conventions(runs),
        table_3(runs),
        section_2_1(runs),
        length(runs, studied or {}),
        *group_tables(runs, np.random.default_rng(0)),
    ]


def write_tables(runs: Runs, folder: Path, studied: dict[str, Runs] | None = None) -> str:
    """Write every table in every format, each with the file it is of; returns the text of all."""
    made = {table.name: _sourced(table, runs.source) for table in all_tables(runs, studied)}
    for name, parts in FILES.items():
        tables = [made[part] for part in parts if part in made]
        for each in FORMATS.values() if tables else ():
            publish_text(folder / f"{name}.{each.ending}", each.write(tables))
    return "\n".join(map(as_text, made.values()))


def _sourced(table, source):
    """A table whose notes and records say which results file it is of."""
    notes = [*table.notes, f"of the results file {source}"] if source else table.notes
    return replace(table, notes=notes, records=[{**record, "results": source} for record in table.records])
