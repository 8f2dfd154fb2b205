"""The steps of a video that a figure shows: its frames, or several together where there are more than can be seen."""

import math
from dataclasses import dataclass

import numpy as np

STEPS = 400  # about as many as a panel can show apart
HOLE = 5  # times the usual distance of frames: where they are farther apart, nothing is known in between
MOST_BLANK = 1000  # steps of a hole
ALONE = 1.0  # seconds that a single frame is drawn for


@dataclass(frozen=True)
class Timeline:
    """S steps of `frames` frames each; the time of step s runs from edges[s] to edges[s + 1]."""

    edges: np.ndarray  # (S + 1,) seconds
    frames: int

    def step_of(self, time: np.ndarray) -> np.ndarray:
        """(n,) the steps that times (n,) in seconds fall into."""
        return np.clip(np.searchsorted(self.edges, time, side="right") - 1, 0, len(self.edges) - 2)

    def means(self, time: np.ndarray, values: np.ndarray) -> np.ndarray:
        """(S, m) means over each step of values (n, m) at times (n,); NaN where there is none."""
        step, steps = self.step_of(time), len(self.edges) - 1
        counts = np.bincount(step, minlength=steps)
        sums = [np.bincount(step, column, steps) for column in values.T]
        with np.errstate(invalid="ignore"):
            return np.array(sums).reshape(-1, steps).T / counts[:, None]

    def most_frequent(self, time: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """(S,) the code (0, 1, ...) that most of the n times in a step have, the lowest of several; -1 without any."""
        counts = np.zeros((len(self.edges) - 1, codes.max(initial=0) + 1), int)
        np.add.at(counts, (self.step_of(time), codes), 1)
        return np.where(counts.any(1), counts.argmax(1), -1)


def timeline(time: np.ndarray, most: int = STEPS) -> Timeline:
    """The Timeline of a video whose frames have these times in seconds, repeated and in any order, in `most` steps
    or fewer."""
    frames = np.unique(time)
    gaps = np.diff(frames)
    usual = float(np.median(gaps)) if len(gaps) else ALONE
    blank = [_between(frames[place], frames[place + 1], usual) for place in np.flatnonzero(gaps > HOLE * usual)]
    frames = np.sort(np.concatenate([frames, *blank]))
    each = math.ceil(len(frames) / most)
    first, last = frames[each::each], frames[each - 1 : -1 : each]
    inner = (last + first) / 2
    return Timeline(np.concatenate([[frames[0] - usual / 2], inner, [frames[-1] + usual / 2]]), each)


def _between(start, end, usual):
    """Times without a frame that fill a hole."""
    return np.linspace(start + usual, end - usual, min(MOST_BLANK, round((end - start) / usual) - 1))
