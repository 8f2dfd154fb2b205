"""Networks against the first one, and ways of training over networks that differ by their seed alone."""

import numpy as np
import pytest
from scipy import stats

from evaluate.statistics.inference.comparison import holm
from evaluate.tables.compared.against_first import against_first
from evaluate.tables.compared.beside import beside
from evaluate.tables.compared.ways import ways
from tests.evaluate.made_up_networks import network

SMALL = {"names": ("a",), "sizes": (300,), "runs": 3}
COVARIANCE = {"settings": {"pooling": "covariance"}}
NAMES = ["plain", "plain1", "cov", "cov1"]


def four():
    shares = ((0.0, 0, {}), (0.05, 1, {}), (0.3, 0, COVARIANCE), (0.36, 1, COVARIANCE))
    return [network(share, seed=seed, **SMALL, **more) for share, seed, more in shares]


def test_each_network_against_the_first_is_what_the_two_alone_say():
    several = four()
    table = against_first(several, NAMES)
    found = {(each["representation"], each["network"]): each for each in table.records}
    assert len(found) == 9 and {each["minus"] for each in table.records} == {"plain"}
    pair = {each["representation"]: each for each in beside([several[0], several[2]], ["plain", "cov"]).records}
    for label in ("CAKE-3", "CAKE-2", "Baseline"):
        for what in ("difference", "interval_low", "interval_high", "p"):
            assert found[label, "cov"][what] == pair[label][what]
    corrected = holm([float(each["p"]) for each in table.records])
    assert [float(each["p_holm"]) for each in table.records] == pytest.approx(corrected, abs=1e-3)
    assert table.rows[0][:3] == ("a", "Baseline", "plain1") and table.rows[1][:3] == ("", "", "cov")


def test_ways_are_compared_by_welchs_t_over_networks():
    several = four()
    table = ways(several, NAMES)
    assert [row[:4] for row in table.rows[:2]] == [("a", "Baseline", "plain", "2"), ("", "", "cov", "2")]
    means = {each["representation"]: each for each in beside(several, NAMES).records}["CAKE-3"]
    own = [float(means[f"mean_{name}"]) for name in NAMES]
    slow = stats.ttest_ind(own[2:], own[:2], equal_var=False)
    told = next(each for each in table.records if (each["representation"], each["way"]) == ("CAKE-3", "cov"))
    assert float(told["p"]) == pytest.approx(slow.pvalue, abs=1e-3)
    assert float(told["difference"]) == pytest.approx(np.mean(own[2:]) - np.mean(own[:2]), abs=1e-3)
    interval = slow.confidence_interval()
    ends = float(told["interval_low"]), float(told["interval_high"])
    assert ends == pytest.approx((interval.low, interval.high), abs=0.05)
    assert "cov: cov, cov1" in table.notes


def test_ways_need_two_networks_each_and_to_be_told():
    several = four()
    assert ways(several[:3], NAMES[:3]) is None  # one way of covariance pooling has one network
    for runs in several:
        del runs.provenance["training"]
    assert ways(several, NAMES) is None
