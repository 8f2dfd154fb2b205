"""Similarity of representations beside scipy and scikit-learn."""

import numpy as np
import pytest
from scipy.spatial import procrustes
from sklearn.cross_decomposition import CCA

from evaluate.statistics.similarity import affine_similarity, canonical_correlations, procrustes_similarity


def test_canonical_correlations_are_those_of_scikit_learn():
    v = np.random.default_rng(0).normal(size=(200, 2))
    x = v @ np.array([[1.0, 0, 2], [0, 1, 1]]) + np.random.default_rng(4).normal(size=(200, 3))
    first, second = CCA(2, max_iter=5000, tol=1e-12).fit_transform(x, v)
    expected = [np.corrcoef(first[:, column], second[:, column])[0, 1] for column in range(2)]
    assert canonical_correlations(x, v) == pytest.approx(expected, abs=1e-4)


def test_procrustes_is_scipys_and_does_not_see_a_turn():
    x, y = np.random.default_rng(5).normal(size=(2, 60, 3))
    assert procrustes_similarity(x, y) == pytest.approx(1 - procrustes(x, y)[2])
    turn = np.linalg.qr(np.random.default_rng(6).normal(size=(3, 3)))[0]
    assert procrustes_similarity(x, 3 * x @ turn + 1) == pytest.approx(1)
    sheared = x @ np.diag([1.0, 0.1, 5])
    assert procrustes_similarity(x, sheared) < 0.9 and affine_similarity(x, sheared) == pytest.approx(1)
