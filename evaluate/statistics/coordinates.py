"""Where samples lie in a trained representation (Section 2.2), and the angles of points on the unit sphere."""

import numpy as np

from data.files.runs import HeadOutcome
from data.heads import Family
from evaluate.samples import Samples

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def coordinates(family: Family, weights: dict, samples: Samples) -> np.ndarray:
    """(n, dimensions) z of Samples as trained, with the arousal-valence that the family stands on."""
    return family.representation(weights, samples.feature, samples.arousal_valence(family))


def shown_coordinates(family: Family, outcome: HeadOutcome, samples: Samples) -> np.ndarray:
    """(n, dimensions) canonical coordinates of Samples, by which runs can be compared; z where a head has none."""
    z = coordinates(family, outcome.weights, samples)
    return outcome.canonical.of(z) if outcome.canonical else z


def axes_of(family: Family, k: int, outcome: HeadOutcome) -> tuple:
    """Names of the coordinates that shown_coordinates gives."""
    return outcome.canonical.axes if outcome.canonical else family.coordinates(k)


def axis_label(name: str) -> str:
    """The name of a coordinate in print: along valence, k₁."""
    return name.replace("_", " ").translate(SUBSCRIPTS)


def can_place(family: Family, samples: Samples) -> bool:
    """Whether every sample has the arousal-valence that a family stands on."""
    values = samples.arousal_valence(family)
    return family.arousal_valence is None or (values is not None and bool(np.isfinite(values).all()))


def sphere_angles(z: np.ndarray) -> np.ndarray:
    """(n, 2) azimuth phi (-180 to 180) and polar angle theta (0 to 180), in degrees, of points (n, 3)."""
    radius = np.linalg.norm(z, axis=1)
    return np.degrees(np.stack([np.arctan2(z[:, 1], z[:, 0]), np.arccos(np.clip(z[:, 2] / radius, -1, 1))], 1))


def from_angles(angles: np.ndarray) -> np.ndarray:
    """(n, 3) unit vectors of angles (n, 2) in degrees: the way back from sphere_angles."""
    phi, theta = np.radians(angles).T
    return np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], 1)
