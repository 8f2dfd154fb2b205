"""What is read from a representation: what is there and nothing else, scikit-learn as oracle, confusions by hand."""

import numpy as np
import pytest
from sklearn.metrics import r2_score

from evaluate.statistics.reading import pair_confusion, read_out, reading_scores
from evaluate.statistics.similarity import canonical_correlations


def values(rows=200, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, 2))


def test_what_is_there_is_read_and_what_is_not_is_not():
    v = values()
    turned = v @ np.array([[2.0, 1], [-1, 3]]) + 5
    found = reading_scores(turned, v)
    assert min(found.values()) > 0.99
    shuffled = reading_scores(np.random.default_rng(1).permutation(turned), v)
    assert max(shuffled["valence R²"], shuffled["arousal R²"]) < 0.05 and shuffled["valence CCC"] < 0.2


def test_scores_of_a_reading_agree_with_scikit_learn():
    v = values()
    x = np.concatenate([v[:, :1], np.random.default_rng(2).normal(size=(200, 3))], 1)
    assert reading_scores(x, v)["valence R²"] == pytest.approx(r2_score(v[:, 0], read_out(x, v)[:, 0]))


def test_wide_noise_is_not_read():
    """Fitted and scored on the same rows, 300 columns of noise would explain everything."""
    noise = np.random.default_rng(3).normal(size=(200, 300))
    assert reading_scores(noise, values())["valence R²"] < 0.1
    assert canonical_correlations(noise, values())[0] > 0.99


def test_pair_confusion_by_hand():
    counts = np.zeros((7, 7), int)
    counts[4, 4], counts[4, 6], counts[6, 6], counts[6, 4] = 6, 2, 10, 2
    assert pair_confusion(counts) == {(4, 6): 4 / 20}
