"""A table as aligned text for the terminal."""

import textwrap

from evaluate.tables.table import Table

WIDTH = 100


def as_text(table: Table) -> str:
    """Aligned columns under a title, the notes below; columns beyond WIDTH go under the first ones, their rows named
    again."""
    widths = [max(map(len, cells)) for cells in zip(table.columns, *table.rows)]
    lines = textwrap.wrap(table.title, WIDTH)
    for position, block in enumerate(_blocks(widths) if table.rows else ()):
        lines += [""] if position else []
        lines += _aligned(table, block, [widths[column] for column in block])
    for note in table.notes:
        lines += textwrap.wrap(note, WIDTH, initial_indent="  ", subsequent_indent="    ")
    return "\n".join(lines) + "\n"


def _blocks(widths: list) -> list[list]:
    """Lists of columns that fit in WIDTH side by side, each list led by the first column."""
    blocks = [[0]]
    for column in range(1, len(widths)):
        if len(blocks[-1]) > 1 and sum(widths[each] + 2 for each in blocks[-1]) + widths[column] > WIDTH:
            blocks.append([0])
        blocks[-1].append(column)
    return blocks


def _aligned(table: Table, block: list, widths: list) -> list[str]:
    """Lines of some columns: their heads, a rule, the rows."""
    heads, *rows = ([row[column] for column in block] for row in (table.columns, *table.rows))
    rule = "  ".join("─" * width for width in widths)
    return [_line(heads, widths), rule, *(_line(row, widths) for row in rows)]


def _line(cells, widths):
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip()
