"""The stacked trainer: all heads of a block in one wide product forward and one backward over each batch.

Beyond the wide product little is done per sample and head but the softmax, so k costs next to nothing. Losses of heads
are summed, never averaged: Adam is elementwise, so each head moves as if it were trained alone."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch

from data.files.runs import Head
from data.runtime.device import own_threads
from embed.heads.products import Product, Thin, Wide
from embed.heads.stacks import Factors, stacks_of
from embed.heads.trained_stacks import TrainedStack
from embed.rows.corpus import Corpus
from embed.rows.minibatches import Batch, Batches
from embed.settings import HeadSettings, decay

# Elements of a stack's A on a CPU: it is used three times in a step, the second and third time from the cache.
CACHE_ROOM = 2**20
MOST_ROOM = 2**30  # on a GPU, where few large calls are best
COMPUTE = {"bfloat16": torch.bfloat16}  # of the wide products; else as the corpus


class Trainer:
    """Trains a list of heads, all of families without a module of their own."""

    def __init__(self, corpus: Corpus, heads: list[Head], settings: HeadSettings):
        self.corpus, self.settings = corpus, settings
        self.D, self.compute = len(corpus.names), COMPUTE.get(settings.precision, corpus.dtype)
        room = CACHE_ROOM if corpus.device.type == "cpu" else MOST_ROOM
        self.factors = self._factors(stacks_of(heads, room, features=corpus.feature_size, classes=len(corpus.classes)))
        with ThreadPoolExecutor(own_threads()) as pool:
            for own in self.factors:
                own.initialise(settings.seed, pool)
        wide = [own for own in self.factors if not own.stack.thin]
        thin = [Thin(own) for own in self.factors if own.stack.thin]
        like = torch.empty(0, dtype=corpus.dtype, device=corpus.device)
        self.products = [Product([Wide(wide, self.D)], copies=self.D, like=like, compute=self.compute)] if wide else []
        self.products += [Product(thin, copies=1, like=like, compute=self.compute)] if thin else []
        self.groups = [group for product in self.products for group in product.groups]

    def _factors(self, stacks):
        """Wide stacks are stepped one after the other, so one piece of memory serves the gradients of all."""
        sizes = [Factors.size(stack, self.D) for stack in stacks]
        new = lambda size: torch.zeros(size, dtype=self.corpus.dtype, device=self.corpus.device)
        shared = new(max([size for stack, size in zip(stacks, sizes) if not stack.thin], default=0))
        return [
            Factors(stack, self.D, gradient=new(size) if stack.thin else shared) for stack, size in zip(stacks, sizes)
        ]

    def train(self, progress: Callable = lambda: None, batches: Batches | None = None) -> None:
        """Run all steps; progress() after each. batches: of the same corpus, where they are there."""
        batches = batches or Batches(self.corpus, self.settings)
        self.rebuild()
        for step, batch in enumerate(batches):
            self.accumulate(batch)
            self.step(decay(step, len(batches)))
            progress()

    def trained(self) -> list[TrainedStack]:
        """What there is to score."""
        return [TrainedStack(own, self.corpus) for own in self.factors]

    @torch.no_grad()
    def rebuild(self) -> None:
        """The wide matrices from the factors, before the first step."""
        for group in self.groups:
            group.rebuild()

    @torch.no_grad()
    def accumulate(self, batch: Batch) -> None:
        """The data pass: gradients of the summed losses of all heads (Eq. 1) by the lines of the wide matrices."""
        rows, weights = batch.rows.to(self.compute), batch.weights.to(self.compute)
        for product in self.products:
            product.clear()
            product.accumulate(batch, rows, weights)

    @torch.no_grad()
    def step(self, share: float) -> None:
        """One Adam step of every stack at `share` of its rate, and its lines of the wide matrices rebuilt."""
        for group in self.groups:
            for own in group.pull_back():
                stack = own.stack
                rate = self.settings.rate_of(stack.family, stack.k, stack.features)
                own.step(share * rate, self.settings.penalty)
