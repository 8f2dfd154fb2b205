"""Rows that somebody has in memory, as the trainer takes them: the Corpus that feature caches of the same rows would
give, to the bit."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from embed.rows.corpus import Corpus, scaling_of
from embed.rows.feature_store import PIECE_ROWS, Resident
from embed.rows.loss_weights import sample_weights


@dataclass(frozen=True)
class GivenRows:
    """N rows of D domains. Domains and classes are numbered, and named for messages and for canonical axes."""

    x: np.ndarray  # (N, F) float32
    emotion: np.ndarray  # (N,) int64
    domain: np.ndarray  # (N,) int64
    v: np.ndarray | None  # (N, 2) valence and arousal; None where there are none
    names: tuple  # of the domains
    classes: tuple  # names

    def __len__(self):
        return len(self.x)

    def at(self, rows: np.ndarray) -> "GivenRows":
        """Some of the rows, by a mask or by places."""
        v = None if self.v is None else self.v[rows]
        return GivenRows(self.x[rows], self.emotion[rows], self.domain[rows], v, self.names, self.classes)

    def by_domain(self) -> "GivenRows":
        """The rows of each domain together, as the trainer needs them."""
        return self.at(np.argsort(self.domain, kind="stable"))

    def has_arousal_valence(self) -> bool:
        """Whether heads can stand on it: it is known of every row."""
        return self.v is not None and bool(np.isfinite(self.v).all())


def corpus_of(train: GivenRows, test: GivenRows | None = None, *, scaling: str, device: torch.device) -> Corpus:
    """The Corpus of training rows that lie by_domain, and test sets of those domains that have test rows."""
    standing = train.has_arousal_valence()
    values = _values(train, standing)
    scaled = scaling_of(_pieces(train), values, scaling, train.x.shape[1])
    corpus = Corpus(
        names=train.names,
        store=Resident(torch.from_numpy(train.x).to(device), 1),
        position=np.arange(len(train)),
        v=scaled.arousal_valence(values, torch.float32)[:, None].to(device),
        emotion=train.emotion,
        domain=train.domain,
        weights=torch.from_numpy(sample_weights(train.emotion, train.domain, len(train.classes))).to(device).float(),
        scaling=scaled,
        tests={},
        device=device,
        classes=train.classes,
        followed=train.v if train.v is not None and np.isfinite(train.v).any() else None,
    )
    for number, name in enumerate(train.names) if test is not None else ():
        own = test.at(test.domain == number)
        if len(own):
            v = scaled.arousal_valence(_values(own, standing), torch.float32)
            corpus.tests[name] = corpus.rows(torch.from_numpy(own.x), v), own.emotion, np.arange(len(own))
    return corpus


def _values(rows, standing):
    return rows.v.astype(np.float32) if standing else np.zeros((len(rows), 2), np.float32)


def _pieces(rows) -> Iterator[torch.Tensor]:
    """(n, 1, F) pieces of one domain each, as they are read from caches."""
    for number in range(len(rows.names)):
        own = rows.x[rows.domain == number]
        for low in range(0, len(own), PIECE_ROWS):
            yield torch.from_numpy(own[low : low + PIECE_ROWS])[:, None]
