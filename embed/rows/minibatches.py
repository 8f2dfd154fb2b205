"""The batches of a training in order: shuffled over the union of the domains, grouped by domain and class inside.

The order depends on the seed and the epoch alone; all heads share it, as the paper's runs differ in their
initialisation."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from data.runtime.transfers import to_device
from embed.rows.corpus import Corpus, HeadInputs
from embed.rows.feature_store import RUN_ROWS, Order
from embed.settings import HeadSettings

KEPT_BYTES = 2**28  # of the orders of all epochs; 20 of the paper's rows are half of it


@dataclass(frozen=True)
class EpochOrder:
    """All rows in the order of one epoch."""

    rows: Order
    group: torch.Tensor  # (N,) int64 domain x C + class of each, on the device
    counts: np.ndarray  # (batches, D * C) rows of each group

    @property
    def bytes(self) -> int:
        return self.rows.places.nbytes + 16 * len(self.group)


class Batches:
    """Iterates over all Batch of a training; len() counts them. Whoever trains several blocks on the same rows keeps
    it: the orders of the epochs are then made once."""

    def __init__(self, corpus: Corpus, settings: HeadSettings):
        self.corpus, self.settings = corpus, settings
        rows, C = len(corpus.emotion), len(corpus.classes)
        small = np.min_scalar_type(len(corpus.names) * C)
        self.size = settings.batch(rows)
        self.per_epoch = math.ceil(rows / self.size)
        self.epochs = max(settings.epochs, math.ceil(settings.steps / self.per_epoch))
        self.group = (corpus.domain.astype(np.int32) * C + corpus.emotion).astype(small)
        self.kept = {}  # number of an epoch -> EpochOrder

    def __len__(self):
        return self.epochs * self.per_epoch

    def __iter__(self):
        for number in range(self.epochs):
            yield from self.epoch(number)

    def epoch(self, number: int) -> Iterator["Batch"]:
        """The batches of one epoch."""
        order = self._order(number)
        ends = order.rows.ends
        for start, end, counts, rows in zip([0, *ends], ends, order.counts, self.corpus.batches(order.rows)):
            yield Batch(rows, counts, order.group[start:end], self.corpus.weights)

    def _order(self, number):
        if number in self.kept:
            return self.kept[number]
        order = self._drawn(number)
        if order.bytes * (len(self.kept) + 1) <= KEPT_BYTES:
            self.kept[number] = order
        return order

    def _drawn(self, number):
        """The EpochOrder by (seed, epoch): a view for each row by (seed, epoch, row)."""
        generator = np.random.default_rng((self.settings.seed, number))
        rows, groups = len(self.group), len(self.corpus.names) * len(self.corpus.classes)
        order = shuffled(rows, self.settings.shuffled_rows, generator)
        view = generator.integers(0, self.corpus.views, rows, dtype=np.uint8)
        small = np.min_scalar_type(self.per_epoch * groups)  # of two bytes numpy sorts an order of magnitude faster
        key = np.repeat(np.arange(self.per_epoch, dtype=small) * small.type(groups), self.size)[:rows] + self.group[
            order
        ].astype(small)
        order = order[np.argsort(key, kind="stable")]
        counts = np.bincount(key, minlength=self.per_epoch * groups).reshape(-1, groups)
        group = to_device(self.group[order].astype(np.int64), self.corpus.device)
        return EpochOrder(self.corpus.order(order, view[order], np.cumsum(counts.sum(1)).tolist()), group, counts)


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
    """Rows of one batch sorted by domain, so that whole slices share a classifier, and by class.

    counts: (D * C,) rows of each domain and class. group: (n,) domain x C + class of each row. weights: (D, C) w_class
    w_dataset."""

    def __init__(self, rows: HeadInputs, counts: np.ndarray, group: torch.Tensor, weights: torch.Tensor):
        self.rows, self.counts, self.group, self.classes = rows, counts, group, weights.shape[1]
        self.ends = np.concatenate([[0], np.cumsum(counts)]).tolist()
        self.weights = weights.flatten().index_select(0, group) / len(group)  # ... / N of Eq. 1

    def emotion(self) -> torch.Tensor:
        """(n,) int64 class of every row."""
        return self.group % self.classes

    @cached_property
    def labels(self) -> torch.Tensor:
        """(C, n) bool: which class a row has."""
        return self.emotion() == torch.arange(self.classes, device=self.group.device)[:, None]

    def domain_spans(self) -> list:
        """(domain, start, end) of each domain's rows."""
        ends = self.ends[:: self.classes]
        return [(domain, start, end) for domain, (start, end) in enumerate(zip(ends, ends[1:])) if end > start]
