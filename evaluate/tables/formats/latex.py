"""A table in LaTeX, for the package booktabs."""

import re

from evaluate.tables.table import Table

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
    "τ": r"$\tau$",
    "²": "$^2$",
    "<": "$<$",
    ">": "$>$",
}


def as_latex(table: Table) -> str:
    """A table environment: rules above, below and under the heads, a thin one where the first column names a new
    group."""
    heads, *rows = ([_cell(cell) for cell in row] for row in (table.columns, *table.rows))
    aligned = "".join("r" if _is_numeric([row[place] for row in table.rows]) else "l" for place in range(len(heads)))
    caption = re.sub(r"Table \d\. ", "", table.title)  # LaTeX counts by itself
    lines = [
        r"\begin{table}[tb]",
        r"\centering",
        rf"\caption{{{_tex(caption)}}}",
        rf"\label{{tab:{table.name.replace('_', '-')}}}",
        rf"\begin{{tabular}}{{{aligned}}}",
        r"\toprule",
        _line(heads),
        r"\midrule",
        *_body(rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    if table.notes:
        notes = "; ".join(_tex(note.rstrip(".")) for note in table.notes)
        lines.append(rf"\par\smallskip\footnotesize {notes}.")
    return "\n".join([*lines, r"\end{table}"]) + "\n"


def _is_numeric(cells):
    """Whether a column holds numbers, which stand in line from the right; what is absent does not matter."""
    told = [cell for cell in cells if cell.strip("– ") and not cell.startswith("–")]
    return bool(told) and all(re.match(r"[+−-]?[\d,.]+%?$|[+−-]?[\d,.]+ ± |< 0", cell) for cell in told)


def _body(rows):
    """Lines of the rows; groups, where the first column leaves cells empty, stand apart."""
    grouped = any(not row[0] for row in rows)
    for position, row in enumerate(rows):
        if grouped and position > 0 and row[0]:
            yield r"\addlinespace"
        yield _line(row)


def _line(cells):
    return " & ".join(cells) + r" \\"


def _cell(text):
    """A cell, pushed in where its text begins with a space."""
    indent = r"\quad " if text.startswith(" ") else ""
    return indent + _tex(text.strip())


def _tex(text):
    text = "".join(TEX.get(sign, sign) for sign in text)
    return re.sub(r"(?<![\w-])-(?=\d)", "$-$", re.sub(r"(?<!\w)\+(?=\d)", "$+$", text))
