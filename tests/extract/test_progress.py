"""What a long command says: honest rates after a resume, the stage that limits, one line of the terminal."""

import itertools
import sys
import types

import pytest

from extract import progress, stage_times
from extract.crops.cropping import ImageOutcome


@pytest.fixture
def clock(monkeypatch):
    """Every look at the clock takes ten seconds."""
    ticks = itertools.count(0, 10)
    fake = types.SimpleNamespace(monotonic=lambda: next(ticks))
    monkeypatch.setattr(progress, "time", fake)
    monkeypatch.setattr(stage_times, "time", fake)


def shown(updates, length=1000):
    seen = []
    watched = progress._Progress(length, lambda count, text: seen.append((count, text)), 0)
    for update in updates:
        watched.update(*update)
    return seen


def test_rows_done_before_have_no_part_in_the_rate(clock):
    seen = shown([(900, None), (1, "a"), (50, "b")])
    assert seen[-1] == (
        50,
        "1 images/s, 39 s left  b",
    )  # 50 rows in the 40 seconds, or looks at the clock, since the first
    assert sum(count for count, _ in seen) == 951


def test_without_any_row_of_its_own_it_claims_no_rate(clock):
    assert shown([(900, None)]) == [(900, "")]


def test_times_are_in_a_unit_one_can_read():
    assert [progress._time(seconds) for seconds in (12, 89, 150, 5399, 9000)] == [
        "12 s",
        "89 s",
        "2 min",
        "90 min",
        "2.5 h",
    ]


def test_a_log_file_gets_a_line_now_and_then(clock, capsys):
    with progress.bar(3, "aligning a") as update:
        for _ in range(3):
            update(1, "faces in 50.0%")
    lines = capsys.readouterr().err.splitlines()
    assert lines and all(line.startswith("aligning a: ") and line.endswith("faces in 50.0%") for line in lines)


def test_an_interrupted_command_says_how_far_it_came(capsys):
    with pytest.raises(KeyboardInterrupt):
        with progress.bar(1000, "aligning a") as update:
            update(40)
            raise KeyboardInterrupt
    assert "aligning a: stopped at 40 of 1,000 images" in capsys.readouterr().err


def test_other_processes_are_quiet(capsys):
    with progress.bar(3, "aligning a", quiet=True) as update:
        update(1, "x")
    assert capsys.readouterr().err == ""


def test_the_stage_that_limits_is_the_busiest_of_its_width(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(stage_times.time, "monotonic", lambda: now[0])
    found = stage_times.StageTimes(decode=4, network=1)
    now[0] = 10.0
    found.add("decode", 20.0)  # half of four
    found.add("network", 9.0)
    found.count(ImageOutcome("ok", seconds={"decode": 2.0}))
    found.count(ImageOutcome("no_face"))
    assert found.shares() == {"decode": 0.55, "network": 0.9}
    assert str(found) == "faces in 50.0%, limit: network 90%"


@pytest.mark.skipif(sys.platform == "win32", reason="terminals differ")
def test_the_text_fits_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert len("aligning x") + progress.BAR + 2 * 4 + 9 + progress._columns_left("aligning x", 1000) == 80
    monkeypatch.setenv("COLUMNS", "20")
    assert progress._columns_left("aligning x", 1000) == 0
