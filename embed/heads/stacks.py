"""The heads of Section 2.2 in stacks: heads of one family and of like k share tensors, and are trained side by side.

A head is z = A x + a (the representation) and one classifier per domain, logits_d = B_d z + b_d; with arousal-valence
v, z = [v; A x + a]. Axes: H heads of a stack, D domains, C classes, k learned dimensions, F features, n rows."""

import math
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import torch
from torch.optim.adam import adam

from data.emotions import EMOTIONS
from data.files.runs import Head
from data.heads import Linear, family_named
from data.runtime.transfers import room
from embed.settings import BETAS, EPS, doublings, head_seed

ALIKE = 1.25  # heads share a stack while the largest k is at most this times the smallest, or at most ...
BIASES = ("a", "b")  # not penalised
SMALL = 16  # ... this; the smaller ones are padded with zeros, which stay exactly zero


@dataclass(frozen=True)
class Stack:
    """Heads of one family that are trained together, as wide as the largest k among them."""

    heads: tuple
    features: int
    classes: int = len(EMOTIONS)

    @property
    def family(self) -> Linear:
        return family_named(self.heads[0].family)

    @property
    def k(self) -> int:
        return max(head.k for head in self.heads)

    @property
    def thin(self) -> bool:
        """Whether the factored product is cheaper, or the only one: fewer dimensions than classes, or a unit sphere
        between."""
        family = self.family
        return family.projects and (family.on_sphere or family.size(self.k, self.features) < self.classes)

    def shapes(self, domains: int, k: int | None = None) -> dict:
        """Name -> shape of one head's factors, of k learned dimensions or of as many as the stack has."""
        k = self.k if k is None else k
        return self.family.shapes(k, features=self.features, classes=self.classes, domains=domains)


def stacks_of(heads: list[Head], room: int, *, features: int, classes: int = len(EMOTIONS)) -> list[Stack]:
    """Heads grouped by family and by like k, while their A have no more than `room` elements together."""
    stacks = []
    for head in sorted(heads, key=lambda head: (head.family, head.k, head.run)):
        alone = Stack((head,), features, classes)
        if stacks and _alike(stacks[-1], alone) and _even(head.k * features, room) > len(stacks[-1].heads):
            stacks[-1] = Stack((*stacks[-1].heads, head), features, classes)
        else:
            stacks.append(alone)
    return stacks


def _alike(stack, other):
    """Whether the one head of `other` may join the stack, whose heads have one rate and pass in one way."""
    first, head = stack.heads[0], other.heads[0]
    if first.family != head.family or stack.thin != other.thin or doublings(first.k) != doublings(head.k):
        return False
    return stack.thin or head.k <= max(ALIKE * first.k, SMALL)


def _even(elements, room):
    """How many heads of so many elements there is room for; an even number, which two threads can share."""
    return max(2, room // max(1, elements) // 2 * 2)


class Factors:
    """The trained tensors of a stack: one flat vector, its gradient, views of both by name (H, ...), and their Adam."""

    def __init__(self, stack: Stack, domains: int, *, gradient: torch.Tensor):
        self.stack, self.domains = stack, domains
        shapes = sorted(stack.shapes(domains).items(), key=lambda named: named[0] in BIASES)  # what is penalised first
        self.shapes = {name: (len(stack.heads), *shape) for name, shape in shapes}
        self.flat = torch.zeros_like(gradient[: self.size(stack, domains)])
        self.flat.grad = gradient[: len(self.flat)]
        self.values, self.gradients = _views(self.flat, self.shapes), _views(self.flat.grad, self.shapes)
        self.moments = torch.zeros_like(self.flat), torch.zeros_like(self.flat)
        biases = sum(math.prod(shape) for name, shape in self.shapes.items() if name in BIASES)
        self.parts = slice(len(self.flat) - biases), slice(len(self.flat) - biases, None)
        self.steps = [torch.zeros((), device=self.flat.device) for _ in self.parts]

    @staticmethod
    def size(stack: Stack, domains: int) -> int:
        """Elements of all tensors of a stack."""
        return len(stack.heads) * sum(map(math.prod, stack.shapes(domains).values()))

    def initialise(self, seed: int, pool: Executor) -> None:
        """Every head drawn from its own generator as two nn.Linear would be: uniform in +-1 / sqrt(fan in).

        pool: threads, which share the heads."""
        flat = self.flat
        on_host = flat.device.type == "cpu"
        drawn = flat if on_host else room(tuple(flat.shape), flat.dtype, flat.device).zero_()
        values = {name: value.numpy() for name, value in _views(drawn, self.shapes).items()}
        list(pool.map(lambda position: self._draw(values, position, seed), range(len(self.stack.heads))))
        if not on_host:
            flat.copy_(drawn, non_blocking=True)

    def _draw(self, values, position, seed):
        head = self.stack.heads[position]
        generator = torch.Generator().manual_seed(head_seed(seed, head))
        for name, shape in self.stack.shapes(self.domains, head.k).items():
            fan_in = self.stack.features if name in ("A", "a") else self.stack.family.size(head.k, self.stack.features)
            # in place, and by NumPy, whose arithmetic starts no threads of its own
            draw = torch.rand(shape, generator=generator, dtype=torch.float64).numpy()
            draw *= 2
            draw -= 1
            draw /= math.sqrt(fan_in)
            values[name][(position, *map(slice, shape))] = draw

    def own(self, position: int, of: np.ndarray | None = None) -> dict:
        """Name -> one head's factors, without the padding. of: the flat vector in main memory, else that on the
        device."""
        values = self.values if of is None else _views(torch.from_numpy(of), self.shapes)
        shapes = self.stack.shapes(self.domains, self.stack.heads[position].k)
        return {name: values[name][(position, *map(slice, shape))] for name, shape in shapes.items()}

    def step(self, rate: float, penalty: float = 0.0) -> None:
        """One step of Adam on the loss and penalty (|A|^2 + |B|^2)."""
        if penalty:
            self._step(self.parts[0], self.steps[0], rate, penalty)
            self._step(self.parts[1], self.steps[1], rate, 0.0)
        else:
            self._step(slice(None), self.steps[0], rate, 0.0)

    def _step(self, part, steps, rate, penalty):
        """The function, not the class: with many small stacks the class' own work would take longer. Its weight decay
        is a multiple of the weights that is added to their gradient."""
        first, second = self.moments
        adam(
            [self.flat[part]],
            [self.flat.grad[part]],
            [first[part]],
            [second[part]],
            [],
            [steps],
            lr=rate,
            beta1=BETAS[0],
            beta2=BETAS[1],
            eps=EPS,
            weight_decay=2 * penalty,
            amsgrad=False,
            maximize=False,
            fused=True,
        )

    def effective_weights(self) -> tuple:
        """W (H, D * C, F) on features and E (H, D * C, 3) on [v; 1]: each head as one linear layer, W_d = [B A, Bv, B
        a + b].

        Not for heads on the unit sphere, which no linear layer can stand for."""
        values, H, C = self.values, len(self.stack.heads), self.stack.classes
        B = values["B"].view(H, self.domains * C, -1)
        E = torch.zeros(H, self.domains * C, 3, dtype=B.dtype, device=B.device)
        E[..., 2] = values["b"].view(H, -1)
        if not self.stack.family.projects:
            return B, E
        E[..., 2:] += B @ values["a"][..., None]
        if "Bv" in values:
            E[..., :2] = values["Bv"].view(H, -1, 2)
        return torch.bmm(B, values["A"]), E

    def pull_back(self, S: torch.Tensor, T: torch.Tensor) -> None:
        """Gradients of the factors from those of the effective weights, S (H, D * C, F) and T (H, D * C, 3)."""
        values, gradients = self.values, self.gradients
        H, C = len(self.stack.heads), self.stack.classes
        gradients["b"].copy_(T[..., 2].view(H, self.domains, C))
        if not self.stack.family.projects:
            gradients["B"].copy_(S.view(H, self.domains, C, -1))
            return
        B, gB, s = values["B"].view(H, self.domains * C, -1), gradients["B"].view(H, self.domains * C, -1), T[..., 2:]
        torch.bmm(S, values["A"].mT, out=gB)
        gB.addcmul_(s, values["a"][:, None])
        torch.bmm(B.mT, S, out=gradients["A"])
        torch.bmm(B.mT, s, out=gradients["a"][..., None])
        if "Bv" in values:
            gradients["Bv"].copy_(T[..., :2].view(H, self.domains, C, 2))


def _views(flat, shapes):
    views, start = {}, 0
    for name, shape in shapes.items():
        end = start + math.prod(shape)
        views[name] = flat[start:end].view(shape)
        start = end
    return views
