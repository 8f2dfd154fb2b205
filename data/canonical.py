"""Canonical coordinates: the representation z by axes that runs share, so that their coordinates can be compared.

Training fixes z = A x + a only up to an invertible linear map and a shift, since the classifiers undo both (A to T A, B
to B T^-1). A Canonical holds the map that one stated rule takes: white over the training rows, then turned
(embed/heads/canonical_axes.py). It is kept beside the weights, which stay as they were trained, and so do predictions.

Axes: n rows, r dimensions of z."""

from dataclasses import dataclass

import numpy as np

ALONG = "along_{}"  # name of a coordinate, by what it follows
PREFIX = "canonical_"  # of its arrays in a results file


@dataclass
class Canonical:
    """T z + t and what its axes are. Where z begins with arousal-valence, these two stay as they are."""

    T: np.ndarray  # (r, r) float32
    t: np.ndarray  # (r,) float32
    axes: tuple  # names of the r coordinates
    range: np.ndarray | None = None  # (2, r) float32 lowest and highest canonical coordinates of the test rows

    def of(self, z: np.ndarray) -> np.ndarray:
        """(n, r) canonical coordinates of z (n, r)."""
        return z @ self.T.T + self.t

    def undone(self, coordinates: np.ndarray) -> np.ndarray:
        """(n, r) z of canonical coordinates (n, r)."""
        return np.linalg.solve(self.T, (coordinates - self.t).T).T

    def arrays(self) -> dict[str, np.ndarray]:
        """Its arrays by their names in a results file."""
        values = {"T": self.T, "t": self.t, "axes": np.array(self.axes, object), "range": self.range}
        return {PREFIX + name: array for name, array in values.items() if array is not None}


def taken_from(kept: dict[str, np.ndarray]) -> Canonical | None:
    """The Canonical whose arrays are among those kept of a head, which are taken out; None where there is none."""
    own = {name.removeprefix(PREFIX): kept.pop(name) for name in list(kept) if name.startswith(PREFIX)}
    return Canonical(own["T"], own["t"], tuple(own["axes"]), own.get("range")) if own else None
