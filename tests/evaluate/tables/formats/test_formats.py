"""One table as text, Markdown, LaTeX and CSV: aligned, within the terminal, and read back by a machine."""

import csv
import io
import re
import shutil
import subprocess

import pytest

from evaluate.tables.formats.format_registry import records_of
from evaluate.tables.formats.latex import as_latex
from evaluate.tables.formats.markdown import as_markdown
from evaluate.tables.formats.text import WIDTH, as_text
from evaluate.tables.table import Table, gap
from evaluate.tables.table_files import all_tables
from tests.evaluate.made_up_runs import make


def table(columns=("Name", "F1"), rows=(("a", "1.0 ± 0.5"), ("longer", "–")), **rest):
    return Table("made", "A title", columns, list(rows), **rest)


def test_text_aligns_its_columns():
    assert as_text(table(notes=["a note"])) == (
        "A title\nName    F1\n──────  ─────────\na       1.0 ± 0.5\nlonger  –\n  a note\n"
    )


def test_notes_and_titles_wrap_within_the_terminal():
    long = table(notes=["word " * 60])
    long.title = "title " * 30
    lines = as_text(long).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert sum(line.count("word") for line in lines) == 60 and sum(line.count("title") for line in lines) == 30


@pytest.mark.parametrize("count", [3, 4, 5, 9])
def test_columns_beyond_the_terminal_go_below_with_their_rows_named_again(count):
    columns = ("Classifier", *(f"on data set {index} of many" for index in range(count)))
    rows = [(f"c{row}", *(f"{row}{column}.0 ± 0.1" for column in range(count))) for row in range(2)]
    text = as_text(table(columns, rows))
    assert max(map(len, text.splitlines())) <= WIDTH
    for heading in columns[1:]:
        assert text.count(heading) == 1
    for cells in rows:
        assert all(text.count(cell) == 1 for cell in cells[1:])
    assert text.count("c0") == text.count("Classifier") == (1 if count == 3 else -(-count // 3))


def test_one_column_wider_than_the_terminal_is_still_printed():
    assert "x" * 120 in as_text(table(rows=[("a", "x" * 120), ("b", "1")]))


def test_markdown_escapes_bars_and_lists_notes():
    lines = as_markdown(table(rows=[("a|b", " 1")], notes=["a note"])).splitlines()
    assert lines == ["**A title**", "", "| Name | F1 |", "| --- | --- |", "| a\\|b | 1 |", "", "- a note"]


def test_csv_reads_back_in_full():
    first = {"table": "one", "mean": "58.1234", "absent": ""}
    second = {"table": "two", "mean": "", "absent": 'no "arousal", none'}
    text = records_of([table(records=[first]), table(records=[second])])
    assert list(csv.DictReader(io.StringIO(text))) == [first, second] and text.count("\n") == 3


def test_latex_has_booktabs_rules_and_nothing_tex_would_misread():
    made = table(
        ("Name", "F1 (50 %)"),
        (("a_b & c", "1.0 ± 0.5"), ("", "-3.2"), ("longer", "+2.0 – x-3")),
        notes=["n = 1, 2 % of it"],
    )
    lines = as_latex(made).splitlines()
    assert [line for line in lines if "rule" in line] == [r"\toprule", r"\midrule", r"\bottomrule"]
    assert [
        r"Name & F1 (50 \%) \\",
        r"a\_b \& c & 1.0 $\pm$ 0.5 \\",
        r" & $-$3.2 \\",
        r"\addlinespace",
        r"longer & $+$2.0 -- x-3 \\",
    ] == [line for line in lines if line.endswith(r"\\") or "space" in line]
    assert r"\caption{A title}" in lines and r"\quad in" in as_latex(table(rows=[("a", "1"), ("  in", "2")]))
    made.title = "Table 3. A title"
    assert r"\caption{A title}" in as_latex(made)
    assert as_latex(made).count("{") == as_latex(made).count("}") and r"2 \% of it." in as_latex(made)
    assert not set("±–%") & set(re.sub(r"\\%", "", as_latex(made)))


def test_a_table_without_rows_is_its_reason_and_no_bare_dash():
    empty = gap(make(), table(notes=["a note"]), "nothing was annotated")
    assert as_text(empty) == "A title\n  nothing was annotated\n  a note\n"
    assert as_markdown(empty) == "**A title**\n\n- nothing was annotated\n- a note\n"
    assert "not shown" in as_latex(empty) and "nothing was annotated" in as_latex(empty)


def test_columns_of_numbers_stand_in_line_from_the_right():
    rows = [("CAKE-3", "58.1 ± 0.5", "+2.0", "yes"), ("AV", "– not swept", "", "no"), ("x", "7.0 ± 1.0", "-11.0", "–")]
    assert r"\begin{tabular}{lrrl}" in as_latex(table(("Rep.", "F1", "gap", "what"), rows))
    assert r"\begin{tabular}{ll}" in as_latex(table(("Rep.", "F1"), [("a", "1.0"), ("b", "one")]))  # the control


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex here")
def test_every_table_is_typeset(tmp_path):
    tables = "\n".join(map(as_latex, all_tables(make())))
    text = r"\documentclass{article}\usepackage{booktabs}\begin{document}" + tables + r"\end{document}"
    (tmp_path / "all.tex").write_text(text, encoding="utf-8")
    call = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
