"""Calibration and abstention against scikit-learn, slow loops and cases worked by hand."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from evaluate.statistics.trust.abstention import area, risk_at, risks
from evaluate.statistics.trust.calibration import BINS, error_if_calibrated, reliability


def drawn(rows, seed=0, *, power=1.0):
    """Confidences, and answers that are right with confidence ** power: calibrated where it is 1."""
    generator = np.random.default_rng(seed)
    confidence = generator.uniform(1 / 7, 1, rows)
    return confidence, generator.random(rows) < confidence**power


@pytest.mark.parametrize("ties", [False, True])
def test_bins_are_those_of_scikit_learn(ties):
    confidence, hit = drawn(15 * 40)
    confidence = np.round(confidence, 1) if ties else confidence
    found = reliability(confidence, hit)
    accuracy, mean = calibration_curve(hit, confidence, n_bins=BINS, strategy="quantile")
    np.testing.assert_allclose(found.accuracy, accuracy)
    np.testing.assert_allclose(found.confidence, mean)
    assert found.n.sum() == len(hit) and (len(found.n) < BINS if ties else (found.n == 40).all())


def test_the_error_by_hand():
    found = reliability(np.array([0.5, 0.5, 0.9, 0.9]), np.array([True, False, False, True]), bins=2)
    assert found.n.tolist() == [2, 2] and found.error == pytest.approx((2 * 0.0 + 2 * 0.4) / 4)


def test_the_error_of_true_confidences_is_that_of_chance_and_others_stand_out():
    generator = np.random.default_rng(1)
    errors = [reliability(*drawn(300, seed)).error for seed in range(100)]
    assert error_if_calibrated(drawn(300)[0], generator) == pytest.approx(np.mean(errors), rel=0.1)
    assert reliability(*drawn(300, power=3.0)).error > 2 * np.max(errors)


def test_chance_is_that_of_errors_taken_one_by_one():
    confidence = np.round(drawn(200)[0], 2)
    slow = [reliability(confidence, np.random.default_rng(seed).random(200) < confidence).error for seed in range(300)]
    found = np.mean([error_if_calibrated(confidence, np.random.default_rng(seed)) for seed in range(6)])
    assert found == pytest.approx(np.mean(slow), rel=0.05)


def test_risks_are_those_of_a_plain_loop():
    confidence, hit = drawn(50)
    slow, wrong = [], 0
    for number, row in enumerate(sorted(range(50), key=lambda row: -confidence[row]), 1):
        wrong += not hit[row]
        slow.append(wrong / number)
    np.testing.assert_allclose(risks(confidence, hit), slow)
    assert risk_at(risks(confidence, hit)) == slow[39] and area(risks(confidence, hit)) == pytest.approx(np.mean(slow))


def test_the_order_of_rows_of_one_confidence_is_no_matter():
    confidence, hit = np.array([0.9, 0.5, 0.5, 0.5]), np.array([True, False, True, True])
    expected = [0, 1 / 6, 2 / 9, 1 / 4]
    for order in ([0, 1, 2, 3], [3, 0, 2, 1]):
        np.testing.assert_allclose(risks(confidence[order], hit[order]), expected)


def test_confidence_that_says_nothing_gains_nothing():
    hit = np.arange(100) % 4 > 0
    assert risk_at(risks(np.full(100, 0.5), hit)) == pytest.approx(0.25)
    assert area(risks(hit.astype(float), hit)) < 0.05 < 0.25  # one that knows
