"""The rule by which the canonical axes of a representation are chosen, from its moments over the training rows.

1. White: mean 0, covariance the identity. On the unit sphere only a rotation is free, so nothing is done there.
2. In turn, each axis is the direction, at right angles to those before it, whose coordinate follows a target best, by
   their correlation. The targets: valence, arousal, then whether a row is of anger, sadness, neutral, disgust. Where no
   arousal-valence is known, happiness and surprise stand for the two; a class without rows is passed over. Other
   classes than the seven follow in their own order, those first that have the name of one of the seven.

A representation that begins with arousal-valence itself (AVk) keeps the two, and its learned axes begin at anger. Every
step turns with z, so that heads which differ by an invertible map get the same coordinates, signs and all: what still
differs between runs is then no matter of axes. (Principal axes of the class means would not do where there is no
arousal-valence: once z is white they are of nearly one size, so that runs order them by chance.)

Axes: k learned dimensions, C classes."""

from dataclasses import dataclass

import numpy as np

from data.canonical import ALONG

VALENCE_AROUSAL = ("valence", "arousal")
STANDING_FOR_THEM = ("happiness", "surprise")
THEN = ("anger", "sadness", "neutral", "disgust", "fear")  # anger first: dominance tells it from fear
FLAT = 1e-8  # share of the largest variance, or of the mean square, below which there is none, in float32


@dataclass(frozen=True)
class Spread:
    """How k coordinates spread over rows, and how targets go with them."""

    mean: np.ndarray  # (k,)
    covariance: np.ndarray  # (k, k)
    along: dict  # target -> (k,) covariance with each coordinate; without targets that are the same for all rows


def class_targets(classes: tuple) -> tuple[tuple, tuple]:
    """(classes that stand for arousal-valence, those that follow) of the names of all. The last class is no target:
    where a row is of none of the others, it is of that one."""
    ordered = [name for name in (*STANDING_FOR_THEM, *THEN) if name in classes]
    ordered += [name for name in classes if name not in ordered]
    standing = tuple(name for name in ordered[:-1] if name in STANDING_FOR_THEM)
    return standing, tuple(ordered[len(standing) : -1])


def spread_of(sums: np.ndarray, k: int, targets: tuple) -> Spread:
    """Spread from the sum over rows of y y^T, y = [1; z; one number for each target]."""
    mean = sums[0, 1:] / sums[0, 0]
    covariance = sums[1:, 1:] / sums[0, 0] - np.outer(mean, mean)
    varies = np.diag(covariance) > FLAT * np.diag(sums)[1:] / sums[0, 0]
    along = {target: covariance[place, :k] for place, target in enumerate(targets, k) if varies[place]}
    return Spread(mean[:k], covariance[:k, :k], along)


def canonical_map(spread: Spread, followed: list[tuple[str, Spread]], *, on_sphere: bool) -> tuple | None:
    """(T (k, k), t (k,), names of the axes); None where z does not spread in all its dimensions, or where targets run
    out.

    spread: of all training rows. followed: the targets in turn, each with the Spread of the rows that have it."""
    variances, vectors = np.linalg.eigh(spread.covariance)
    if not variances[0] > FLAT * variances[-1]:
        return None
    white = np.eye(len(vectors)) if on_sphere else vectors / np.sqrt(variances) @ vectors.T
    axes, names = np.zeros((0, len(white))), []
    for target, own in followed:
        if target in own.along and len(axes) < len(white):
            direction = _following(white @ own.covariance @ white.T, white @ own.along[target], axes)
            axes, names = np.concatenate([axes, direction]), [*names, ALONG.format(target)]
    if len(axes) < len(white):
        return None
    T = axes @ white
    return T, np.zeros(len(T)) if on_sphere else -T @ spread.mean, tuple(names)


def _following(covariance, along, axes):
    """(1, k) unit vector at right angles to the axes (rows) whose coordinate is correlated most with a target; along:
    (k,) covariances with it."""
    rest = np.linalg.svd(axes)[2][len(axes) :].T  # (k, rest) orthonormal
    direction = rest @ np.linalg.solve(rest.T @ covariance @ rest, rest.T @ along)
    return direction[None] / np.linalg.norm(direction)
