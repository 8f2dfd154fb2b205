"""The temperature of a head, beside a search of all and scikit-learn's."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from embed.exported.temperature import RANGE, best

CLASSES = 7


def drawn(rows=4000):
    """(logits that are as sure as they are right, emotions)."""
    generator = np.random.default_rng(0)
    logits = generator.normal(scale=1.5, size=(rows, CLASSES))
    return logits, (logits + generator.gumbel(size=logits.shape)).argmax(1)  # which draws from their softmax


@pytest.mark.parametrize("surer", [0.5, 1.0, 3.0])
def test_logits_that_are_surer_than_right_are_brought_back(surer):
    logits, emotion = drawn()
    assert best(surer * logits, emotion) == pytest.approx(surer, rel=0.06)


def test_no_other_temperature_fits_better():
    logits, emotion = drawn(300)
    logits = logits * np.random.default_rng(1).uniform(0.5, 4, size=(300, 1))

    def loss(value):
        scaled = logits / value
        return -(scaled - np.log(np.exp(scaled).sum(1, keepdims=True)))[np.arange(300), emotion].mean()

    tried = np.geomspace(*RANGE, 2000)
    found = best(logits, emotion)
    assert found == pytest.approx(tried[np.argmin([loss(value) for value in tried])], rel=0.004)
    assert loss(found) < loss(1.0) - 0.05


class AsGiven(ClassifierMixin, BaseEstimator):
    """A classifier whose logits are its input."""

    classes_ = np.arange(CLASSES)

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y):
        return self

    def decision_function(self, X):
        return X

    def predict(self, X):
        return X.argmax(1)


def test_it_is_that_of_scikit_learn():
    pytest.importorskip("sklearn", minversion="1.8", reason="scikit-learn before 1.8 has no temperature")
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    logits, emotion = drawn(1000)
    logits *= 2.5
    theirs = CalibratedClassifierCV(FrozenEstimator(AsGiven()), method="temperature", ensemble=False)
    expected = theirs.fit(logits, emotion).predict_proba(logits)
    scaled = np.exp(logits / best(logits, emotion))
    np.testing.assert_allclose(scaled / scaled.sum(1, keepdims=True), expected, atol=1e-3)
    plain = np.exp(logits)
    assert np.abs(plain / plain.sum(1, keepdims=True) - expected).max() > 0.1


def test_answers_that_are_never_right_are_made_as_unsure_as_can_be():
    logits, emotion = drawn(200)
    assert best(-logits, emotion) == pytest.approx(RANGE[1], rel=0.01)
