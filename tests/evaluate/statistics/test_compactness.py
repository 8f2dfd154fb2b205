"""What CAKE-k keeps of each network's features, held against the raw predictions."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import f1_score

from data.files.runs import Head
from evaluate.statistics.compactness import kept_of, order
from tests.evaluate.made_up_networks import network

SMALL = {"names": ("a",), "sizes": (300,), "runs": 4}


def slow(runs, family, k, test="a"):
    """Mean macro F1 of the runs, from their answers one by one."""
    truth, span, place = runs.tests[test].emotion, runs.span(test), runs.classifiers.index(test)
    answers = [runs.outcomes[Head(family, k, run)].predicted[place, span] for run in range(4)]
    return np.mean([f1_score(truth, own, average="macro", zero_division=0) for own in answers])


def test_scores_and_differences_are_those_of_the_raw_predictions():
    several = [network(**SMALL), network(0.3, **SMALL)]
    found = {(each.network, each.k): each for each in kept_of(several, ["plain", "better"])}
    assert set(found) == set(itertools.product(("plain", "better"), (2, 3)))
    for runs, name in zip(several, ("plain", "better")):
        each = found[name, 3]
        assert each.baseline.mean == pytest.approx(slow(runs, "baseline", 0))
        assert each.compact.mean == pytest.approx(slow(runs, "cake", 3))
        assert each.difference.difference == pytest.approx(each.compact.mean - each.baseline.mean)
        assert each.difference.both[0] < each.difference.difference < each.difference.both[1]


def test_all_data_sets_together_come_last_and_one_alone_has_no_such_place():
    pair = {"names": ("a", "b"), "sizes": (300, 100), "runs": 2}
    places = [each.place for each in kept_of([network(**pair)], ["plain"])]
    assert list(dict.fromkeys(places)) == ["a", "b", "all, by size"]
    assert {each.place for each in kept_of([network(**SMALL)], ["plain"])} == {"a"}
    both = {each.place: each.compact.mean for each in kept_of([network(**pair)], ["plain"]) if each.k == 3}
    assert both["all, by size"] == pytest.approx((300 * both["a"] + 100 * both["b"]) / 400)


def test_a_network_without_a_baseline_is_left_out():
    lame = network(families=("cake",), **SMALL)
    assert {each.network for each in kept_of([lame, network(**SMALL)], ["lame", "whole"])} == {"whole"}


def ordered(shares):
    several = [network(share, **SMALL) for share in shares]
    return [each for each in kept_of(several, list(map(str, range(len(shares))))) if each.k == 3]


def test_the_order_of_four_networks_counts_pairs_that_stand_alike():
    found = ordered((0.0, 0.5, 0.2, 0.35))
    pairs = [
        np.sign((one.baseline.mean - two.baseline.mean) * (one.compact.mean - two.compact.mean))
        for one, two in itertools.combinations(found, 2)
    ]
    told = order(found)
    assert told.tau == pytest.approx(sum(pairs) / 6) == 1 and told.networks == 4
    assert told.p == pytest.approx(2 / 24)  # one of two of the 24 orders
    assert order(found[:3]) is None
