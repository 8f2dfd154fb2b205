"""The general way: heads of any family that brings a torch.nn.Module, trained one beside the other through autograd.

The rows, batches, weights of the loss, rates, Adam and length are those of the stacked trainer; it is slower by as much
as the wide products save."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from data.files.runs import Head
from data.heads import Family, family_named
from embed.rows.corpus import Corpus, HeadInputs
from embed.rows.minibatches import Batch, Batches
from embed.settings import BETAS, EPS, HeadSettings, decay, head_seed


class HeadModule(Protocol):
    """What the torch.nn.Module of a family can do; data.heads.Family.module makes one for each head.

    The factory is called with (k, features, classes, domains, generator). Every random number comes from `generator`
    (a torch.Generator on the CPU, seeded by the head alone), so that a head is the same beside whatever others. What
    torch's layers draw for themselves when they are made depends on the head alone, too; in training they may draw
    nothing, as nn.Dropout would. The module is moved to the device and precision of the rows. The learning rate is
    that of k learned dimensions; the penalty is on parameters of two dimensions and more.

    Its state_dict() is what is kept, as float32 arrays under the same names, after the family's `folded` has added the
    scaling of the rows or taken it in: names and shapes must then be the family's `shapes`. From these the family's
    `representation` and `logits` (NumPy) give on features as cached what the module gives on scaled ones."""

    def representation(self, x: torch.Tensor, v: torch.Tensor | None) -> torch.Tensor:
        """(n, size) z of scaled features x (n, F) and scaled arousal-valence v (n, 2), None where the family has
        none."""

    def logits(self, z: torch.Tensor, domain: int) -> torch.Tensor:
        """(n, C) logits of one domain's classifier at z (n, size)."""


class ModuleTrainer:
    """Trains a list of heads, all of families that bring a module; each batch is gathered once for all."""

    def __init__(self, corpus: Corpus, heads: list[Head], settings: HeadSettings):
        self.corpus, self.settings = corpus, settings
        self.heads = [ModuleHead(head, corpus, settings) for head in heads]

    def train(self, progress: Callable = lambda: None, batches: Batches | None = None) -> None:
        """Run all steps; progress() after each. batches: of the same corpus, where they are there."""
        batches = batches or Batches(self.corpus, self.settings)
        for step, batch in enumerate(batches):
            emotion = batch.emotion()
            for own in self.heads:
                own.step(batch, emotion, decay(step, len(batches)))
            progress()

    def trained(self) -> list["TrainedModule"]:
        """What there is to score."""
        return [TrainedModule(own.head, own.module, self.corpus) for own in self.heads]


class ModuleHead:
    """One head under training, with its own module and Adam."""

    def __init__(self, head: Head, corpus: Corpus, settings: HeadSettings):
        self.head, self.family = head, family_named(head.family)
        seed = head_seed(settings.seed, head)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            generator = torch.Generator().manual_seed(seed)
            sizes = corpus.feature_size, len(corpus.classes), len(corpus.names)
            self.module = self.family.module(head.k, *sizes, generator)
        self.module.to(corpus.device, corpus.dtype).train()
        refuse_other_shapes(self.family, head.k, self.module, corpus)
        self.rate = settings.rate_of(self.family, head.k, corpus.feature_size)
        self.penalty = settings.penalty
        self.optimizer = torch.optim.Adam(self.module.parameters(), lr=self.rate, betas=BETAS, eps=EPS)
        for parameter in self.module.parameters():
            parameter.grad = torch.zeros_like(parameter)

    def step(self, batch: Batch, emotion: torch.Tensor, share: float) -> None:
        """One step of Adam on a batch at `share` of the rate. emotion: (n,) labels of its rows.

        A classifier without rows in the batch has a gradient of zero, not none: Adam moves it by its momentum, as it
        does in a stack."""
        self.optimizer.param_groups[0]["lr"] = share * self.rate
        self.optimizer.zero_grad(set_to_none=False)
        z = representation(self.module, self.family, batch.rows)
        logits = [self.module.logits(z[start:end], domain) for domain, start, end in batch.domain_spans()]
        entropy = cross_entropy(torch.cat(logits), emotion, reduction="none")
        loss = (batch.weights * entropy).sum()  # Eq. 1, whose 1 / N is in the weights
        if self.penalty:
            weights = [parameter for parameter in self.module.parameters() if parameter.ndim > 1]
            loss = loss + self.penalty * sum((weight**2).sum() for weight in weights)
        loss.backward()
        self.optimizer.step()


class TrainedModule:
    """One head once it is trained, as embed.heads.scoring takes it."""

    def __init__(self, head: Head, module: torch.nn.Module, corpus: Corpus):
        self.heads, self.family = (head,), family_named(head.family)
        self.module, self.scaling = module.eval(), corpus.scaling
        self.kept = kept_weights(self.family, module, corpus)

    def logits(self, rows: HeadInputs, domain: int) -> torch.Tensor:
        """(1, C, n) logits of one domain's classifier."""
        return self.module.logits(representation(self.module, self.family, rows), domain).T[None]

    def representation(self, rows: HeadInputs) -> torch.Tensor:
        """(1, dimensions, n) what the classifiers see, by the family's NumPy: in the units that later readers use."""
        x, v = self.scaling.undone(rows)
        with np.errstate(all="ignore"):  # of a head that diverged
            z = self.family.representation(self.kept, x, v if self.family.arousal_valence else None)
        return torch.from_numpy(z.T)[None]

    def finite(self) -> torch.Tensor:
        """(1,) bool: whether all its arrays are."""
        return torch.tensor([all(np.isfinite(value).all() for value in self.kept.values())])

    def tensors(self) -> list:
        """None: its arrays are in main memory."""
        return []

    def weights(self, position: int, tensors: list) -> dict:
        """The head's arrays on features as cached."""
        return self.kept


def representation(module: HeadModule, family: Family, rows: HeadInputs) -> torch.Tensor:
    """(n, size) z of rows by a module of the family."""
    return module.representation(rows.x, rows.v[:2].T if family.arousal_valence else None)


def kept_weights(family: Family, module: torch.nn.Module, corpus: Corpus) -> dict:
    """Name -> float32 array of a module's state, with the scaling of the rows."""
    values = {name: value.detach().cpu().double().numpy() for name, value in module.state_dict().items()}
    values = family.folded(values, corpus.scaling.mean, corpus.scaling.deviation)
    return {name: value.astype(np.float32) for name, value in values.items()}


def refuse_other_shapes(family: Family, k: int, module: torch.nn.Module, corpus: Corpus) -> None:
    """Raise ValueError where a module's arrays are not those that its family declares."""
    found = {name: value.shape for name, value in kept_weights(family, module, corpus).items()}
    sizes = {"features": corpus.feature_size, "classes": len(corpus.classes), "domains": len(corpus.names)}
    declared = family.shapes(k, **sizes)
    differing = sorted(name for name in {*found, *declared} if found.get(name) != declared.get(name))
    if differing:
        told = ", ".join(f"{name} {found.get(name)} for {declared.get(name)}" for name in differing)
        raise ValueError(f"{family.name}, k = {k}: the module has other arrays than the family's shapes: {told}")
