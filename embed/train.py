"""The stacked trainer: all heads of a block in one wide product forward and one backward over each batch.

Beyond the wide product nothing is done per sample and head but the softmax, so k costs next to nothing. Losses of heads
are summed, never averaged: Adam is elementwise, so each head moves as if it were trained alone."""

import math

import numpy as np
import torch

from embed.domains import COLUMNS
from embed.heads import C, Parameters, effective_weights, norm_logits, pull_back, stacks_of

CACHE_ROWS = 1024  # rows of logits worked on at a time, so that they stay in the processor's cache


class Trainer:
    """Trains a list of heads on a Corpus. `settings` is an embed.settings.Settings."""

    def __init__(self, corpus, heads, settings):
        self.corpus, self.settings = corpus, settings
        linear = stacks_of([head for head in heads if head.family != "cake-norm"])
        self.norm = stacks_of([head for head in heads if head.family == "cake-norm"])
        self.stacks = linear + self.norm
        self.D = len(corpus.names)
        self.parameters = Parameters(self.stacks, self.D, corpus.rows.dtype)
        self.parameters.initialise(settings.seed)
        ends = np.cumsum([0, *(len(stack.runs) for stack in linear)])
        self.linear = [(index, stack, slice(int(ends[index]), int(ends[index + 1]))) for index, stack in enumerate(linear)]
        self.W = torch.zeros(self.D, C, int(ends[-1]), COLUMNS, dtype=corpus.rows.dtype)
        self.S = torch.empty_like(self.W)

    def heads(self):
        return [head for stack in self.stacks for head in stack.heads()]

    def train(self, progress=lambda steps: None):
        """Run all steps; progress(1) after each."""
        optimizer = self.optimizer()
        batches = Batches(self.corpus, self.settings)
        for step, batch in enumerate(batches):
            for stack, group in zip(self.stacks, optimizer.param_groups):
                group["lr"] = self.settings.rate_of(stack.family) * decay(step, len(batches))
            self.gradient(batch)
            optimizer.step()
            progress(1)

    def optimizer(self):
        return torch.optim.Adam([{"params": [flat]} for flat in self.parameters.flats], fused=True)

    @torch.no_grad()
    def gradient(self, batch):
        """The gradient of the summed losses of all heads (Eq. 1) on one batch, into `parameters`."""
        self._rebuild()
        self.S.zero_()
        for domain, start, end in batch.domain_spans():
            self._accumulate(batch, domain, start, end)
        for index, stack, span in self.linear:
            pull_back(stack, self.parameters.values[index], self.parameters.gradients[index], self.S[:, :, span])
        for index in range(len(self.linear), len(self.stacks)):
            self._norm_gradient(index, batch)

    def _rebuild(self):
        for index, stack, span in self.linear:
            effective_weights(stack, self.parameters.values[index], self.W[:, :, span])

    def _accumulate(self, batch, domain, start, end):
        W, S = (side[domain].view(-1, COLUMNS) for side in (self.W, self.S))  # (C * H, 515), class-major
        for low in range(start, end, CACHE_ROWS):
            high = min(low + CACHE_ROWS, end)
            rows = batch.rows[low:high]
            G = (rows @ W.T).view(high - low, C, -1)
            G.sub_(G.amax(1, keepdim=True)).exp_().div_(G.sum(1, keepdim=True))
            for emotion, first, last in batch.class_spans(domain, low, high):
                G[first - low : last - low, emotion] -= 1
            G.mul_(batch.weights[low:high, None, None])
            S.addmm_(G.view(high - low, -1).T, rows)

    def _norm_gradient(self, index, batch):
        names = list(self.parameters.values[index])
        with torch.enable_grad():
            values = {name: self.parameters.values[index][name].detach().requires_grad_() for name in names}
            loss = sum((batch.weights[start:end, None] * torch.nn.functional.cross_entropy(
                logits, batch.emotion[start:end, None].expand(-1, logits.shape[2]), reduction="none")).sum()
                for logits, (start, end) in zip(norm_logits(values, batch.rows, batch.spans()), batch.spans()))
            found = torch.autograd.grad(loss, [values[name] for name in names])
        for name, gradient in zip(names, found):
            self.parameters.gradients[index][name].copy_(gradient)

    @torch.no_grad()
    def logits(self, rows, domain):
        """Yield (stack, (n, C, R) logits) of one domain's classifiers for rows (n, 515)."""
        for index, stack, span in self.linear:
            W = self.W[domain, :, span].reshape(-1, COLUMNS)
            yield stack, (rows @ W.T).view(len(rows), C, -1)
        for index, stack in enumerate(self.norm, len(self.linear)):
            values = {name: value if name in "Aa" else value[:, domain : domain + 1]
                      for name, value in self.parameters.values[index].items()}
            yield stack, norm_logits(values, rows, [(0, len(rows))])[0]

    def finish(self):
        """Bring the effective weights up to the last step, before `logits` is asked."""
        self._rebuild()


class Batches:
    """The batches of a training in order: shuffled over the union of the domains, grouped by domain and class inside.

    The order hangs on the seed and the epoch alone; all heads share it."""

    def __init__(self, corpus, settings):
        self.corpus, self.settings = corpus, settings
        self.size = settings.batch(len(corpus.emotion))
        self.per_epoch = math.ceil(len(corpus.emotion) / self.size)
        self.epochs = max(settings.epochs, math.ceil(settings.steps / self.per_epoch))

    def __len__(self):
        return self.epochs * self.per_epoch

    def __iter__(self):
        for epoch in range(self.epochs):
            generator = np.random.default_rng((self.settings.seed, epoch))
            order = torch.from_numpy(generator.permutation(len(self.corpus.emotion)))
            view = torch.from_numpy(generator.integers(0, self.corpus.views, len(order)))  # of each row, in this epoch
            for indices in order.split(self.size):
                yield Batch(self.corpus, indices, view[indices])


class Batch:
    """Rows of one batch sorted by domain, then by class, so that whole slices share a classifier and a label."""

    def __init__(self, corpus, indices, view):
        group = corpus.domain[indices] * C + corpus.emotion[indices]
        order = torch.argsort(group, stable=True)
        counts = torch.bincount(group, minlength=len(corpus.names) * C)
        self.ends = np.cumsum(np.concatenate([[0], counts.numpy()]))
        self.rows = corpus.rows[(indices * corpus.views + view)[order]]
        self.emotion = group[order] % C
        self.weights = corpus.weights.view(-1)[group[order]] / len(indices)  # w_class w_dataset / N of Eq. 1
        self.D = len(corpus.names)

    def spans(self):
        """(start, end) of each domain's rows."""
        return [(int(self.ends[domain * C]), int(self.ends[(domain + 1) * C])) for domain in range(self.D)]

    def domain_spans(self):
        return [(domain, start, end) for domain, (start, end) in enumerate(self.spans()) if end > start]

    def class_spans(self, domain, low, high):
        """(class, first, last) of the rows of one domain that lie in low..high."""
        for emotion in range(C):
            first, last = self.ends[domain * C + emotion], self.ends[domain * C + emotion + 1]
            first, last = max(int(first), low), min(int(last), high)
            if first < last:
                yield emotion, first, last


def decay(step, steps):
    """Half a cosine from 1 to 0."""
    return 0.5 * (1 + math.cos(math.pi * step / steps))
