"""One Table as aligned text, as Markdown, and as CSV."""

import csv
import io
import textwrap

WIDTH = 100


def as_text(table):
    """Aligned columns under a title, the notes below; columns beyond WIDTH go under the first ones, their rows named anew."""
    widths = [max(len(row[column]) for row in (table.columns, *table.rows)) for column in range(len(table.columns))]
    lines = textwrap.wrap(table.title, WIDTH)
    for number, block in enumerate(_blocks(widths)):
        own = [widths[column] for column in block]
        lines += [""] * (number > 0) + [_line([table.columns[column] for column in block], own), "  ".join("─" * width for width in own)]
        lines += [_line([row[column] for column in block], own) for row in table.rows]
    for note in table.notes:
        lines += textwrap.wrap(note, WIDTH, initial_indent="  ", subsequent_indent="    ")
    return "\n".join(lines) + "\n"


def _blocks(widths):
    """Lists of columns that fit in WIDTH side by side, each list led by the first column."""
    blocks = [[0]]
    for column in range(1, len(widths)):
        if len(blocks[-1]) > 1 and sum(widths[each] + 2 for each in blocks[-1]) + widths[column] > WIDTH:
            blocks.append([0])
        blocks[-1].append(column)
    return blocks


def _line(cells, widths):
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip()


def as_markdown(table):
    lines = [f"**{table.title}**", "", _pipes(table.columns), _pipes(["---"] * len(table.columns))]
    lines += [_pipes(row) for row in table.rows]
    return "\n".join([*lines, "", *(f"- {note}" for note in table.notes)]).rstrip() + "\n"


def _pipes(cells):
    return "| " + " | ".join(cell.strip().replace("|", "\\|") for cell in cells) + " |"


def as_csv(tables):
    """The records of tables as one tidy CSV: a line for each score, in percent, empty where there is none."""
    text = io.StringIO()
    records = [record for table in tables for record in table.records]
    writer = csv.DictWriter(text, records[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()
