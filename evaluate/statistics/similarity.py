"""How alike two representations of the same rows are, whatever their axes: after Procrustes alignment, and by canonical
correlation."""

import numpy as np


def procrustes_similarity(x, y):
    """Share of the spread of y (n, k) that x explains once moved, turned, mirrored and scaled as a whole: 1 minus
    scipy's disparity."""
    return aligned(unit(x), unit(y))


def canonical_correlations(x, y):
    """(min of both widths,) canonical correlations of x (n, p) and y (n, q), the largest first."""
    return correlations(white(x), white(y))


def affine_similarity(x, y):
    """Mean squared canonical correlation: how alike two representations are up to what a linear classifier cannot
    see."""
    return shared(white(x), white(y))


def aligned(x, y):
    return float(np.linalg.svd(x.T @ y, compute_uv=False).sum() ** 2)


def correlations(x, y):
    return np.clip(np.linalg.svd(x.T @ y, compute_uv=False), 0, 1)


def shared(x, y):
    return float((correlations(x, y) ** 2).mean())


def unit(x):
    x = x - x.mean(0)
    return x / np.linalg.norm(x)


def white(x):
    """Orthonormal columns that span the centred columns of x."""
    left, values, _ = np.linalg.svd(x - x.mean(0), full_matrices=False)
    return left[:, values > 1e-10 * values[0]]
