"""What a long command says: honest rates after a resume, and one line of the terminal."""

import contextlib
import itertools
import re
import sys
import types

import pytest

from data.runtime import progress
from data.runtime.progress import Progress, bar, shown


@pytest.fixture
def clock(monkeypatch):
    """Every look at the clock takes ten seconds."""
    ticks = itertools.count(0, 10)
    monkeypatch.setattr(progress, "time", types.SimpleNamespace(monotonic=lambda: next(ticks)))


def on_a_terminal(monkeypatch):
    """Make stderr one, of 80 columns; called within the test, where stderr is that of its capture."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")


def seen(monkeypatch, updates, total=1000):
    """(work done, text) of everything that a log file shows of these updates."""
    found = []
    monkeypatch.setattr(progress._Lines, "seconds_between", 0)
    monkeypatch.setattr(progress._Lines, "update", lambda self, done, text: found.append((done, text)))
    watched = Progress("aligning a", "images", contextlib.ExitStack())
    watched.begin(total)
    for update in updates:
        watched.advance(*update)
    return found


def test_rows_done_before_have_no_part_in_the_rate(clock, monkeypatch):
    # 50 rows in the 40 seconds, or looks at the clock, since the first
    assert seen(monkeypatch, [(900, None), (1, "a"), (50, "b")])[-1] == (951, "1.2 images/s, 39 s left  b")


def test_without_any_row_of_its_own_it_claims_no_rate(clock, monkeypatch):
    assert seen(monkeypatch, [(900, None)]) == [(900, "")]


def test_times_and_rates_are_in_a_form_one_can_read():
    assert [progress._time(seconds) for seconds in (12, 89, 150, 5399, 9000)] == [
        "12 s",
        "89 s",
        "2 min",
        "90 min",
        "2.5 h",
    ]
    assert [progress.in_short(rate) for rate in (0.0312, 1.25, 9.96, 12.4, 12345.6)] == [
        "0.031",
        "1.2",
        "10",
        "12",
        "12,346",
    ]


def test_a_log_file_gets_a_line_now_and_then(clock, capsys):
    with bar(8, "aligning a") as update:
        for _ in range(8):
            update(1, "faces in 50.0%")
    lines = capsys.readouterr().err.splitlines()
    assert 0 < len(lines) < 8
    assert all(re.fullmatch(r"aligning a: \d of 8 images, .*faces in 50.0%", line) for line in lines)


def test_heads_are_counted_in_parts_of_one(clock, capsys, monkeypatch):
    monkeypatch.setattr(progress._Lines, "seconds_between", 0)
    with shown("training", "heads") as watched:
        watched.begin(7)
        for _ in range(14):
            watched.advance(0.5)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "training: 0 of 7 heads"  # the first step took the start
    assert re.fullmatch(r"training: 4 of 7 heads, 0\.0\d+ heads/s, \d (s|min) left", lines[6])
    assert re.fullmatch(r"training: 7 of 7 heads, 0\.0\d+ heads/s", lines[-1])


def test_a_terminal_shows_one_bar_that_fits_it(clock, capsys, monkeypatch):
    on_a_terminal(monkeypatch)
    with shown("training", "heads") as watched:
        watched.begin(7)
        for _ in range(14):
            watched.advance(0.5, 60 * "x")
    said = capsys.readouterr().err
    drawn = [line for line in re.split(r"[\r\n]", re.sub(r"\x1b\[\??\d*[a-zA-Z]", "", said)) if line.strip()]
    assert len(drawn) > 7 and "7/7" in drawn[-1] and "heads/s" in drawn[-1]
    assert all(len(line.rstrip()) <= 80 for line in drawn)


def test_nothing_to_do_shows_nothing(capsys, monkeypatch):
    on_a_terminal(monkeypatch)
    with shown("training", "heads"):
        pass
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("watched", [False, True])
def test_an_interrupted_command_says_how_far_it_came(capsys, monkeypatch, watched):
    if watched:
        on_a_terminal(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        with bar(1000, "aligning a") as update:
            update(40)
            raise KeyboardInterrupt
    assert "\naligning a: stopped at 40 of 1,000 images\n" in capsys.readouterr().err


def test_other_processes_are_quiet(capsys):
    with bar(3, "aligning a", quiet=True) as update:
        update(1, "x")
    with shown("training", "heads", quiet=True) as watched:
        watched.begin(3)
        watched.advance(1)
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(sys.platform == "win32", reason="terminals differ")
def test_the_text_fits_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert len("aligning x") + progress.BAR + 2 * 4 + 9 + progress._columns_left("aligning x", 1000) == 80
    monkeypatch.setenv("COLUMNS", "20")
    assert progress._columns_left("aligning x", 1000) == 0
