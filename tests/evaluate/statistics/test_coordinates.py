"""Coordinates and answers as the heads gave them, angles and the way back."""

import dataclasses

import numpy as np
import pytest

from data.heads import AV, AV_TRUE, BASELINE, CAKE, CAKE_NORM
from evaluate.representations import Representation
from evaluate.samples import read_samples
from evaluate.statistics.coordinates import can_place, coordinates, from_angles, sphere_angles
from evaluate.statistics.swept import kept_heads
from tests.evaluate.made_up_study import make_study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    runs = make_study(folder)
    return runs, read_samples(runs, folder / "features")[0], folder


@pytest.mark.parametrize(
    "family, k", [(CAKE, 2), (CAKE, 3), (AV, 0), (AV, 1), (CAKE_NORM, 3), (AV_TRUE, 0), (BASELINE, 0)]
)
def test_coordinates_and_answers_are_those_of_the_sweep(study, family, k):
    runs, samples, _ = study
    heads = kept_heads(runs, Representation(family, k))
    for outcome in heads.values():
        for name in runs.tests if family != AV_TRUE else ["affectnet"]:
            z = coordinates(family, outcome.weights, samples[name])
            answers = family.logits(outcome.weights, z).argmax(2)
            assert (answers == outcome.predicted[: len(outcome.weights["B"]), runs.span(name)]).all()
            if family != BASELINE:
                assert (z >= outcome.range[0] - 1e-5).all() and (z <= outcome.range[1] + 1e-5).all()
    assert list(heads) == [0, 1, 2]


def test_rows_without_arousal_valence_cannot_be_placed_where_it_is_needed(study):
    _, samples, _ = study
    bare = dataclasses.replace(samples["rafdb"], predicted=None)  # annotated in the first data set alone
    assert [can_place(family, bare) for family in (CAKE, AV, AV_TRUE)] == [True, False, False]
    assert can_place(AV, samples["rafdb"]) and can_place(AV_TRUE, samples["affectnet"])


def test_angles_and_back():
    points = np.random.default_rng(0).normal(size=(50, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    assert from_angles(sphere_angles(points)) == pytest.approx(points)
    assert sphere_angles(np.array([[0, 1.0, 0]]))[0] == pytest.approx([90, 90])
