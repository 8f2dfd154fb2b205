"""A table in Markdown."""

from evaluate.tables.table import Table


def as_markdown(table: Table) -> str:
    """Title, rows between bars, notes as a list."""
    lines = [f"**{table.title}**", ""]
    if table.rows:
        lines += [_pipes(row) for row in (table.columns, ["---"] * len(table.columns), *table.rows)] + [""]
    return "\n".join([*lines, *(f"- {note}" for note in table.notes)]).rstrip() + "\n"


def _pipes(cells):
    return "| " + " | ".join(cell.strip().replace("|", "\\|") for cell in cells) + " |"
