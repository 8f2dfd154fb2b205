"""The heads of Section 2.2 in stacks: heads of one family and of like k share tensors, and are trained side by side.

A head is z = A x + a (the representation) and one classifier per domain, logits_d = B_d z + b_d; with arousal-valence
v, z = [v; A x + a]. Axes: H heads of a stack, D domains, C classes, k learned dimensions, F features, n rows."""

import hashlib
import math
from dataclasses import dataclass

import torch
from torch.optim.adam import adam

from data.emotions import EMOTIONS
from data.files.cache import FEATURE_SIZE
from data.files.runs import WITH_AROUSAL_VALENCE, representation_size
from embed.settings import doublings

C = len(EMOTIONS)
ALIKE = 1.25  # heads share a stack while the largest k is at most this times the smallest, or at most ...
SMALL = 16  # ... this; the smaller ones are padded with zeros, which stay exactly zero
BETAS, EPS = (0.9, 0.999), 1e-8  # Adam's own (Kingma and Ba 2014); the paper names no others


def head_seed(seed, head):
    """A 63-bit seed that depends on (seed, family, k, run) alone, so that a head is the same beside whatever others."""
    text = f"{seed} {head.family} {head.k} {head.run}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


@dataclass(frozen=True)
class Stack:
    """Heads of one family that are trained together, as wide as the largest k among them."""

    heads: tuple

    @property
    def family(self):
        return self.heads[0].family

    @property
    def k(self):
        return max(head.k for head in self.heads)

    @property
    def thin(self):
        """Whether the factored product is cheaper, or the only one: fewer dimensions than classes, or a unit sphere
        between."""
        return self.family == "cake-norm" or representation_size(self.family, self.k) < C

    def shapes(self, domains, k=None):
        """Name -> shape of one head's factors, of k learned dimensions or of as many as the stack has."""
        k = self.k if k is None else k
        if self.family == "baseline":
            return {"B": (domains, C, FEATURE_SIZE), "b": (domains, C)}
        shapes = {"A": (k, FEATURE_SIZE), "a": (k,), "B": (domains, C, k), "b": (domains, C)}
        return {**shapes, "Bv": (domains, C, 2)} if self.family in WITH_AROUSAL_VALENCE else shapes


def stacks_of(heads, room):
    """Heads (data.files.runs.Head) grouped by family and by like k, while their A have no more than `room` elements
    together."""
    stacks = []
    for head in sorted(heads, key=lambda head: (head.family, head.k, head.run)):
        if stacks and _alike(stacks[-1], head) and _even(head.k, room) > len(stacks[-1].heads):
            stacks[-1] = Stack((*stacks[-1].heads, head))
        else:
            stacks.append(Stack((head,)))
    return stacks


def _alike(stack, head):
    first = stack.heads[0]
    if first.family != head.family or stack.thin != Stack((head,)).thin or doublings(first.k) != doublings(head.k):
        return False  # a stack has one rate
    return stack.thin or head.k <= max(ALIKE * first.k, SMALL)


def _even(k, room):
    """How many heads of k dimensions there is room for; an even number, which two threads can share."""
    return max(2, room // max(1, k * FEATURE_SIZE) // 2 * 2)


class Factors:
    """The trained tensors of a stack: one flat vector, its gradient, views of both by name (H, ...), and their Adam."""

    def __init__(self, stack, domains, *, gradient):
        self.stack, self.domains = stack, domains
        self.shapes = {name: (len(stack.heads), *shape) for name, shape in stack.shapes(domains).items()}
        self.flat = torch.zeros_like(gradient[: self.size(stack, domains)])
        self.flat.grad = gradient[: len(self.flat)]
        self.values, self.gradients = _views(self.flat, self.shapes), _views(self.flat.grad, self.shapes)
        self.moments = torch.zeros_like(self.flat), torch.zeros_like(self.flat)
        self.steps = torch.zeros((), device=self.flat.device)

    @staticmethod
    def size(stack, domains):
        return len(stack.heads) * sum(map(math.prod, stack.shapes(domains).values()))

    def initialise(self, seed):
        """Every head drawn from its own generator as two nn.Linear would be: uniform in +-1 / sqrt(fan in)."""
        for position, head in enumerate(self.stack.heads):
            generator = torch.Generator().manual_seed(head_seed(seed, head))
            for name, shape in self.stack.shapes(self.domains, head.k).items():
                fan_in = FEATURE_SIZE if name in "Aa" else representation_size(head.family, head.k)
                draw = torch.rand(shape, generator=generator, dtype=torch.float64)
                self.own(position)[name].copy_(((2 * draw - 1) / math.sqrt(fan_in)).to(self.flat.dtype))

    def own(self, position):
        """Name -> one head's factors, without the padding."""
        shapes = self.stack.shapes(self.domains, self.stack.heads[position].k)
        return {name: self.values[name][(position, *map(slice, shape))] for name, shape in shapes.items()}

    def step(self, rate):
        """One step of Adam. The function, not the class: with many small stacks the class' own work would take
        longer."""
        first, second = self.moments
        adam(
            [self.flat],
            [self.flat.grad],
            [first],
            [second],
            [],
            [self.steps],
            lr=rate,
            beta1=BETAS[0],
            beta2=BETAS[1],
            eps=EPS,
            weight_decay=0.0,
            amsgrad=False,
            maximize=False,
            fused=True,
        )

    def effective_weights(self):
        """W (H, D * C, 512) on features and E (H, D * C, 3) on [v; 1]: each head as one linear layer, W_d = [B A, Bv, B
        a + b].

        Not for cake-norm, which no linear layer can stand for."""
        values, H = self.values, len(self.stack.heads)
        B = values["B"].view(H, self.domains * C, -1)
        E = torch.zeros(H, self.domains * C, 3, dtype=B.dtype, device=B.device)
        E[..., 2] = values["b"].view(H, -1)
        if self.stack.family == "baseline":
            return B, E
        E[..., 2:] += B @ values["a"][..., None]
        if "Bv" in values:
            E[..., :2] = values["Bv"].view(H, -1, 2)
        return torch.bmm(B, values["A"]), E

    def pull_back(self, S, T):
        """Gradients of the factors from those of the effective weights, S (H, D * C, 512) and T (H, D * C, 3)."""
        values, gradients, H = self.values, self.gradients, len(self.stack.heads)
        gradients["b"].copy_(T[..., 2].view(H, self.domains, C))
        if self.stack.family == "baseline":
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
