"""Frames to steps: worked by hand, beside the plain way, with holes."""

import numpy as np
import pytest

from evaluate.traces.timeline import ALONE, HOLE, timeline


def test_a_step_for_each_frame_where_they_are_few():
    line = timeline(np.array([3.0, 0, 1, 1, 2]))
    assert line.edges.tolist() == [-0.5, 0.5, 1.5, 2.5, 3.5] and line.frames == 1
    assert line.step_of(np.array([0.0, 3, 2])).tolist() == [0, 3, 2]


def test_what_is_not_seen_is_missing_and_not_interpolated():
    line = timeline(np.arange(4.0))
    means = line.means(np.array([0.0, 3]), np.array([[0.25], [0.75]]))
    np.testing.assert_array_equal(means, [[0.25], [np.nan], [np.nan], [0.75]])
    assert line.most_frequent(np.array([0.0, 3]), np.array([2, 1])).tolist() == [2, -1, -1, 1]


def test_many_frames_share_a_step():
    line = timeline(np.arange(7.0), most=3)
    assert line.frames == 3 and line.edges.tolist() == [-0.5, 2.5, 5.5, 6.5]
    assert line.means(np.arange(7.0), np.arange(7.0)[:, None]).ravel().tolist() == [1, 4, 6]
    assert line.most_frequent(np.arange(7.0), np.array([1, 1, 0, 2, 0, 0, 3])).tolist() == [1, 0, 3]


def test_a_hole_in_the_table_stays_blank():
    time = np.array([0.0, 1, 2, 2 + 3 * HOLE, 3 + 3 * HOLE])
    line = timeline(time)
    seen = np.isfinite(line.means(time, np.ones((5, 1)))).ravel()
    lengths = np.diff(line.edges)
    assert seen.sum() == 5 and (lengths[seen] <= 1.01).all() and not seen.all()
    short = timeline(np.array([0.0, 1, 2, 4, 5]))  # a frame or two that a camera dropped
    assert len(short.edges) == 6


@pytest.mark.parametrize("end", [1e3, 1e9])
def test_a_long_hole_takes_few_steps(end):
    line = timeline(np.array([0.0, 0.04, 0.08, end]))
    assert len(line.edges) <= 401 and np.all(np.diff(line.edges) > 0)


def test_one_frame_is_a_step():
    assert timeline(np.array([2.0, 2.0])).edges.tolist() == [2 - ALONE / 2, 2 + ALONE / 2]


def test_means_are_those_of_the_plain_way():
    random = np.random.default_rng(0)
    frames = np.cumsum(random.uniform(0.02, 0.06, 1500))
    line, time = timeline(frames, most=100), random.choice(frames, 900)
    values = random.normal(size=(900, 2))
    means = line.means(time, values)
    for step, (start, end) in enumerate(zip(line.edges[:-1], line.edges[1:])):
        inside = values[(time >= start) & (time < end)]
        assert np.allclose(means[step], inside.mean(0) if len(inside) else np.nan, equal_nan=True)
    assert len(means) == 100
