"""Trains what results/runs.h5 does not hold yet, block by block, and publishes it after each."""

import contextlib
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from data.emotions import EMOTIONS
from data.files.cache import FEATURE_SIZE
from data.files.lock import lock
from data.files.provenance import code_version, versions
from data.files.publish import refuse_difference
from data.files.runs import Runs, TestSet, read_runs, write_runs
from data.runtime.device import threads_for
from data.runtime.progress import Silent
from data.runtime.ranks import Ranks
from embed.heads.scoring import outcomes
from embed.heads.stacked_training import Trainer
from embed.plan import ANNOTATED, blocks
from embed.rows import feature_store
from embed.rows.corpus import annotated_domain, assemble, assemble_annotated
from embed.rows.feature_caches import read_cache, refuse_misfit
from embed.rows.minibatches import Batches

C = len(EMOTIONS)
NO_AROUSAL_VALENCE = {"av": "no predicted arousal-valence", ANNOTATED: "no annotated arousal-valence"}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """What a call asks for, beside the settings that change a head."""

    sizes: list
    families: list
    runs: int
    keep_weights: bool = False  # of every head, not of the small ones alone


@dataclass(frozen=True)
class Place:
    """Where it is computed, and what may be taken there."""

    device: torch.device = torch.device("cpu")
    memory: int | None = None  # bytes of features; None for all they need
    threads: int | None = None  # at most so many for a step; None leaves torch's number alone
    ranks: Ranks = Ranks()


def sweep(paths, results, request, settings, *, place=Place(), progress=Silent()):
    """Train every head that `results` does not hold yet, publishing it after each block.

    Returns the Runs and the Work done. paths: feature caches, one per domain. Raises ValueError for caches that do not
    fit, data.files.publish.Mismatch for a results file of other settings or caches, Busy where another sweep writes
    it."""
    ranks = place.ranks
    caches = ranks.together(lambda: _read(paths))
    fresh = _fresh(caches, settings)
    plan = blocks(
        request.sizes,
        request.families,
        request.runs,
        predicts=_predicts(caches),
        annotated=annotated_domain(caches) is not None,
    )
    with contextlib.ExitStack() as stack:
        found = ranks.together(lambda: _open(stack, Path(results), fresh) if ranks.first else fresh)
        todo = ranks.tell([block for block in plan if not all(_done(found, head, request) for head in block)])
        if ranks.first:
            _say_gaps(caches, request)
        trained = _Sweep(caches, settings, request, place, found)
        if todo:
            ranks.together(trained.load)
            trained.run(todo, results, progress)
    return found, trained.work


def _read(paths):
    # by size, then by name: the order of classifiers and test sets must not depend on the order of the call
    caches = sorted(map(read_cache, paths), key=lambda cache: (-len(cache.train), cache.name))
    refuse_misfit(caches)
    return caches


def _fresh(caches, settings):
    """The Runs of these caches without any head."""
    tests = {
        cache.name: TestSet(
            cache.test.emotion.astype(np.int8), cache.test.row, cache.test.status_counts, cache.test.paths
        )
        for cache in caches
    }
    return Runs(
        identity=identity(caches, settings),
        classifiers=tuple(cache.name for cache in caches),
        tests=tests,
        toy=caches[0].toy,
        provenance=provenance(caches),
    )


def _open(stack, results, fresh):
    """The Runs at `results`, which this process holds until the stack is left."""
    stack.enter_context(lock(results))
    if not results.exists():
        return fresh
    found = read_runs(results)
    refuse_difference(
        results, found.identity, fresh.identity, advice="name another file with --results results/OTHER.h5"
    )
    return found


def _predicts(caches):
    return all(cache.train.predicted is not None for cache in caches)


def _done(found, head, request):
    outcome = found.outcomes.get(head)
    return outcome is not None and bool(outcome.weights or outcome.failure or not request.keep_weights)


def identity(caches, settings):
    """What must agree before heads join a results file."""
    return {**asdict(settings), "caches": [[cache.name, cache.digest] for cache in caches]}


def provenance(caches):
    gaps = {"av": _predicts(caches), ANNOTATED: annotated_domain(caches) is not None}
    return {
        "pretraining": list(caches[0].provenance["emotion"]["domains"]),
        "training_rows": {cache.name: len(cache.train) for cache in caches},
        "left_out": {family: NO_AROUSAL_VALENCE[family] for family, there in gaps.items() if not there},
        "annotated_domain": getattr(annotated_domain(caches), "name", None),
        "image_size": caches[0].header["image_size"],
        "features": {cache.name: cache.header for cache in caches},
        "code_version": code_version(),
        "versions": versions(),
        "threads": torch.get_num_threads(),
    }


def _say_gaps(caches, request):
    if not _predicts(caches):
        log.warning("the av families are left out: %s in every cache", NO_AROUSAL_VALENCE["av"])
    if ANNOTATED in request.families and annotated_domain(caches) is None:
        log.warning("%s is left out: %s in both splits of any cache", ANNOTATED, NO_AROUSAL_VALENCE[ANNOTATED])
    for cache in caches:
        for split, part in (("training", cache.train), ("test", cache.test)):
            absent = sorted(set(range(C)) - set(part.emotion.tolist()))
            if absent:
                log.warning("%s has no %s row of %s", cache.name, split, ", ".join(EMOTIONS[index] for index in absent))


@dataclass
class Work:
    """What was done: heads, and useful arithmetic, 4 x rows x 512 x 7 x epochs for each head whatever its k."""

    heads: float = 0
    flop: float = 0


class _Sweep:
    """The training rows, once loaded, and the blocks of heads that are trained on them."""

    def __init__(self, caches, settings, request, place, found):
        self.caches, self.settings, self.request, self.place, self.found = caches, settings, request, place, found
        self.corpora, self.work = {}, Work()

    def load(self):
        parts = [cache.train for cache in self.caches]
        memory = float("inf") if self.place.memory is None else self.place.memory
        self.store = feature_store.store(parts, memory=memory, device=self.place.device)
        if isinstance(self.store, feature_store.OnDisk) and self.place.ranks.first:
            size = sum(map(len, parts)) * feature_store.row_bytes(parts)
            log.info(
                "features of %.3g GiB are read from disk in every epoch: they may take %.3g GiB of memory (--memory)",
                size / 2**30,
                memory / 2**30,
            )

    def run(self, todo, results, progress):
        """Rounds of as many blocks as there are processes; the first process publishes each round."""
        ranks = self.place.ranks
        progress.begin(sum(map(len, todo)))
        for start in range(0, len(todo), ranks.world):
            blocks_now = todo[start : start + ranks.world]
            made = ranks.together(
                lambda: [self._train(block, blocks_now, progress) for block in blocks_now[ranks.rank : ranks.rank + 1]]
            )
            self._keep(outcome for one in ranks.gather(made) for block in one for outcome in block.items())
            ranks.together(lambda: write_runs(results, self.found) if ranks.first else None)

    def _keep(self, made):
        for head, outcome in made:
            if not _done(self.found, head, self.request):
                self.found.outcomes[head] = outcome

    def _train(self, block, blocks_now, progress):
        """Dict Head -> HeadOutcome of one block. What the processes do at the same time is reported by each as if it
        were its own."""
        corpus = self._corpus(block)
        batches, heads = Batches(corpus, self.settings), sum(map(len, blocks_now))
        flop = 4 * len(corpus.emotion) * FEATURE_SIZE * C * batches.epochs * heads
        if self.place.threads:
            torch.set_num_threads(threads_for(4 * batches.size * FEATURE_SIZE * C * len(block), self.place.threads))

        def after_a_step():
            self.work.heads += heads / len(batches)
            self.work.flop += flop / len(batches)
            progress.advance(heads / len(batches))

        return train_block(corpus, block, self.settings, self.found, self.request.keep_weights, after_a_step)

    def _corpus(self, block):
        """The Corpus that a block is trained on; a block is either all av-true or holds none."""
        annotated = block[0].family == ANNOTATED
        if annotated not in self.corpora:
            make = assemble_annotated if annotated else assemble
            self.corpora[annotated] = make(
                self.caches, self.store, scaling=self.settings.scaling, device=self.place.device
            )
        return self.corpora[annotated]


def train_block(corpus, block, settings, found, keep_weights, progress):
    """Dict Head -> HeadOutcome of heads that are trained together, scored as the Runs `found` lays it down."""
    trainer = Trainer(corpus, block, settings)
    trainer.train(progress)
    return outcomes(corpus, trainer.factors, settings, found, keep_weights=keep_weights)
