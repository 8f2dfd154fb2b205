"""Trains what results/runs.h5 does not hold yet, block by block, and publishes it after each."""

import contextlib
import logging
import math
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from data.files.lock import lock
from data.files.publish import refuse_difference
from data.files.runs import Head, read_runs, write_runs
from data.heads import ANNOTATED, PREDICTED, family_named
from data.runtime.failures import Refused
from data.runtime.progress import Silent
from data.runtime.ranks import Ranks
from embed.fresh_runs import arousal_valence, fresh_runs, say_gaps
from embed.heads.joined_blocks import KEPT, joined
from embed.heads.trainers import flop_a_row, train_block
from embed.plan import blocks
from embed.rows import feature_store
from embed.rows.corpus import assemble, assemble_annotated
from embed.rows.feature_caches import read_cache, refuse_copies, refuse_misfit
from embed.rows.minibatches import Batches
from embed.settings import UNSAID, HeadSettings
from embed.sizes import logarithmic
from embed.strength import choose

WRITING = 20  # times as long as writing the results takes, they may wait to be written

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """What a call asks for, beside the settings that change a head."""

    sizes: list | None  # k; None for the logarithmic grid up to the dimensions of the features
    families: list  # names
    runs: int
    keep_weights: bool = False  # of every head, not of the small ones alone
    only: tuple | None = None  # (family, k) of the heads to be trained, of those that a sweep trains; None for all
    choose_penalty: bool = False  # by rows held out, or as in the file there is; else as the settings say

    def wants(self, head: Head) -> bool:
        """Whether a head that a sweep trains is asked for."""
        return self.only is None or (head.family, head.k) in self.only


@dataclass(frozen=True)
class Place:
    """Where it is computed, and what may be taken there."""

    device: torch.device = torch.device("cpu")
    memory: int | None = None  # bytes of features; None for all they need
    threads: int | None = None  # at most so many for a step; None leaves torch's number alone
    ranks: Ranks = Ranks()

    @property
    def most_memory(self) -> float:
        """Bytes of features, without a bound where None was set."""
        return float("inf") if self.memory is None else self.memory


def sweep(
    paths: list[Path],
    results: Path,
    request: Request,
    settings: HeadSettings,
    *,
    place: Place = Place(),
    progress: Silent = Silent(),
) -> tuple:
    """Train every head that `results` does not hold yet, publishing it after each block.

    Returns the Runs and the Work done. paths: feature caches, one per domain. Raises ValueError for caches that do not
    fit, data.files.publish.Mismatch for a results file of other settings or caches, Busy where another sweep writes
    it."""
    ranks = place.ranks
    caches = ranks.together(lambda: _read(paths))
    there = arousal_valence(caches)
    sizes = ranks.together(lambda: _sizes(request, caches))
    plan = blocks(sizes, request.families, request.runs, predicts=there[PREDICTED], annotated=there[ANNOTATED])
    with contextlib.ExitStack() as stack:
        earlier = ranks.together(lambda: _earlier(stack, Path(results)) if ranks.first else None)
        penalty = ranks.on_first(lambda: _penalty(earlier, caches, settings, request, place))
        settings = replace(settings, penalty=penalty["strength"])
        found = ranks.together(lambda: _agreed(results, earlier, fresh_runs(caches, settings, penalty)))
        ranks.together(lambda: refuse_copies(caches))  # after what a file of other caches has to say
        wanted = [[head for head in block if request.wants(head)] for block in plan]
        todo = ranks.tell([block for block in wanted if not all(_done(found, head, request) for head in block)])
        if ranks.first:
            say_gaps(caches, request.families)
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


def _earlier(stack, results):
    """The Runs at `results`, where there are any; this process holds the file until the stack is left."""
    stack.enter_context(lock(results))
    return read_runs(results) if results.exists() else None


def _penalty(earlier, caches, settings, request, place):
    """What is said of the penalty: its strength, and what it was chosen by."""
    if not request.choose_penalty:
        return {"strength": settings.penalty, "by": "the call"}
    if earlier is not None:
        return {"strength": earlier.identity.get("penalty", 0.0), "by": "the heads there are"}
    refuse_copies(caches)
    return choose(caches, settings, memory=place.most_memory, device=place.device)


def _agreed(results, earlier, fresh):
    """The Runs to add heads to. Raises Mismatch."""
    if earlier is None:
        return fresh
    found, asked = ({**UNSAID, **each.identity} for each in (earlier, fresh))
    refuse_difference(results, found, asked, advice="name another file with --results results/OTHER.h5")
    return earlier


def _sizes(request, caches):
    features = caches[0].train.feature_size
    sizes = logarithmic(1, features) if request.sizes is None else request.sizes
    if max(sizes, default=0) > features:
        raise Refused(
            f"k = {max(sizes)} is more than the {features} dimensions of the features of {caches[0].name}; more cannot "
            f"hold more, ask for --k up to {features}"
        )
    return sizes


def _done(found, head, request):
    outcome = found.outcomes.get(head)
    return outcome is not None and bool(outcome.weights or outcome.failure or not request.keep_weights)


@dataclass
class Work:
    """What was done: heads, and useful arithmetic, 4 x rows x F x C x epochs for each head whatever its k."""

    heads: float = 0
    flop: float = 0


class _Sweep:
    """The training rows, once loaded, and the blocks of heads that are trained on them."""

    def __init__(self, caches, settings, request, place, found):
        self.caches, self.settings, self.request, self.place, self.found = caches, settings, request, place, found
        self.batches, self.work = {}, Work()
        self.unwritten, self.written, self.took = False, -math.inf, 0.0  # when it was written, and how long it took

    def load(self):
        parts = [cache.train for cache in self.caches]
        memory = self.place.most_memory
        self.store = feature_store.store(parts, memory=memory, device=self.place.device)
        if isinstance(self.store, feature_store.OnDisk) and self.place.ranks.first:
            size = sum(map(len, parts)) * feature_store.row_bytes(parts)
            log.info(
                "features of %.3g GiB are read from disk in every epoch: they may take %.3g GiB of memory (--memory)",
                size / 2**30,
                memory / 2**30,
            )

    def run(self, todo, results, progress):
        """Rounds of as many blocks as there are processes; the first process publishes what they made."""
        ranks, todo = self.place.ranks, self._joined(todo)
        progress.begin(sum(map(len, todo)))
        try:
            for start in range(0, len(todo), ranks.world):
                blocks_now = todo[start : start + ranks.world]
                own = blocks_now[ranks.rank : ranks.rank + 1]
                made = ranks.together(lambda: [self._train(block, blocks_now, progress) for block in own])
                self._keep(outcome for one in ranks.gather(made) for block in one for outcome in block.items())
                ranks.together(lambda: self._publish(results, last=start + ranks.world >= len(todo)))
        except BaseException:
            self._publish(results, last=True)
            raise

    def _joined(self, todo):
        """On a GPU, larger blocks: as many heads as its free memory holds."""
        device = self.place.device
        if device.type != "cuda":
            return todo
        room = KEPT * torch.cuda.mem_get_info(device)[0]
        first = self.caches[0]
        shape = {"features": first.train.feature_size, "classes": len(first.classes), "domains": len(self.caches)}
        return self.place.ranks.tell(joined(todo, room, parts=self.place.ranks.world, **shape))

    def _publish(self, results, *, last):
        """Write what there is, unless it was written a moment ago: a file of many heads takes a while."""
        begun = time.monotonic()
        if self.unwritten and (last or begun - self.written > WRITING * self.took):
            write_runs(results, self.found)
            self.unwritten, self.written = False, time.monotonic()
            self.took = self.written - begun

    def _keep(self, made):
        for head, outcome in made:
            if not _done(self.found, head, self.request):
                self.found.outcomes[head] = outcome
                self.unwritten = True  # on the first process, which alone is given what all have made

    def _train(self, block, blocks_now, progress):
        """Dict Head -> HeadOutcome of one block. What the processes do at the same time is reported by each as if it
        were its own."""
        batches, heads = self._batches(block), sum(map(len, blocks_now))
        flop = flop_a_row(batches.corpus) * len(batches.corpus.emotion) * batches.epochs * heads

        def after_a_step():
            self.work.heads += heads / len(batches)
            self.work.flop += flop / len(batches)
            progress.advance(heads / len(batches))

        scored_as = {"found": self.found, "keep_weights": self.request.keep_weights}
        return train_block(batches, block, **scored_as, threads=self.place.threads, progress=after_a_step)

    def _batches(self, block):
        """The Batches that a block is trained on: all its heads stand on annotated arousal-valence, or none."""
        annotated = family_named(block[0].family).arousal_valence == ANNOTATED
        if annotated not in self.batches:
            make = assemble_annotated if annotated else assemble
            how = {"scaling": self.settings.scaling, "weighted": self.settings.class_weights}
            corpus = make(self.caches, self.store, **how, device=self.place.device)
            self.batches[annotated] = Batches(corpus, self.settings)
        return self.batches[annotated]
