"""`evaluate trace`: what it writes beside a table, and how it ends where there is nothing to draw."""

import re

import numpy as np
import pytest
from click.testing import CliRunner

from evaluate.cli import main
from evaluate.traces.trace_files import LONGEST, names_of, printable, short
from tests.evaluate.traces.made_up_table import photographs, row, video, write

NAME = "日本 <b>$x$ & 100%"  # of a folder in the table's paths


def call(path):
    return CliRunner().invoke(main, ["trace", str(path)])


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """(result of the command, its folder) on two videos of one name, one without a face, and photographs."""
    folder = tmp_path_factory.mktemp("trace")
    random = np.random.default_rng(0)
    rows = [
        *video(random, path=f"{NAME}/clip.mp4", frames=20, persons=1, toy=1),
        *video(random, path="other/clip.mp4", frames=5, persons=1, toy=1),
        *video(random, path="empty.avi", frames=5, persons=0, toy=1),
        *photographs(random, count=5, toy=1),
    ]
    return call(write(folder / "my #1.csv", rows)), folder


def test_each_video_and_the_photographs_are_written_in_three_forms(several):
    result, folder = several
    assert result.exit_code == 0, result.output
    names = ["my #1-trace-clip", "my #1-trace-clip-2", "my #1-trace-photographs"]
    written = {f"{name}.{ending}" for name in names for ending in ("png", "svg", "pdf")}
    assert {path.name for path in folder.iterdir()} == {*written, "my #1.csv", "my #1-trace.html"}
    assert result.stdout.splitlines() == [
        *(str(folder / f"{name}.png") for name in names),
        str(folder / "my #1-trace.html"),
    ]
    assert (
        result.stderr == "empty.avi: emotions over time: not drawn. No face was found in 5 frames. Noted: no face 5.\n"
    )


def test_the_page_holds_them_all_and_asks_for_nothing(several):
    page = (several[1] / "my #1-trace.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 3 and page.count("<table") == 3 and "TOY DATA" in page
    assert "日本 &lt;b&gt;$x$ &amp; 100%/clip.mp4" in page and "<b>$x$" not in page
    addresses = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert {each for each in addresses if not each.startswith(("#", "data:"))} == {"my%20%231.csv"}
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids)) and {each[1:] for each in addresses if each.startswith("#")} <= set(ids)


def test_no_photograph_is_named_in_what_is_written(several):
    for path in several[1].glob("*photographs.svg"):
        assert "street" not in path.read_text(encoding="utf-8")
        assert "TOY DATA" in path.read_text(encoding="utf-8")


def test_one_video_has_the_plain_name(tmp_path):
    result = call(write(tmp_path / "clip.csv", [row(time=0, person=0, mood=np.arange(7.0))]))
    assert result.exit_code == 0, result.output
    endings = ("csv", "-trace.png", "-trace.svg", "-trace.pdf", "-trace.html")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        "clip.csv" if each == "csv" else f"clip{each}" for each in endings
    )
    assert "TOY DATA" not in (tmp_path / "clip-trace.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name, content, said",
    [
        ("clip.mp4", b"\0", "ends in .mp4; expected the table that `extract emotions` writes"),
        ("other.csv", b"a,b\n1,2\n", "has the columns a, b"),
        ("bytes.csv", b"\xff\0", "not UTF-8"),
        ("none.csv", b"path,time,id,predicted,probability,calm,wild,note,toy\na.jpg,,,,,,,no face,0\n", "no face"),
    ],
)
def test_what_cannot_be_drawn_ends_in_one_line(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    result = call(tmp_path / name)
    assert result.exit_code == 1 and said in result.stderr and result.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_table_that_is_not_there_ends_in_one_line(tmp_path):
    result = call(tmp_path / "clip.csv")
    assert result.exit_code == 1 and result.stderr.count("\n") == 1 and "clip.csv" in result.stderr


def test_names_are_never_the_same():
    assert names_of(["any.mp4"]) == ["trace"]
    paths = ["a/clip.mp4", "b/clip.avi", "clip-2.mp4", "…", "photographs.mp4", "photographs"]
    names = names_of(paths)
    assert len(set(names)) == len(paths) and names[:2] == ["trace-clip", "trace-clip-2"] and "trace-video" in names


def test_titles_are_short_and_printable():
    assert printable("a\x07\n\udce9b") == "a\ufffd\ufffd\ufffdb" and short("a/b.mp4") == "a/b.mp4"
    assert len(short("x" * 300 + "/clip.mp4")) == LONGEST and short("x" * 300 + "/clip.mp4").endswith("/clip.mp4")
