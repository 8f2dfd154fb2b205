"""A table as `extract emotions` writes it, of faces that nobody has: moods that come and go."""

import csv

import numpy as np
from scipy.ndimage import gaussian_filter1d

from data.emotions import EMOTIONS

AXES = ("along_valence", "along_arousal", "along_anger")
CENTRES = np.random.default_rng(1).normal(size=(len(EMOTIONS), len(AXES)))
CENTRES[:, :2] = [[0, -0.8], [1.4, 0.4], [-1.2, -0.9], [0.3, 1.5], [-0.9, 1.1], [-1.3, 0.1], [-1.1, 0.8]]


def columns(axes=AXES):
    box = ("x", "y", "width", "height", "score")
    return ("path", "time", "face", "id", *box, "predicted", "probability", *EMOTIONS, *axes, "note", "toy")


def row(path="clip.mp4", time="", person="", mood=None, *, note="", toy=0, axes=AXES):
    """One row: `mood` are seven logits, or None where there is no face."""
    cells = dict.fromkeys(columns(axes), "")
    cells |= {"path": path, "time": time, "id": person, "note": note, "toy": toy}
    if mood is not None:
        share = np.exp(mood - np.max(mood))
        share /= share.sum()
        place = int(share.argmax())
        cells |= {"face": 0, "x": 10, "y": 10, "width": 90, "height": 90, "score": 0.9}
        cells |= {"predicted": EMOTIONS[place], "probability": f"{share[place]:.4f}"}
        cells |= {name: f"{value:.4f}" for name, value in zip(EMOTIONS, share)}
        cells |= {name: f"{value:.4f}" for name, value in zip(axes, share @ CENTRES[:, : len(axes)])}
    return cells


def moods(frames, random):
    """(frames, 7) logits: an emotion on top for 80 frames, the next one after it, and some noise."""
    top = np.repeat(random.integers(0, len(EMOTIONS), frames // 80 + 1), 80)[:frames]
    wanted = 3.5 * np.eye(len(EMOTIONS))[top]
    smooth = gaussian_filter1d(wanted, 6, axis=0, mode="nearest")
    return smooth + random.normal(0, 0.2, wanted.shape)


def video(random, *, path="clip.mp4", frames=300, persons=2, every=0.04, toy=0, axes=AXES):
    """Rows of a video in which each person is away now and then."""
    every_mood = [moods(frames, random) for _ in range(persons)]
    away = [(random.integers(frames), frames // 8) for _ in range(persons)]
    for frame in range(frames):
        time, seen = f"{frame * every:.3f}", 0
        for person in range(persons):
            start, length = away[person]
            if not start <= frame < start + length:
                seen += 1
                yield row(path, time, person, every_mood[person][frame], toy=toy, axes=axes)
        if not seen:
            yield row(path, time, note="no face", toy=toy, axes=axes)


def photographs(random, *, count=40, toy=0, axes=AXES):
    for number, mood in enumerate(random.normal(0, 1.6, (count, len(EMOTIONS))) + np.linspace(1, -1, len(EMOTIONS))):
        yield row(f"photos/{number}.jpg", mood=mood, toy=toy, axes=axes)
    yield row("photos/street.jpg", note="no face", toy=toy, axes=axes)
    yield row("photos/torn.jpg", note="cannot be read: ends early", toy=toy, axes=axes)


def write(path, rows):
    rows = list(rows)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path
