"""Which crops a task can learn from: their places, labels and weights, and how an epoch is cut into batches."""

import numpy as np
import torch

from data.emotions import EMOTIONS
from data.runtime.failures import Refused
from extract.crops.hold_out import set_aside
from extract.crops.stored import StoredCrops


def usable(crops: StoredCrops, task: str) -> np.ndarray:
    """Positions of the rows that a task can learn from.

    These have one of the seven classes and, for the regression, a finite valence and arousal too."""
    labelled = crops.emotion >= 0
    if task == "valence-arousal" and len(crops):
        labelled = labelled & np.isfinite(crops.valence_arousal).all(1)
    return np.flatnonzero(labelled)


def training_places(crops: StoredCrops, task: str, hold_out: float) -> np.ndarray:
    """Positions of the rows that a task learns from: those usable, without those held out."""
    return np.setdiff1d(usable(crops, task), np.flatnonzero(set_aside(crops, hold_out)))


def class_weights(emotion: np.ndarray) -> np.ndarray:
    """w_class of each class, N / (N_class * 7); 0 for a class without samples. emotion: (N,) of 0..6."""
    counts = np.bincount(emotion, minlength=len(EMOTIONS))
    return np.divide(len(emotion), counts * len(EMOTIONS), out=np.zeros(len(EMOTIONS)), where=counts > 0)


def batch_bounds(rows: int, batch: int) -> list[tuple[int, int]]:
    """List of (first, past the last) row of each batch.

    A last batch of one row joins the one before it: the values of a single image have no variance where the last
    layers see it as 1 x 1, at 32 pixels."""
    starts = list(range(0, rows, batch))
    if batch > 1 and len(starts) > 1 and rows - starts[-1] == 1:
        starts.pop()
    ends = [*starts[1:], rows]
    return list(zip(starts, ends))


def rows_of(domains: dict, task: str, hold_out: float) -> int:
    """How many training rows of the domains a task learns from."""
    return sum(len(training_places(train, task, hold_out)) for train, _ in domains.values())


class TrainingRows:
    """The training rows of several StoredCrops laid end to end. places: (N,) positions; labels: of every position."""

    def __init__(self, domains: dict, task: str, hold_out: float = 0.0):
        """domains: dict name -> (train StoredCrops, test StoredCrops); hold_out: the share of rows to leave out.

        Raises Refused where no row has the labels of the task."""
        self.parts = [train for train, _ in domains.values()]
        starts = np.cumsum([0, *map(len, self.parts)])
        own = [training_places(part, task, hold_out) for part in self.parts]
        self.places = np.concatenate([places + start for places, start in zip(own, starts)])
        if not len(self.places):
            raise Refused(f"no row of {', '.join(domains)} can be trained on for {task}: labels are missing")
        if len(self.places) == 1:
            raise Refused(
                f"one row of {', '.join(domains)} can be trained on for {task}; batch normalisation needs two images "
                "in every batch, so list more"
            )
        # The labels of every position, also of those that are not among the places: these are never looked at.
        if task == "valence-arousal":
            self.labels = np.concatenate([part.valence_arousal for part in self.parts if len(part)])
            self.weights = None
        else:
            self.labels = np.concatenate([part.emotion for part in self.parts]).astype(np.int64)
            self.weights = class_weights(self.labels[self.places])

    def __len__(self):
        return len(self.places)

    def shuffled(self, seed: int | tuple) -> tuple[np.ndarray, torch.Tensor]:
        """(places (N,), labels (N,) or (N, 2) as a tensor) in a random order."""
        order = np.random.default_rng(seed).permutation(self.places)
        return order, torch.from_numpy(self.labels[order])
