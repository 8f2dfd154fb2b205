"""The batches of a training in order: shuffled over the union of the domains, grouped by domain and class inside.

The order depends on the seed and the epoch alone; all heads share it, as the paper's runs differ in their
initialisation."""

import math
from collections.abc import Iterator

import numpy as np
import torch

from data.emotions import EMOTIONS
from embed.rows.corpus import Corpus, HeadInputs
from embed.rows.feature_store import RUN_ROWS
from embed.settings import HeadSettings

C = len(EMOTIONS)


class Batches:
    """Iterates over all Batch of a training; len() counts them."""

    def __init__(self, corpus: Corpus, settings: HeadSettings):
        self.corpus, self.settings = corpus, settings
        rows = len(corpus.emotion)
        self.size = settings.batch(rows)
        self.per_epoch = math.ceil(rows / self.size)
        self.epochs = max(settings.epochs, math.ceil(settings.steps / self.per_epoch))
        self.group = (corpus.domain.astype(np.int16) * C + corpus.emotion).astype(np.uint16)

    def __len__(self):
        return self.epochs * self.per_epoch

    def __iter__(self):
        for number in range(self.epochs):
            yield from self.epoch(number)

    def epoch(self, number: int) -> Iterator["Batch"]:
        """The batches of one epoch, with one view drawn for each row by (seed, epoch, row)."""
        generator = np.random.default_rng((self.settings.seed, number))
        rows, groups = len(self.group), len(self.corpus.names) * C
        order = shuffled(rows, self.settings.shuffled_rows, generator)
        view = generator.integers(0, self.corpus.views, rows, dtype=np.uint8)
        small = np.min_scalar_type(self.per_epoch * groups)  # of two bytes numpy sorts an order of magnitude faster
        key = np.repeat(np.arange(self.per_epoch, dtype=small) * small.type(groups), self.size)[:rows] + self.group[
            order
        ].astype(small)
        order = order[np.argsort(key, kind="stable")]
        counts = np.bincount(key, minlength=self.per_epoch * groups).reshape(-1, groups)
        ends = np.cumsum(counts.sum(1)).tolist()
        for own, found in zip(counts, self.corpus.batches(order, view[order], ends)):
            yield Batch(found, own, self.corpus.weights)


def shuffled(rows: int, pool: int, generator: np.random.Generator) -> np.ndarray:
    """A permutation of range(rows): of all at once up to `pool` rows, else of runs of neighbours, then of pools of
    runs.

    The rows of a pool lie in few places of the file, so that more rows than memory holds can be read in this order."""
    if rows <= pool:
        return generator.permutation(rows)
    runs = generator.permutation(math.ceil(rows / RUN_ROWS))
    mixed = (runs[:, None] * RUN_ROWS + np.arange(RUN_ROWS)).ravel()
    mixed = mixed[mixed < rows]
    return np.concatenate([generator.permutation(mixed[start : start + pool]) for start in range(0, rows, pool)])


class Batch:
    """Rows of one batch sorted by domain, then by class, so that whole slices share a classifier and a label.

    counts: (D * 7,) rows of each domain and class. weights: (D, 7) w_class w_dataset."""

    def __init__(self, rows: HeadInputs, counts: np.ndarray, weights: torch.Tensor):
        self.rows, self.counts = rows, counts
        self.ends = np.concatenate([[0], np.cumsum(counts)]).tolist()
        repeats = torch.from_numpy(counts).to(weights.device)
        self.weights = (
            torch.repeat_interleave(weights.flatten(), repeats, output_size=self.ends[-1]) / self.ends[-1]
        )  # ... / N of Eq. 1

    def emotion(self) -> torch.Tensor:
        """(n,) int64 class of every row."""
        classes = np.arange(len(self.counts)) % C
        return torch.from_numpy(np.repeat(classes, self.counts)).to(self.weights.device)

    def domain_spans(self) -> list:
        """(domain, start, end) of each domain's rows."""
        ends = self.ends[::C]
        return [(domain, start, end) for domain, (start, end) in enumerate(zip(ends, ends[1:])) if end > start]

    def class_spans(self, domain: int, low: int, high: int) -> list:
        """(class, first, last) of the rows of one domain that lie in low..high."""
        ends = self.ends[domain * C : (domain + 1) * C + 1]
        spans = (
            (emotion, max(first, low), min(last, high)) for emotion, (first, last) in enumerate(zip(ends, ends[1:]))
        )
        return [(emotion, first, last) for emotion, first, last in spans if first < last]
