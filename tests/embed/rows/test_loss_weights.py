"""Equations 1 and 2, and the --k option."""

import math

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from data.heads import BASELINE, CAKE
from embed.rows.loss_weights import class_weights, dataset_weight, sample_weights
from embed.settings import NONE, HeadSettings
from embed.sizes import parse_sizes

EMOTION = np.repeat(np.arange(7), [40, 60, 12, 9, 3, 2, 8])


def test_w_class_is_scikit_learns_balanced_weight_and_sums_to_n():
    np.testing.assert_allclose(
        class_weights(EMOTION), compute_class_weight("balanced", classes=np.arange(7), y=EMOTION)
    )
    assert class_weights(EMOTION)[EMOTION].sum() == pytest.approx(len(EMOTION))


def test_the_papers_weights_of_affectnet():
    counts = [74_874, 134_415, 25_459, 14_090, 6_378, 3_803, 24_882]
    weights = class_weights(np.repeat(np.arange(7), counts))
    assert weights[1] == pytest.approx(0.302, abs=5e-4) and weights[5] == pytest.approx(10.66, abs=5e-3)


def test_a_class_without_samples_gets_no_weight():
    assert class_weights(np.array([0, 0, 1]))[6] == 0


def test_w_dataset_is_one_over_the_natural_logarithm():
    assert dataset_weight(283_901) == pytest.approx(1 / math.log(283_901))
    with pytest.raises(ValueError, match="at least 2"):
        dataset_weight(1)


def test_each_domain_is_weighted_by_its_own_counts():
    emotion, domain = np.array([0, 0, 1, 0, 1, 1]), np.array([0, 0, 0, 1, 1, 1])
    table = sample_weights(emotion, domain)
    assert table.shape == (2, 7)
    assert table[0, 0] == pytest.approx(3 / (2 * 7) / math.log(3)) and table[1, 0] == pytest.approx(
        3 / (1 * 7) / math.log(3)
    )


def test_without_class_weights_the_rows_of_a_domain_count_alike():
    emotion, domain = np.array([0, 0, 1, 0, 1, 1]), np.array([0, 0, 0, 1, 1, 1])
    table = sample_weights(emotion, domain, kind=NONE)
    np.testing.assert_allclose(table, 1 / math.log(3))
    assert not np.allclose(sample_weights(emotion, domain), table)


def test_results_of_the_papers_weights_agree_with_those_from_before_there_was_a_choice():
    assert "class_weights" not in HeadSettings().identity()
    assert HeadSettings(class_weights=NONE).identity()["class_weights"] == NONE


@pytest.mark.parametrize(
    "text, expected",
    [
        ("3", [3]),
        ("1,2,3,8", [1, 2, 3, 8]),
        ("1..5", [1, 2, 3, 4, 5]),
        ("1..512:log", [1, 2, 3, 4, 8, 16, 32, 64, 128, 256, 512]),
        ("0..3", [0, 1, 2, 3]),
        ("5..20:log", [5, 8, 16, 20]),
        ("8, 1..3", [1, 2, 3, 8]),
        ("1..768:log", [1, 2, 3, 4, 8, 16, 32, 64, 128, 256, 512, 768]),
        ("600..2048:log", [600, 1024, 2048]),
        ("0..2:log", [0, 1, 2]),
        ("513", [513]),
    ],
)
def test_sizes(text, expected):
    assert parse_sizes(text) == expected


@pytest.mark.parametrize(
    "text, match",
    [
        ("", "write 3, or 1,2,3,8"),
        ("three", "write 3, or"),
        ("1..", "write 3"),
        ("5..1", "backwards"),
        ("1..9999999999", "more than the dimensions of any features"),
        ("-1", "write 3"),
        ("1:log", "write 3"),
    ],
)
def test_sizes_that_are_not_understood(text, match):
    with pytest.raises(ValueError, match=match):
        parse_sizes(text)


@pytest.mark.parametrize(
    "k, share", [(0, 1), (1, 1), (3, 1), (15, 1), (16, 0.5**0.5), (31, 0.5**0.5), (32, 0.5), (128, 0.25), (512, 1 / 8)]
)
def test_the_rate_is_halved_for_every_two_doublings_of_the_dimensions(k, share):
    assert HeadSettings().rate_of(CAKE, k, 512) == pytest.approx(HeadSettings().rate * share)
    assert HeadSettings().rate_of(BASELINE, 0, k) == pytest.approx(HeadSettings().rate * share)
