"""How alike two representations of the same rows are, whatever their axes: after Procrustes alignment, and by canonical
correlation."""

import numpy as np


def procrustes_similarity(x: np.ndarray, y: np.ndarray) -> float:
    """Share of the spread of y (n, k) that x explains once moved, turned, mirrored and scaled as a whole: 1 minus
    scipy's disparity."""
    return aligned(unit(x), unit(y))


def canonical_correlations(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(min of both widths,) canonical correlations of x (n, p) and y (n, q), the largest first."""
    return correlations(white(x), white(y))


def affine_similarity(x: np.ndarray, y: np.ndarray) -> float:
    """Mean squared canonical correlation: how alike two representations are up to what a linear classifier cannot
    see."""
    return shared(white(x), white(y))


def aligned(x: np.ndarray, y: np.ndarray) -> float:
    """procrustes_similarity of columns prepared by `unit`."""
    return float(np.linalg.svd(x.T @ y, compute_uv=False).sum() ** 2)


def correlations(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """canonical_correlations of columns prepared by `white`."""
    return np.clip(np.linalg.svd(x.T @ y, compute_uv=False), 0, 1)


def shared(x: np.ndarray, y: np.ndarray) -> float:
    """affine_similarity of columns prepared by `white`."""
    return float((correlations(x, y) ** 2).mean())


def unit(x: np.ndarray) -> np.ndarray:
    """x with its mean at the origin and its whole spread 1."""
    x = x - x.mean(0)
    return x / np.linalg.norm(x)


def white(x: np.ndarray) -> np.ndarray:
    """Orthonormal columns that span the centred columns of x."""
    left, values, _ = np.linalg.svd(x - x.mean(0), full_matrices=False)
    return left[:, values > 1e-10 * values[0]]
