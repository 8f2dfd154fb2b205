"""Figure 1: every annotated sample in its colour, names that keep apart."""

import numpy as np
import pytest

from data.emotions import EMOTIONS
from evaluate.figures.circumplex import apart, figure_1
from evaluate.figures.plate import legend_columns
from tests.evaluate.figures.shown import texts

PLACES = {"a": (-1.0, 0.6), "b": (1.0, 0.6), "c": (0.0, 0.0), "d": (0.5, 0.02)}


def test_figure_1_has_every_annotated_sample_in_its_colour(study):
    runs, samples = study
    plate = figure_1(runs, samples)
    [axes] = plate.figure.axes
    [dots] = [each for each in axes.collections if each.get_label() == "samples"]
    assert len(dots.get_offsets()) == 150 and len(np.unique(dots.get_facecolors(), axis=0)) == 7
    assert axes.patches[0].radius == 1 and "valence" in axes.get_xlabel() and "arousal" in axes.get_ylabel()
    assert sorted(texts(axes)) == sorted(EMOTIONS)
    happy = samples["affectnet"].annotated[samples["affectnet"].emotion == 1]
    assert float(plate.records[1]["median_valence"]) == pytest.approx(np.median(happy[:, 0]), abs=1e-4)


def test_names_that_would_cover_each_other_move_apart():
    placed = apart({"a": np.array([0.0, 0.5]), "b": np.array([0.1, 0.52]), "c": np.array([0.0, -0.5])})
    assert placed["a"] == (0, 0.5) and placed["c"] == (0, -0.5) and placed["b"][1] >= 0.6


def test_long_names_take_more_room_and_stay_within_the_picture():
    short, long = ({name * times: at for name, at in PLACES.items()} for times in (1, 18))
    assert apart(short) == PLACES
    placed = apart(long)
    assert placed["a" * 18][0] > -0.9 and placed["b" * 18][0] < 0.9
    assert placed["c" * 18] == (0, 0) and placed["d" * 18][1] >= 0.1


def test_a_legend_of_long_names_has_fewer_columns():
    assert legend_columns(EMOTIONS, 3.4, 4) == 4 and legend_columns(EMOTIONS, 7.0, 7) == 7
    assert legend_columns(["disgustedly surprised"] * 11, 3.4, 4) == 2 and legend_columns(["x" * 200], 3.4, 4) == 1
