"""What is read off the maps, on made-up heads whose places are known, and the chance of an order by counting."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from data.emotions import EMOTIONS
from evaluate.representations import CAKE_2, CAKE_3
from evaluate.samples import read_samples
from evaluate.statistics.map_claims import BY_CHANCE, OTHERS, agreement, cyclic_order, neutral_at_origin, said_of
from evaluate.tables.formats.text import as_text
from evaluate.tables.meaning.maps import _answer, map_claims
from tests.evaluate.made_up_runs import make
from tests.evaluate.made_up_study import make_study

ANGLES = {1: 10, 2: 200, 3: 60, 4: 130, 5: 170, 6: 300}


def order_of(angles, turn=0.0, mirror=1):
    """The cyclic order of samples that lie around neutral at these angles in degrees, seen turned or mirrored."""
    radians = mirror * np.radians(np.array([angles[index] for index in OTHERS])) + turn
    z = np.concatenate([[[0.3, 0.1]], np.stack([np.cos(radians), np.sin(radians)], 1) + [0.3, 0.1]])
    samples = SimpleNamespace(feature=z, emotion=np.array([0, *OTHERS]), arousal_valence=lambda family: None)
    weights = {"A": np.eye(2), "a": np.zeros(2)}
    return cyclic_order(CAKE_2.family, weights, {"a": samples})


def test_an_order_is_the_same_however_the_plane_is_turned_or_mirrored():
    assert order_of(ANGLES) == order_of(ANGLES, turn=2.0) == order_of(ANGLES, mirror=-1) == (1, 3, 4, 5, 2, 6)
    assert order_of({**ANGLES, 3: 140}) != order_of(ANGLES)


def test_the_chance_of_an_order_is_that_of_all_orders_counted():
    orders = {order_of(dict(zip(OTHERS, angles))) for angles in itertools.permutations(range(0, 360, 60))}
    assert len(orders) == 1 / BY_CHANCE


def test_a_class_without_a_sample_has_no_place():
    samples = SimpleNamespace(feature=np.zeros((2, 2)), emotion=np.array([0, 1]), arousal_valence=lambda family: None)
    assert cyclic_order(CAKE_2.family, {"A": np.eye(2), "a": np.zeros(2)}, {"a": samples}) is None


def test_shares_are_those_of_the_raw_answers():
    runs = make()
    answers = [outcome.predicted for head, outcome in runs.outcomes.items() if (head.family, head.k) == ("cake", 3)]
    slow = [np.mean([len(set(row)) == 1 for row in own.T]) for own in answers]
    np.testing.assert_allclose(agreement(runs, CAKE_3), slow)
    said = [max(np.mean(own[2] == EMOTIONS.index(name)) for name in ("disgust", "fear")) for own in answers]
    np.testing.assert_allclose(said_of(runs, CAKE_3, "sfew", ("disgust", "fear")), said)


def test_neutral_is_looked_for_at_the_origin(tmp_path):
    """The made-up classifiers take the nearest centre, and neutral's lies at the origin."""
    runs = make_study(tmp_path)
    assert neutral_at_origin(runs, CAKE_2).mean() > 0.8
    for outcome in runs.outcomes.values():
        if "b" in outcome.weights:
            outcome.weights["b"] = outcome.weights["b"] - 100 * np.eye(7, dtype=np.float32)[0]
    assert not neutral_at_origin(runs, CAKE_2).any()


@pytest.mark.parametrize(
    "shares, below, answer",
    [
        ([0.8, 0.82, 0.81], False, "yes"),
        ([0.8, 0.82, 0.81], True, "no"),
        ([0.2, 0.9, 0.5], False, "undecided"),
        ([1.0, 1.0], False, "yes"),
        ([0.9], False, "undecided"),
    ],
)
def test_an_answer_needs_the_whole_interval_on_one_side(shares, below, answer):
    assert _answer(np.array(shares), 0.6, below) == answer


def test_every_statement_has_a_row_or_a_reason(tmp_path):
    runs = make_study(tmp_path)
    text = as_text(map_claims(runs, read_samples(runs, tmp_path / "features")[0]))
    assert "by chance 1.7 %" in text and "needs the feature caches" not in text
    assert "it needs the feature caches" in as_text(map_claims(runs, {}))
    assert "it is about SFEW" in as_text(map_claims(make(names=("a", "b", "c")), {}))
    assert max(map(len, as_text(map_claims(make(families=("baseline",)), {})).splitlines())) <= 110
