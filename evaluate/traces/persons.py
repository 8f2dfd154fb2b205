"""Who is seen in a video, by the numbers that are kept over its frames, and how long."""

from dataclasses import dataclass

import numpy as np

from evaluate.traces.trace_table import NONE, Trace

MOST = 6  # that one figure shows


@dataclass(frozen=True)
class Person:
    """The faces of one person in one video, in order of time."""

    number: int  # NONE for faces that were not followed
    faces: Trace

    @property
    def label(self) -> str:
        """In print."""
        return "faces that were not followed" if self.number == NONE else f"person {self.number}"

    @property
    def frames(self) -> int:
        """In how many frames it is seen."""
        return len(np.unique(self.faces.time))


def persons(video: Trace) -> list[Person]:
    """Every Person of one video, those seen in most frames first."""
    faces = video.of((video.predicted != NONE) & np.isfinite(video.time))
    order = np.lexsort((faces.time, faces.person))
    numbers, starts = np.unique(faces.person[order], return_index=True)
    found = [
        Person(int(number), faces.of(rows)) for number, rows in zip(numbers, np.split(order, starts[1:])) if len(rows)
    ]
    return sorted(found, key=lambda person: -person.frames)  # sorted() keeps the order of their numbers
