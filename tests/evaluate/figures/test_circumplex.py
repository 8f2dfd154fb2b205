"""Figure 1: every annotated sample in its colour, names that keep apart."""

import numpy as np
import pytest

from data.emotions import EMOTIONS
from evaluate.figures.circumplex import apart, figure_1
from tests.evaluate.figures.shown import texts


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
