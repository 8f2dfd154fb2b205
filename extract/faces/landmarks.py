"""Landmarks of a face, whatever scheme they come in, and the points of the template that each scheme is fitted to."""

from dataclasses import dataclass

import numpy as np

from data.runtime.failures import Refused
from data.sample import EYE_CENTRES, EYE_CORNERS, POINTS_68

# Where the points lie in a square that the face fills, after the mean face of dlib (Boost licence), made symmetric.
# Only points that an expression hardly moves: a fit through brows or mouth would align the expression away.
_EYE_OUTER, _EYE_INNER, _EYE_CENTRE = (0.132, 0.216), (0.345, 0.232), (0.235, 0.211)
_NOSE_BASE, _NOSE_TIP = (0.5, 0.628), (0.5, 0.516)


def _mirrored(point):
    return (1 - point[0], point[1])


_CORNERS = (_mirrored(_EYE_OUTER), _mirrored(_EYE_INNER), _EYE_OUTER, _EYE_INNER, _NOSE_BASE)
_CENTRES = (_EYE_CENTRE, _mirrored(_EYE_CENTRE), _NOSE_TIP)


@dataclass(frozen=True)
class Scheme:
    """What the points of one scheme are good for."""

    count: int
    fitted: tuple  # numbers of the points that a face is aligned by
    places: tuple  # where these lie in the square that the face fills


SCHEMES = {
    POINTS_68: Scheme(68, (45, 42, 36, 39, 33), _CORNERS),
    EYE_CORNERS: Scheme(5, (0, 1, 2, 3, 4), _CORNERS),
    EYE_CENTRES: Scheme(5, (0, 1, 2), _CENTRES),  # without the mouth
}


def scheme_named(name: str) -> Scheme:
    """Raises Refused that lists the known names: what points mean is never guessed from their number."""
    if name not in SCHEMES:
        raise Refused(f"landmarks of scheme {name!r}; known are {', '.join(map(repr, SCHEMES))}")
    return SCHEMES[name]


@dataclass(frozen=True, eq=False)
class Landmarks:
    """The points of one face. Raises Refused for an unknown scheme, or another number of points than it has."""

    points: np.ndarray  # (n, 2) float32, x and y in pixels of the image
    scheme: str  # one of SCHEMES

    def __post_init__(self):
        expected = (scheme_named(self.scheme).count, 2)
        if np.shape(self.points) != expected:
            raise Refused(f"landmarks of shape {np.shape(self.points)}; the scheme {self.scheme!r} has {expected}")

    def fitted(self) -> np.ndarray:
        """(m, 2) those of the points that the face is aligned by."""
        return self.points[list(SCHEMES[self.scheme].fitted)]
