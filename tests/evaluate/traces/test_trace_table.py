"""The table of `extract emotions` to arrays: worked by hand, other classes and coordinates, cells that are none."""

import numpy as np
import pytest

from data.emotions import EMOTIONS
from data.runtime.failures import Refused
from evaluate.traces.trace_table import NONE, read_trace
from tests.evaluate.traces.made_up_table import AXES, row, video, write

HAPPY = np.array([0, 9, 0, 0, 0, 0, 0.0])
HEADER = "path,time,face,id,x,y,width,height,score,predicted,probability,{},note,toy\n"


def table(path, between, *rows):
    """A table with these columns between `probability` and `note`, and rows of path, time, id and what follows."""
    lines = [f"{name},{time},,{person},,,,,,{rest}\n" for name, time, person, rest in rows]
    path.write_text(HEADER.format(between) + "".join(lines))
    return path


def test_rows_become_arrays(tmp_path):
    rows = [
        row("clip.mp4", "0", 3, HAPPY),
        row("clip.mp4", "0.5", note="no face"),
        row("a.jpg", mood=-HAPPY, note="small; blurred"),
        row("torn.jpg", note="cannot be read: ends early"),
    ]
    trace = read_trace(write(tmp_path / "clip.csv", rows))
    assert trace.paths == ("clip.mp4", "a.jpg", "torn.jpg") and trace.path.tolist() == [0, 0, 1, 2]
    np.testing.assert_array_equal(trace.time, [0, 0.5, np.nan, np.nan])
    assert trace.person.tolist() == [3, NONE, NONE, NONE] and trace.predicted.tolist() == [1, NONE, 0, NONE]
    assert (trace.classes, trace.axes, trace.toy) == (EMOTIONS, AXES, False)
    assert trace.probability[0, 1] == pytest.approx(1, abs=1e-3) and np.isnan(trace.probability[[1, 3]]).all()
    assert trace.noted() == " Noted: blurred 1, cannot be read 1, no face 1, small 1."


def test_videos_and_photographs_are_told_apart(tmp_path):
    rows = [row("b.mp4", "1", 0, HAPPY), row("a.jpg", mood=HAPPY), row("a.mp4", "0", 0, HAPPY), row("b.mp4", note="?")]
    trace = read_trace(write(tmp_path / "all.csv", rows))
    assert [(path, len(video.time)) for path, video in trace.videos()] == [("b.mp4", 2), ("a.mp4", 1)]
    assert trace.photographs().path.tolist() == [1]


@pytest.mark.parametrize(
    "between, cells, classes, axes",
    [
        ("calm,wild,k1,k2", "0.3,0.7,1,2", ("calm", "wild"), ("k1", "k2")),
        ("calm,wild,k1,valence,arousal", "0.3,0.7,1,.2,.1", ("calm", "wild"), ("valence", "arousal", "k1")),
        ("calm,wild,k1,k2,valence,arousal", "0.3,0.7,1,2,.2,.1", ("calm", "wild"), ("k1", "k2")),
        ("calm,wild", "0.3,0.7", ("calm", "wild"), ()),
    ],
)
def test_any_classes_and_coordinates(tmp_path, between, cells, classes, axes):
    path = table(tmp_path / "own.csv", between, ("a.jpg", "", "", f"wild,0.7,{cells},,1"))
    trace = read_trace(path)
    assert (trace.classes, trace.axes, trace.toy) == (classes, axes, True)
    assert trace.coordinates.shape == (1, len(axes))
    assert trace.probability.tolist() == [[pytest.approx(0.3), pytest.approx(0.7)]]


@pytest.mark.parametrize(
    "rest, said",
    [
        ("bored,0.7,0.3,0.7,,0", "line 2: predicted: 'bored'; expected one of calm, wild"),
        ("wild,0.7,x,0.7,,0", "line 2: calm: 'x' is not a number"),
        ("wild,0.7,30,70,,0", "line 2: calm: '30'; expected a probability"),
        ("wild,0.7,,0.7,,0", "line 2: calm: ''; expected a probability"),
        ("wild,0.7,0.3,0.7,,", "line 2: toy: ''; expected 0, or 1"),
        (",,,,no face,0", "1 row and no face"),
    ],
)
def test_bad_cells_are_named(tmp_path, rest, said):
    with pytest.raises(Refused, match=said):
        read_trace(table(tmp_path / "own.csv", "calm,wild", ("a.jpg", "", "", rest)))


@pytest.mark.parametrize(
    "time, person, said", [("soon", "", "time: 'soon'"), ("1", "1.5", "id: '1.5'"), ("1", "-2", "id")]
)
def test_bad_times_and_persons_are_named(tmp_path, time, person, said):
    with pytest.raises(Refused, match=said):
        read_trace(table(tmp_path / "own.csv", "calm,wild", ("a.mp4", time, person, "wild,0.7,0.3,0.7,,0")))


def test_another_table_is_refused(tmp_path):
    (tmp_path / "other.csv").write_text("path,emotion\na.jpg,anger\n")
    with pytest.raises(Refused, match="has the columns path, emotion; time, id, .* missing; expected the table"):
        read_trace(tmp_path / "other.csv")
    with pytest.raises(Refused, match="classes between probability and note missing"):
        read_trace(table(tmp_path / "own.csv", "calm", ("a.jpg", "", "", "calm,1,1,,0")))


def test_the_made_up_table_is_one(tmp_path):
    trace = read_trace(write(tmp_path / "clip.csv", video(np.random.default_rng(0), toy=1)))
    assert trace.toy and len(trace.classes) == 7 and {0, 1} <= set(trace.person)
    assert (trace.probability[trace.predicted != NONE].argmax(1) == trace.predicted[trace.predicted != NONE]).all()
