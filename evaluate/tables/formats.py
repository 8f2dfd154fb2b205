"""One Table as aligned text, as Markdown, as LaTeX (booktabs), as HTML, and as CSV."""

import csv
import html
import io
import re
import textwrap

from evaluate.representations import TOY

WIDTH = 100
# What TeX reads as its own, or has no glyph for in its old encodings.
TEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: "\\" + sign for sign in "&%$#_{}"},
    "±": r"$\pm$",
    "–": "--",
    "−": "$-$",
    "≥": r"$\ge$",
    "κ": r"$\kappa$",
    "²": "$^2$",
    "<": "$<$",
    ">": "$>$",
}


def as_text(table):
    """Aligned columns under a title, the notes below; columns beyond WIDTH go under the first ones, their rows named
    again."""
    widths = [max(len(row[column]) for row in (table.columns, *table.rows)) for column in range(len(table.columns))]
    lines = textwrap.wrap(table.title, WIDTH)
    for number, block in enumerate(_blocks(widths)):
        own = [widths[column] for column in block]
        lines += [""] * (number > 0) + [
            _line([table.columns[column] for column in block], own),
            "  ".join("─" * width for width in own),
        ]
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


def as_latex(table):
    """A table environment for booktabs: rules above, below and under the heads, a thin one where the first column names
    a new group."""
    heads, *rows = (
        [r"\quad " * cell.startswith(" ") + _tex(cell.strip()) for cell in row] for row in (table.columns, *table.rows)
    )
    caption = re.sub(r"Table \d\. ", "", table.title)  # LaTeX counts by itself
    lines = [
        r"\begin{table}[tb]",
        r"\centering",
        rf"\caption{{{_tex(caption)}}}",
        rf"\label{{tab:{table.name.replace('_', '-')}}}",
        rf"\begin{{tabular}}{{{'l' * len(heads)}}}",
        r"\toprule",
        " & ".join(heads) + r" \\",
        r"\midrule",
    ]
    grouped = any(not row[0] for row in rows)
    for position, row in enumerate(rows):
        lines += [r"\addlinespace"] * (grouped and position > 0 and bool(row[0])) + [" & ".join(row) + r" \\"]
    lines += [r"\bottomrule", r"\end{tabular}"]
    lines += (
        [rf"\par\smallskip\footnotesize {'; '.join(_tex(note.rstrip('.')) for note in table.notes)}."]
        if table.notes
        else []
    )
    return "\n".join([*lines, r"\end{table}"]) + "\n"


def _tex(text):
    text = "".join(TEX.get(sign, sign) for sign in text)
    return re.sub(r"(?<![\w-])-(?=\d)", "$-$", re.sub(r"(?<!\w)\+(?=\d)", "$+$", text))


def as_html(table):
    """A figure element: caption, the table, its notes. Numbers stand to the right where a whole column holds them."""
    right = [
        all(re.match(r"[+\-−–\d]", row[column].strip() or "–") for row in table.rows)
        for column in range(len(table.columns))
    ]
    cells = lambda row, tag: "".join(
        f"<{tag}{' class=number' * number}>{html.escape(cell.strip())}</{tag}>" for cell, number in zip(row, right)
    )
    grouped = any(not row[0] for row in table.rows)
    rows = "".join(f"<tr{' class=group' * (grouped and bool(row[0]))}>{cells(row, 'td')}</tr>\n" for row in table.rows)
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in table.notes)
    return (
        f'<figure class=table id="{table.name}"><figcaption>{badged(table.title)} <a '
        f'href="{table.name}.csv">CSV</a></figcaption>'
        "<div "
        f"class=scroll><table><thead><tr>{cells(table.columns, 'th')}</tr></thead>\n<tbody>{rows}</tbody></table></div>"
        + (f"<ul class=notes>{notes}</ul>" if notes else "")
        + "</figure>\n"
    )


def badged(title):
    """A title as HTML, a long toy mark as a short one."""
    return (
        f"<span class=toymark>toy</span> {html.escape(title[len(TOY) :])}"
        if title.startswith(TOY)
        else html.escape(title)
    )


def as_csv(tables):
    """The records of tables as one tidy CSV: a line for each score, in percent, empty where there is none."""
    return records_csv([record for table in tables for record in table.records])


def plate_csv(plate, *, toy):
    """The numbers that a plate shows as CSV; the reason where it shows none."""
    return records_csv(
        [{"plate": plate.name, "toy": int(toy), **record} for record in plate.records or [{"absent": plate.caption}]]
    )


def records_csv(records):
    """Records (dicts, alike) as CSV, a line each."""
    text = io.StringIO()
    writer = csv.DictWriter(text, records[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()
