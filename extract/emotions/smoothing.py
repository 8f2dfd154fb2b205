"""Exponential smoothing over time of what is said of each person in a video."""

import math

import numpy as np


class Smoothing:
    """A running mean in which a frame counts e times less for every `constant` seconds that it lies back; 0 for none.

    Probabilities stay such, being means of such."""

    def __init__(self, constant: float):
        self.constant = constant
        self._last = {}

    def smoothed(self, who: tuple, time: float | None, parts: tuple) -> tuple:
        """The arrays `parts` that were said of a person (path, number) at a time, smoothed with what was said before.

        A photograph, which has no time, stays as it is. Of another video than before, nothing is kept."""
        if not self.constant or time is None:
            return parts
        if self._last and next(iter(self._last))[0] != who[0]:
            self._last = {}
        before, earlier = self._last.get(who, (math.inf, ()))
        if before <= time:  # a video that is named twice begins again
            new = 1 - math.exp(-(time - before) / self.constant)
            parts = tuple(np.asarray(old + new * (own - old)) for old, own in zip(earlier, parts))
        self._last[who] = time, parts
        return parts
