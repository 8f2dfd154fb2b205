"""Verdicts on planted differences, bounds that a difference must keep, and Holm's correction worked by hand."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from evaluate.representations import CAKE_2, CAKE_3
from evaluate.statistics.inference.comparison import Bounds, compare, holm
from evaluate.statistics.inference.intervals import Spread
from evaluate.tables.differences import differences
from evaluate.tables.formats.text import as_text
from evaluate.tables.printed import percent
from tests.evaluate.made_up_runs import make

ALL = ("affectnet", "rafdb", "sfew")


def test_a_representation_beside_itself_differs_by_nothing():
    found = compare(make(), CAKE_3, CAKE_3, ALL)
    assert found.difference == 0 and found.both == (0, 0) and found.p == 1 and not found.holds


def test_a_gap_is_found_and_its_opposite_too():
    wide = make(sizes=(1400, 900, 400))
    for head, outcome in wide.outcomes.items():
        if (head.family, head.k) == ("cake", 2):  # every third row wrong
            spoil(wide, outcome, 3)
    better, worse = compare(wide, CAKE_3, CAKE_2, ALL), compare(wide, CAKE_2, CAKE_3, ALL)
    assert better.p == worse.p < 0.001
    assert better.verdict(better.p) == "yes" and worse.verdict(worse.p) == "no"
    assert better.verdict(0.06) == worse.verdict(None) == "undecided"


def spoil(runs, outcome, step):
    truth = np.concatenate([test.emotion for test in runs.tests.values()])
    outcome.predicted[:, ::step] = (truth[::step] + 1) % 7
    ends = np.cumsum([len(test.emotion) for test in runs.tests.values()])[:-1]
    outcome.confusion[:] = 0
    for classifier, answers in enumerate(outcome.predicted):
        for place, (test, part) in enumerate(zip(runs.tests.values(), np.split(answers, ends))):
            np.add.at(outcome.confusion[classifier, place], (test.emotion, part), 1)


def test_the_interval_and_p_say_the_same():
    found = compare(make(), CAKE_3, CAKE_2, ALL)
    assert (found.p < 0.05) == (found.both[0] > 0 or found.both[1] < 0)
    single = compare(make(runs=1), CAKE_3, CAKE_2, ALL)
    assert single.both is None and single.p is None and single.over_rows and single.over_runs is None


def test_between_bounds_both_one_sided_tests_must_agree():
    spread = Spread([(0.01**2, 10)])
    tail = lambda distance: stats.t.sf(distance / 0.01, 10)
    assert Bounds(-0.03, 0.03).p(0.01, spread) == pytest.approx(tail(0.02))
    assert Bounds(-np.inf, 0.01).p(-0.02, spread) == pytest.approx(tail(0.03))
    assert Bounds(-np.inf, 0.01).p(0.03, spread) == pytest.approx(tail(0.02))
    assert Bounds(-0.04).p(-0.01, spread) == pytest.approx(tail(0.03))
    assert Bounds().p(0.02, spread) == pytest.approx(2 * tail(0.02))


def test_what_lies_beyond_its_bound_does_not_hold():
    runs = make(sizes=(1400, 900, 400))
    found = compare(runs, CAKE_3, CAKE_2, ALL)
    assert found.holds and found.difference > 0
    assert dataclasses.replace(found, holds=False).verdict(0.01) == "no"


def test_holm_by_hand():
    """0.01 is tested at a quarter of 5 %, 0.02 at a third, 0.03 at half; a later one is never below an earlier one."""
    assert holm([0.03, 0.01, None, 0.02, 0.9]) == [0.06, 0.04, None, 0.06, 0.9]
    assert holm([None]) == [None] and holm([]) == [] and holm([0.6, 0.6]) == [1.0, 1.0]


def test_holm_keeps_the_chance_of_any_error():
    generator = np.random.default_rng(0)
    draws = [generator.random(12) for _ in range(2000)]
    assert np.mean([min(holm(list(own))) < 0.05 for own in draws]) == pytest.approx(0.05, abs=0.015)
    assert np.mean([min(own) < 0.05 for own in draws]) > 0.4  # the control: without it


def test_the_table_names_the_gaps_and_single_runs():
    text = as_text(differences(make(families=("cake", "cake-norm", "baseline"))))
    assert text.count("no predicted arousal-valence") == 8 and "One backbone" in text
    single = differences(make(runs=1))
    assert all(row[-1] == "undecided" for row in single.rows)
    assert percent(None) == "–"


def test_it_is_the_same_whenever_it_is_asked():
    assert differences(make()).records == differences(make()).records
