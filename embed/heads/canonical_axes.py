"""The rule by which the canonical axes of a representation are chosen, from its moments over the training rows.

1. White: mean 0, covariance the identity. On the unit sphere only a rotation is free, so nothing is done there.
2. Where arousal-valence is known: the first axis is the direction whose coordinate follows valence best (highest
   correlation), the second, at right angles to it, follows arousal best.
3. The rest: principal axes of the class means, all classes alike, within what is left; the largest first. Signs: where
   arousal-valence is known anger above fear, which dominance tells apart; else happiness above the mean of the classes.

Where a representation begins with arousal-valence itself (AVk), the two stay, and the learned dimensions take rule 3.
Every step turns with z, so that heads which differ by an invertible map get the same coordinates: what then still
differs between runs is no matter of axes. Seven class means have six principal axes; no rule is stated for more.

Axes: k learned dimensions, C classes."""

from dataclasses import dataclass

import numpy as np

from data.canonical import ALONG, CLASS_AXIS
from data.emotions import EMOTIONS

MOST = len(EMOTIONS) - 1  # learned dimensions
FLAT = 1e-8  # share of the largest variance below which a direction has none, in float32


@dataclass(frozen=True)
class Spread:
    """How k coordinates spread over rows, and how valence and arousal go with them."""

    mean: np.ndarray  # (k,)
    covariance: np.ndarray  # (k, k)
    along: np.ndarray | None = None  # (k, 2) covariances with valence and arousal


def spread_of(sums: np.ndarray, k: int) -> Spread:
    """Spread from the sum over rows of y y^T, y = [1; z] or [1; z; v]."""
    mean = sums[0, 1:] / sums[0, 0]
    covariance = sums[1:, 1:] / sums[0, 0] - np.outer(mean, mean)
    along = covariance[:k, k:]
    return Spread(mean[:k], covariance[:k, :k], along if along.size else None)


def canonical_map(spread: Spread, means: np.ndarray, followed: Spread | None, *, on_sphere: bool, signs: tuple):
    """(T (k, k), t (k,)), or None where z does not spread in all its dimensions.

    means: (k, C) of the classes, NaN for one without rows. followed: Spread of the rows whose arousal-valence is known,
    with `along`, where the first axes follow it. signs: (emotion on the positive side, the other one or None)."""
    variances, vectors = np.linalg.eigh(spread.covariance)
    if not variances[0] > FLAT * variances[-1]:
        return None
    white = np.eye(len(vectors)) if on_sphere else vectors / np.sqrt(variances) @ vectors.T
    axes = np.zeros((0, len(white)))
    for which in range(2 if followed else 0):
        along = white @ followed.along[:, which]
        axes = np.concatenate([axes, _following(white @ followed.covariance @ white.T, along, axes)])
    axes = np.concatenate([axes, _class_axes(white @ means, axes, signs)])
    T = axes @ white
    return T, np.zeros(len(T)) if on_sphere else -T @ spread.mean


def axis_names(k: int, *, follows: bool) -> tuple:
    """What the learned axes of canonical_map are."""
    along = ALONG[:k] if follows else ()
    return (*along, *(CLASS_AXIS.format(number) for number in range(1, k - len(along) + 1)))


def _complement(axes):
    """(k, rest) orthonormal basis of what is at right angles to the axes (rows)."""
    return np.linalg.svd(axes)[2][len(axes) :].T


def _following(covariance, along, axes):
    """(1, k) unit vector at right angles to the axes whose coordinate is correlated most with what `along` (k,) are the
    covariances with; none where no dimension is left."""
    rest = _complement(axes)
    if not rest.size:
        return rest.T
    direction = rest @ np.linalg.solve(rest.T @ covariance @ rest, rest.T @ along)
    return direction[None] / np.linalg.norm(direction)


def _class_axes(means, axes, signs):
    """(rest, k) principal axes of class means (k, C) at right angles to the axes."""
    rest = _complement(axes)
    centred = np.nan_to_num(rest.T @ (means - np.nanmean(means, 1, keepdims=True)))
    found = rest @ np.linalg.eigh(centred @ centred.T)[1][:, ::-1]
    up, down = (0.0 if name is None else rest @ centred[:, EMOTIONS.index(name)] for name in signs)
    return np.where((up - down) @ found < 0, -found, found).T
