"""Which crops a task can learn from: their places, labels and weights, and how an epoch is cut into batches."""

import numpy as np
import torch

from data.emotions import EMOTIONS
from data.runtime.failures import Refused


def usable(crops, task):
    """Positions of the rows that a task can learn from: one of the seven classes, and valid values for the
    regression."""
    labelled = crops.emotion >= 0
    if task == "valence-arousal" and len(crops):
        labelled = labelled & np.isfinite(crops.valence_arousal).all(1)
    return np.flatnonzero(labelled)


def rows_of(domains, task):
    """How many training rows of the domains a task can learn from."""
    return sum(len(usable(train, task)) for train, _ in domains.values())


def class_weights(emotion):
    """w_class of each class, N / (N_class * 7); 0 for a class without samples. emotion: (N,) of 0..6."""
    counts = np.bincount(emotion, minlength=len(EMOTIONS))
    return np.divide(len(emotion), counts * len(EMOTIONS), out=np.zeros(len(EMOTIONS)), where=counts > 0)


def batch_bounds(rows, batch):
    """List of (first, past the last) row of each batch.

    A last batch of one row joins the one before it: a single image, 1 x 1 in the last layers at 32 pixels, has no
    variance."""
    starts = list(range(0, rows, batch))
    if len(starts) > 1 and rows - starts[-1] == 1 < batch:
        starts.pop()
    return list(zip(starts, [*starts[1:], rows]))


class TrainingRows:
    """The training rows of several StoredCrops laid end to end. places: (N,) positions; labels: of every position."""

    def __init__(self, domains, task):
        """domains: dict name -> (train StoredCrops, test StoredCrops). Raises ValueError where nothing can be learned
        from."""
        self.parts = [train for train, _ in domains.values()]
        starts = np.cumsum([0, *map(len, self.parts)])
        self.places = np.concatenate([usable(part, task) + start for part, start in zip(self.parts, starts)])
        if not len(self.places):
            raise Refused(f"no row of {', '.join(domains)} can be trained on for {task}: labels are missing")
        # Each row has a label of both tasks or is not a training row, so what the empty ones hold is never looked at.
        if task == "valence-arousal":
            self.labels, self.weights = np.concatenate([part.valence_arousal for part in self.parts if len(part)]), None
        else:
            self.labels = np.concatenate([part.emotion for part in self.parts]).astype(np.int64)
            self.weights = class_weights(self.labels[self.places])

    def __len__(self):
        return len(self.places)

    def shuffled(self, seed):
        """(places (N,), labels (N,) or (N, 2) as a tensor) in a random order."""
        order = np.random.default_rng(seed).permutation(self.places)
        return order, torch.from_numpy(self.labels[order])
