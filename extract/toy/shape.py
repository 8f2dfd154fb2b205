"""Where the 68 landmarks of a toy face lie, driven by arousal, valence and dominance.

Face coordinates: the head's half width is 1, x to the right, y down, 0 between nose bridge and nose tip."""

from dataclasses import dataclass

import numpy as np

# Landmarks in iBUG-68 order for a neutral face; of brows and eyes the left one in the picture, which the right mirrors.
# fmt: off
_BROW = [(-0.80, -0.60), (-0.66, -0.70), (-0.50, -0.72), (-0.36, -0.68), (-0.22, -0.61)]
_EYE = [(-0.63, -0.38), (-0.52, -0.455), (-0.36, -0.455), (-0.25, -0.36), (-0.36, -0.31), (-0.52, -0.31)]
_NOSE = [
    (0, -0.38), (0, -0.20), (0, -0.02), (0, 0.16),  # bridge
    (-0.19, 0.27), (-0.10, 0.31), (0, 0.33), (0.10, 0.31), (0.19, 0.27),  # wings and tip
]
_MOUTH = [
    (-0.36, 0.62), (-0.22, 0.565), (-0.09, 0.535), (0, 0.55), (0.09, 0.535), (0.22, 0.565), (0.36, 0.62),
    (0.22, 0.705), (0.09, 0.745), (0, 0.75), (-0.09, 0.745), (-0.22, 0.705),
    (-0.31, 0.625), (-0.10, 0.620), (0, 0.623), (0.10, 0.620), (0.31, 0.625),  # inner rim, from here on
    (0.10, 0.640), (0, 0.643), (-0.10, 0.640),
]
# fmt: on
BROWS, NOSE, EYES, MOUTH = slice(17, 27), slice(27, 36), slice(36, 48), slice(48, 68)
_TOP_LIDS, _LOW_LIDS = [37, 38, 43, 44], [40, 41, 46, 47]
_UPPER_LIP, _LOWER_LIP = [49, 50, 51, 52, 53, 61, 62, 63], [55, 56, 57, 58, 59, 65, 66, 67]


@dataclass(frozen=True)
class Expression:
    """The three factors that move the face, each about -1..1. Dominance is the one that separates anger from fear."""

    valence: float
    arousal: float
    dominance: float


def neutral() -> np.ndarray:
    """(68, 2) landmarks of the face at rest."""
    turn = np.linspace(0, np.pi, 17)
    jaw = np.stack([-np.cos(turn), -0.30 + 1.48 * np.sin(turn) ** 0.85], 1)
    brow, eye = np.array(_BROW), np.array(_EYE)
    other_brow = brow[[4, 3, 2, 1, 0]] * (-1, 1)
    other_eye = eye[[3, 2, 1, 0, 5, 4]] * (-1, 1)
    return np.concatenate([jaw, brow, other_brow, _NOSE, eye, other_eye, _MOUTH])


def landmarks(expression: Expression, generator: np.random.Generator) -> np.ndarray:
    """(68, 2) landmarks of a person drawn from the generator, moved by the expression.

    Valence bends the mouth and lifts cheeks and lower lids, arousal opens eyes and mouth and lifts the brows, dominance
    draws the inner brows down and together and presses the lips (anger), or tilts them up (fear)."""
    points = neutral()
    _move_mouth(points, expression)
    _move_eyes(points, expression)
    _move_brows(points, expression)
    return _individual(points, generator)


def _move_mouth(points, expression):
    v, a, d = expression.valence, expression.arousal, expression.dominance
    mouth = points[MOUTH]
    side = mouth[:, 0] / 0.36
    middle = np.clip(1 - side**2, 0, 1)
    mouth[:, 1] -= 0.20 * v * (side**2 - 0.35)
    mouth[:, 0] *= 1 + 0.14 * v - 0.16 * a
    opening = 0.30 * np.log1p(np.exp(4 * (a - 0.3))) / 4  # smooth, and shut for low arousal
    lips = np.zeros(len(points))
    lips[_UPPER_LIP], lips[_LOWER_LIP] = -0.30, 1.0
    mouth[:, 1] += opening * lips[MOUTH] * middle
    points[5:12, 1] += 0.5 * opening  # the jaw follows
    inner = np.array([12, 13, 13, 14, 15, 15, 16, 17, 17, 18, 19, 19])  # the inner point behind each outer one
    mouth[:12] += (mouth[inner] - mouth[:12]) * np.array([0, 1]) * 0.45 * np.clip(d, -0.5, 1)
    points[NOSE, 1][4:] += 0.05 * min(v, 0)


def _move_eyes(points, expression):
    v, a = expression.valence, expression.arousal
    centre = points[[36, 39, 42, 45], 1].mean()
    points[_TOP_LIDS, 1] = centre + (points[_TOP_LIDS, 1] - centre) * np.clip(1 + 0.75 * a, 0.3, 2)
    points[_LOW_LIDS, 1] = centre + (points[_LOW_LIDS, 1] - centre) * np.clip(1 + 0.35 * a - 0.45 * max(v, 0), 0.2, 2)


def _move_brows(points, expression):
    a, d = expression.arousal, expression.dominance
    brows = points[BROWS]
    inner = np.array([0, 0.15, 0.4, 0.75, 1, 1, 0.75, 0.4, 0.15, 0])
    brows[:, 1] += -0.13 * a + 0.17 * d * inner - 0.09 * d * (1 - inner)
    brows[:, 0] -= 0.07 * d * inner * np.sign(brows[:, 0])


def _individual(points, generator):
    """Proportions differ between people, by a few percent."""
    draw = generator.normal(0, 1, 8)
    points = points * (1 + 0.04 * draw[0], 1 + 0.04 * draw[1])
    points[BROWS, 1] += 0.02 * draw[2]
    points[EYES] += np.stack([0.02 * draw[3] * np.sign(points[EYES, 0]), np.full(12, 0.015 * draw[4])], 1)
    points[NOSE] *= (1 + 0.08 * draw[5], 1)
    points[MOUTH, 0] *= 1 + 0.06 * draw[6]
    points[MOUTH, 1] += 0.02 * draw[7]
    return points
