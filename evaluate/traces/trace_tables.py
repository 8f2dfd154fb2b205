"""What the figures of a trace show, in numbers: who is seen in a video and how, and what photographs hold."""

import numpy as np

from evaluate.representations import TOY
from evaluate.tables.table import Table
from evaluate.traces.over_time import clock
from evaluate.traces.persons import persons
from evaluate.traces.trace_table import Trace

MOST = 50  # persons that the table lists
COUNTED = ("Emotion", "Faces", "mean probability among these", "among all faces")


def persons_table(video: Trace, name: str) -> Table:
    """A line for each person, those seen longest first: the share of its frames in which each class is predicted."""
    everybody = persons(video)
    title = "Who is seen, the longest first, and the share of their faces predicted as each emotion, in percent"
    table = Table(name, TOY * video.toy + title, ("Person", "Frames", "From", "To", *video.classes))
    for person in everybody[:MOST]:
        shares = 100 * np.bincount(person.faces.predicted, minlength=len(video.classes)) / len(person.faces.time)
        ends = clock(person.faces.time[0]), clock(person.faces.time[-1])
        table.rows.append((person.label, f"{person.frames:,}", *ends, *(f"{share:.0f}" for share in shares)))
    if len(everybody) > MOST:
        table.notes.append(f"{len(everybody) - MOST:,} more persons are not listed")
    return table


def counts_table(photographs: Trace, name: str) -> Table:
    """A line for each class: how many faces are predicted so, and how probable it is among these and among all."""
    faces = photographs.faces()
    table = Table(name, TOY * photographs.toy + "What is predicted of how many faces", COUNTED)
    for place, emotion in enumerate(faces.classes):
        own, every = faces.probability[faces.predicted == place, place], faces.probability[:, place]
        table.rows.append(
            (emotion, f"{len(own):,}", *(f"{part.mean():.2f}" if len(part) else "" for part in (own, every)))
        )
    return table
