"""Tables: separators, headers, true lines, and what is wrong with a file."""

import csv
import random

import pytest

from data.readers.tables.csv_table import SEPARATORS, Table
from data.runtime.failures import Refused
from tests.data.trees import touch

NEEDED, OPTIONAL = ("path", "emotion"), ("valence",)


def table(tmp_path, text, **options):
    return Table(touch(tmp_path / "t.csv", text), NEEDED, OPTIONAL, **options)


def lines(found):
    return [row.line for row in found]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_separators_line_ends_and_byte_order_marks(tmp_path, end, separator, mark):
    rows = [["Path", "emotion", "Valence "], ["a;b,c\td.jpg", "anger", "0.5"], ["e.jpg", "fear", ""]]
    with open(tmp_path / "t.csv", "w", newline="", encoding="utf-8") as file:
        file.write(mark)
        csv.writer(file, delimiter=separator, lineterminator=end).writerows(rows)
    found = Table(tmp_path / "t.csv", NEEDED, OPTIONAL)
    assert [row.cells for row in found] == [
        {"path": "a;b,c\td.jpg", "emotion": "anger", "valence": "0.5"},
        {"path": "e.jpg", "emotion": "fear", "valence": ""},
    ]
    assert lines(found) == [2, 3] and found.separator == separator and not found.notes


def test_lines_are_those_of_the_file_behind_blank_and_multi_line_cells(tmp_path):
    text = '\n\npath,emotion\n\na.jpg,anger\n"b\nb\nb.jpg",fear\n  ,  \nc.jpg,fear\n'
    found = table(tmp_path, text)
    assert lines(found) == [5, 6, 10] and found.where(6).endswith("t.csv, line 6")
    assert [text.split("\n")[row.line - 1][-1] for row in found] == ["r", "b", "r"]


def test_made_up_tables_give_what_was_written_at_the_line_it_was_written(tmp_path):
    """Beside the slow way: each row written by itself, its lines counted."""
    chosen = random.Random(0)
    texts = ["a", "b,c", 'say "x"', "two\nlines", "ä", "", "1;2"]
    path, expected, line = tmp_path / "t.csv", [], 2
    with open(path, "w", newline="", encoding="utf-8") as file:
        file.write("emotion,path\n")
        for _ in range(300):
            blank = chosen.randrange(3) == 0
            file.write("\n" * blank)
            cells = [chosen.choice(texts[:5]), chosen.choice(texts)]
            csv.writer(file, lineterminator="\n").writerow(cells)
            expected.append((line + blank, {"emotion": cells[0], "path": cells[1]}))
            line += blank + 1 + sum(cell.count("\n") for cell in cells)
    assert [(row.line, row.cells) for row in Table(path, NEEDED)] == expected


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("a.jpg,anger", ""),
        ("a.jpg,anger,0.5", ""),
        ("a.jpg,anger,0.5,, ", ""),
        ("a.jpg", "faulty row of 1 cells"),
        ("a, b.jpg,anger,0.5", "faulty row of 4 cells"),
    ],
)
def test_rows_of_other_lengths(tmp_path, row, fault):
    [found] = table(tmp_path, f"path,emotion,valence\n{row}\n")
    assert found.fault == fault and set(found.cells) == {"path", "emotion", "valence"}


@pytest.mark.parametrize("first", ["", "Unnamed: 0"])
def test_row_numbers_of_pandas_are_passed_over(tmp_path, first):
    found = table(tmp_path, f"{first},path,emotion\n0,a.jpg,anger\n")
    [row] = found
    assert (row.cells["path"], row.cells["emotion"]) == ("a.jpg", "anger") and not found.notes


def test_columns_that_are_not_known_are_named(tmp_path):
    found = table(tmp_path, "path,emotion,valense,age\na.jpg,anger,0,30\n")
    assert found.notes == ("t.csv: columns that are not read: valense (is valence meant?), age",)


def test_a_table_without_header(tmp_path):
    for text in ("a.jpg,anger\n", "path,emotion\na.jpg,anger\n", "path;emotion\na.jpg;anger\n", "a.jpg\tanger"):
        found = table(tmp_path, text, header_needed=False)
        assert [row.cells["emotion"] for row in found] == ["anger"] and found.header == ("path" in text)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "t.csv is empty; expected the columns path,emotion,valence"),
        ("\n \n\n", "is empty"),
        ("path;emotoin\n", "has the columns path, emotoin; emotion missing of path,emotion,valence"),
        ("path,emotion,Path\n", "path stands there more than once"),
        ('path,emotion\na.jpg,anger\n"b.jpg,fear\nc.jpg,fear\n', "line 3: a cell cannot be read"),
        ('path,emotion\n"b.jpg,fear\n"c.jpg,fear\n', "line 2: a cell cannot be read"),
        ('path,emotion\n"b.jpg" x,fear\n', "line 2: a cell cannot be read"),
        ("path,emotion\n" + "x" * 200_000 + ",fear\n", "line 2: a cell cannot be read .field larger than"),
        (b"path,emotion\na.jpg,anger\n\n\xe9.jpg,fear\n", "line 4 is not UTF-8 text"),
        ("path,emotion\na,b\n".encode("utf-16"), "is UTF-16"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_line(tmp_path, text, match):
    with pytest.raises(Refused, match=match):
        list(table(tmp_path, text))


def test_the_line_of_bytes_that_are_no_text_is_true_in_a_long_file(tmp_path):
    """Files are read in blocks, and an error in a block says nothing of the file."""
    text = b"path,emotion\n" + b"a.jpg,anger\n" * 100_000
    with pytest.raises(Refused, match="line 100002 is not UTF-8"):
        list(table(tmp_path, text + b"\xff,anger\n" + text))
