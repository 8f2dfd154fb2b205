"""Tables row by row: the three forms give the same cells, and what cannot be read is named by its line."""

import json

import pandas
import pytest

from data.frames.text_rows import text_rows
from data.runtime.failures import Refused

KNOWN = ("path", "time", "note")
CELLS = [{"path": "a b.mp4", "time": "0.5", "note": ""}, {"path": "ü;,.jpg", "time": "", "note": "no face"}]


def read(path):
    table = text_rows(path, KNOWN)
    return [cells for _, cells in table.rows]


@pytest.fixture
def tables(tmp_path):
    """A path for each form, all of CELLS."""
    frame = pandas.DataFrame({"path": ["a b.mp4", "ü;,.jpg"], "time": [0.5, None], "note": ["", "no face"]})
    frame.to_csv(tmp_path / "comma.csv", index=False)
    frame.to_csv(tmp_path / "semicolon.csv", index=False, sep=";", encoding="utf-8-sig")
    frame.to_parquet(tmp_path / "table.parquet")
    frame.to_json(tmp_path / "table.jsonl", orient="records", lines=True, force_ascii=False)
    return sorted(tmp_path.iterdir())


def test_all_forms_give_the_same_text(tables):
    assert len(tables) == 4
    for path in tables:
        assert read(path) == CELLS, path
        assert text_rows(path, KNOWN).names == list(KNOWN)


def test_a_row_is_named_by_its_line(tmp_path):
    path = tmp_path / "table.jsonl"
    path.write_text("\n" + "\n".join(map(json.dumps, CELLS)))
    table = text_rows(path, KNOWN)
    assert [table.where(number) for number, _ in table.rows] == [f"{path}, line 2", f"{path}, line 3"]


def test_a_cell_that_a_line_lacks_is_empty(tmp_path):
    path = tmp_path / "table.jsonl"
    path.write_text('{"path": "a.jpg", "time": 2}\n{"path": null}\n')
    assert read(path) == [{"path": "a.jpg", "time": "2"}, {"path": "", "time": ""}]


@pytest.mark.parametrize(
    "name, content, said",
    [
        ("clip.mp4", b"", "ends in .mp4"),
        ("clip", b"", "ends in nothing"),
        ("empty.csv", b"", "is empty"),
        ("empty.jsonl", b"\n", "is empty"),
        ("short.csv", b"path,time,note\na.jpg,1,\na.jpg\n", "line 3: faulty row of 1 cells; expected 3"),
        ("bytes.csv", b"path,time\n\xff\xfe,1\n", "line 2 is not UTF-8"),
        ("bytes.jsonl", b"\xff\xfe", "not UTF-8|UTF-16"),
        ("bytes.parquet", b"\xff\xfe", "cannot be read as Parquet"),
        ("list.jsonl", b"[1]\n", "line 1: '\\[1\\]' is no object"),
        ("torn.jsonl", b'{"path": 1}\n{"path": ', "line 2: .* is no object"),
        ("deep.jsonl", b"[" * 100_000, "line 1: .* is no object"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Refused, match=said):
        read(tmp_path / name)
