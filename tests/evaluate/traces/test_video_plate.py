"""A video in one figure: what is drawn and where nothing is, who is left out, what stands in it."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.patches import StepPatch

from data.emotions import EMOTIONS
from evaluate.figures.plate import drawing
from evaluate.traces.over_time import clock, runs_of
from evaluate.traces.path_plot import LEAST
from evaluate.traces.persons import MOST, persons
from evaluate.traces.timeline import STEPS
from evaluate.traces.trace_table import read_trace
from evaluate.traces.trace_tables import persons_table
from evaluate.traces.video_plate import video_plate
from tests.evaluate.figures.shown import texts
from tests.evaluate.traces.made_up_table import AXES, moods, row, video, write

HAPPY, SAD = 9 * np.eye(7)[1], 9 * np.eye(7)[2]


@pytest.fixture(autouse=True)
def in_style():
    with drawing():
        yield


@pytest.fixture
def drawn(tmp_path):
    """Rows -> (their one video, its Plate)."""

    def draw(rows):
        [(path, own)] = read_trace(write(tmp_path / "clip.csv", rows)).videos()
        return own, video_plate(own, "trace", path)

    return draw


def gapped():
    """Ten frames of one second: happy, unseen from 3 to 5, then sad."""
    for second in range(10):
        if 3 <= second <= 5:
            yield row(time=second, note="no face")
        else:
            yield row(time=second, person=0, mood=HAPPY if second < 3 else SAD)


def test_rows_are_as_high_as_the_probabilities_and_blank_where_nobody_is(drawn):
    _, plate = drawn(gapped())
    rows = [patch.get_data() for patch in plate.figure.axes[0].patches if isinstance(patch, StepPatch)]
    assert len(rows) == 7
    for place, (heights, edges, base) in enumerate(rows):
        wanted = np.array([*[place == 1] * 3, *[np.nan] * 3, *[place == 2] * 4], float)
        np.testing.assert_allclose((base - heights) / 0.88, wanted, atol=2e-3)
        assert edges.tolist() == [second - 0.5 for second in range(11)]
    assert {"happiness", "sadness"} == set(texts(plate.figure.axes[0]))  # the strip names what is predicted


def test_no_line_leads_over_a_gap(drawn):
    own, plate = drawn(gapped())
    [path] = [each for each in plate.figure.axes[1].collections if isinstance(each, LineCollection)]
    assert len(path.get_segments()) == 2 + 3  # between 3 and between 4 frames
    whole, plate = drawn([row(time=second, person=0, mood=HAPPY) for second in range(10)])
    [path] = [each for each in plate.figure.axes[1].collections if isinstance(each, LineCollection)]
    assert len(path.get_segments()) == 9 and len(own.time) == len(whole.time)


def test_start_and_end_are_where_the_person_is_first_and_last_seen(drawn):
    own, plate = drawn(gapped())
    start, end = (line.get_xydata()[0] for line in plate.figure.axes[2].lines)
    np.testing.assert_allclose(start, own.coordinates[0, [0, 2]], atol=1e-5)
    np.testing.assert_allclose(end, own.coordinates[-1, [0, 2]], atol=1e-5)


def test_a_face_that_keeps_still_does_not_look_like_movement(drawn):
    _, plate = drawn(row(time=second, person=0, mood=HAPPY + 0.01 * second) for second in range(5))
    for axes in plate.figure.axes[1:]:
        assert np.ptp(axes.get_xlim()) > LEAST and np.ptp(axes.get_ylim()) > LEAST


def test_the_longest_seen_are_shown_and_the_others_counted(drawn):
    rows = [row(time=second, person=who, mood=HAPPY) for who in range(MOST + 2) for second in range(20 - who)]
    own, plate = drawn(rows)
    titles = [axes.get_title(loc="left") for axes in plate.figure.axes[::3]]
    assert titles == [f"person {who}: seen in {20 - who} of 20 frames" for who in range(MOST)]
    said = f"2 more persons, seen in {20 - MOST} frames at most, left out."
    assert plate.figure.legends[0].get_title().get_text() == said and said in plate.caption
    assert len(persons_table(own, "x").rows) == MOST + 2


def test_faces_that_were_not_followed_are_one_panel(drawn):
    own, plate = drawn([row(time=0, mood=HAPPY), row(time=0, mood=SAD), row(time=1, person=4, mood=SAD)])
    assert [person.label for person in persons(own)] == ["faces that were not followed", "person 4"]
    assert len(plate.figure.axes) == 6


@pytest.mark.parametrize("axes, panels", [(AXES, 3), (AXES[:2], 2), (AXES[:1], 1), ((), 1)])
def test_panels_of_the_path_follow_the_coordinates(drawn, axes, panels):
    _, plate = drawn(video(np.random.default_rng(0), frames=20, persons=1, axes=axes))
    assert len(plate.figure.axes) == panels and ("path" in plate.caption) == (panels > 1)


def test_long_videos_are_drawn_in_steps(drawn):
    every = moods(3 * STEPS, np.random.default_rng(0))
    _, plate = drawn(row(time=f"{0.04 * place:.2f}", person=0, mood=mood) for place, mood in enumerate(every))
    patch = next(each for each in plate.figure.axes[0].patches if isinstance(each, StepPatch))
    assert len(patch.get_data().values) == STEPS and "mean over 3 frames" in plate.caption
    assert plate.figure.axes[0].get_xlabel() == "time, s (means of 3 frames)"
    [dots] = [each for each in plate.figure.axes[1].collections if not isinstance(each, LineCollection)]
    assert dots.get_rasterized()


@pytest.mark.parametrize("toy", [0, 1])
def test_toy_data_are_called_so(drawn, toy):
    own, plate = drawn([row(time=0, person=0, mood=HAPPY, toy=toy)])
    assert plate.figure.get_suptitle().startswith("TOY DATA. ") == bool(toy)
    assert persons_table(own, "x").title.startswith("TOY DATA") == bool(toy)


def test_the_table_of_persons_by_hand(drawn):
    own, _ = drawn(gapped())
    assert persons_table(own, "x").rows == [("person 0", "7", "0", "9", "0", "43", "57", "0", "0", "0", "0")]
    assert persons_table(own, "x").columns[4:] == EMOTIONS


def test_runs_of_codes():
    assert list(runs_of(np.array([1, 1, -1, 0, 2, 2]))) == [(0, 2, 1), (3, 4, 0), (4, 6, 2)]
    assert list(runs_of(np.array([-1, -1]))) == []


def test_times_are_read_off_as_clocks():
    assert [clock(each) for each in (0, 7.5, -0.5, 65, 3599.6, 3605)] == [
        "0",
        "7.5",
        "−0.5",
        "1:05",
        "1:00:00",
        "1:00:05",
    ]
