"""Photographs in one figure: counts worked by hand, each face a point, no photograph."""

import numpy as np
import pytest

from evaluate.figures.plate import drawing
from evaluate.traces.photographs_plate import photographs_plate
from evaluate.traces.trace_table import read_trace
from evaluate.traces.trace_tables import counts_table
from tests.evaluate.figures.shown import texts
from tests.evaluate.traces.made_up_table import AXES, photographs, row, write

HAPPY, SAD = 9 * np.eye(7)[1], np.log([0.1, 0.1, 0.6, 0.05, 0.05, 0.05, 0.05])


@pytest.fixture(autouse=True)
def in_style():
    with drawing():
        yield


def drawn(tmp_path, rows):
    own = read_trace(write(tmp_path / "photos.csv", rows)).photographs()
    return own, photographs_plate(own, "trace", "photographs")


def some(toy=0):
    yield row("a.jpg", mood=HAPPY, toy=toy)
    yield row("b.jpg", mood=SAD, toy=toy)
    yield row("b.jpg", mood=SAD, note="small", toy=toy)
    yield row("c.jpg", note="no face", toy=toy)


def test_bars_are_counts(tmp_path):
    _, plate = drawn(tmp_path, some())
    bars, *planes = plate.figure.axes
    assert [bar.get_width() for bar in bars.patches] == [0, 1, 2, 0, 0, 0, 0]
    assert texts(bars) == ["0", "1  (p 1.00)", "2  (p 0.60)", *["0"] * 4]
    assert sum(len(line.get_xdata()) for line in planes[1].lines) == 3
    assert plate.caption.startswith("3 faces in 3 images") and "no face 1, small 1" in plate.caption


def test_shapes_tell_the_classes_apart_without_colours(tmp_path):
    _, plate = drawn(tmp_path, photographs(np.random.default_rng(0)))
    for axes in plate.figure.axes:
        shapes = [line.get_marker() for line in axes.lines]
        assert len(set(shapes)) == len(shapes) == 7


def test_the_table_by_hand(tmp_path):
    own, _ = drawn(tmp_path, some(toy=1))
    table = counts_table(own, "x")
    assert table.rows[1:4] == [
        ("happiness", "1", "1.00", "0.40"),
        ("sadness", "2", "0.60", "0.40"),
        ("surprise", "0", "", "0.03"),
    ]
    assert table.title.startswith("TOY DATA")


@pytest.mark.parametrize("axes, panels", [(AXES, 3), (AXES[:2], 2), ((), 1)])
def test_panels_follow_the_coordinates(tmp_path, axes, panels):
    _, plate = drawn(tmp_path, photographs(np.random.default_rng(0), axes=axes))
    assert len(plate.figure.axes) == panels


def test_without_a_face_the_reason_stands_there(tmp_path):
    _, plate = drawn(tmp_path, [row("a.jpg", note="no face"), row("clip.mp4", 0, 0, HAPPY)])
    assert plate.figure is None and plate.caption == "No face was found in 1 image. Noted: no face 1."
