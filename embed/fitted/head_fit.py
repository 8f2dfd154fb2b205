"""Heads trained on rows in memory, as `embed sweep` trains them on feature caches."""

import contextlib
from dataclasses import dataclass, replace

import numpy as np
import torch

from data.files.runs import Head, HeadOutcome, Runs
from data.heads import ANNOTATED, family_named
from data.runtime.device import choose_device, own_threads, refuse_precision
from data.runtime.failures import Refused
from embed.heads.trainers import train_block
from embed.plan import blocks
from embed.rows.choosing_rows import FEWEST
from embed.rows.given_rows import GivenRows, corpus_of
from embed.rows.minibatches import Batches
from embed.settings import HeadSettings
from embed.strength import STATED, chosen_of, trials


@dataclass(frozen=True)
class HeadFit:
    """What was trained, and the strength of its penalty."""

    outcomes: dict[Head, HeadOutcome]
    penalty: float


def fit_heads(
    rows: GivenRows,
    held_out: np.ndarray | None,
    wanted: dict[str, list[int]],
    runs: int,
    settings: HeadSettings,
    *,
    penalty: float | None,
    device: str | None,
) -> HeadFit:
    """Train `runs` initialisations of every family and k wanted, with the weights of all kept.

    They are trained in the blocks of a sweep of the same k, families and runs, and so equal its heads to the bit.
    held_out: (N,) bool; where penalty is None, at least FEWEST such rows choose it as in a sweep. Raises Refused for
    rows that cannot be trained on."""
    device = choose_device(device)
    refuse_precision(settings.precision, device)
    with _threads_put_back():
        if penalty is None:
            penalty = _chosen(rows, held_out, settings, device)
        settings = replace(settings, penalty=penalty)
        batches = Batches(corpus_of(rows.by_domain(), scaling=settings.scaling, device=device), settings)
        outcomes = {}
        for block in _blocks(rows, wanted, runs):
            found = Runs({}, rows.names, {}, toy=False, provenance={}, classes=rows.classes)
            outcomes |= train_block(batches, block, found=found, keep_weights=True, threads=own_threads())
    return HeadFit(outcomes, penalty)


def _blocks(rows, wanted, runs):
    """The blocks of a sweep that have heads which are wanted."""
    sizes = sorted({k for own in wanted.values() for k in own})
    there = rows.has_arousal_valence()
    annotated = any(family_named(name).arousal_valence == ANNOTATED for name in wanted)
    plan = blocks(sizes, wanted, runs, predicts=there, annotated=there and annotated)
    return [block for block in plan if any(head.k in wanted.get(head.family, ()) for head in block)]


def _chosen(rows, held_out, settings, device):
    if held_out is None or held_out.sum() < FEWEST:
        return STATED
    train = rows.at(~held_out).by_domain()
    for number, name in enumerate(rows.names):
        if not (train.domain == number).any():
            raise Refused(f"held_out leaves no training row of the domain {name}")
    corpus = corpus_of(train, rows.at(held_out), scaling=settings.scaling, device=device)
    found = trials(corpus, list(corpus.tests), settings, predicts=rows.has_arousal_valence())
    return chosen_of(list(found))[0]


@contextlib.contextmanager
def _threads_put_back():
    """Training sets torch's number of threads, which belongs to the program that calls."""
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)
