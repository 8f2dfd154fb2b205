"""The heads of Section 2.2 as stacks: all runs of one family and k share tensors, all stacks one flat parameter vector.

A head is z = A x + a (the representation) and one classifier per domain, logits_d = B_d z + b_d; with arousal-valence v,
z = [v; A x + a]. Axes: R runs, D domains, C classes, k learned dimensions, F features, H heads of all stacks."""

import hashlib
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from data.cache import FEATURE_SIZE
from data.emotions import EMOTIONS
from data.runs import Head

C = len(EMOTIONS)


@dataclass(frozen=True)
class Stack:
    """The runs of one (family, k) that are trained together."""

    family: str
    k: int
    runs: tuple

    def shapes(self, domains):
        """Name -> shape of this stack's parameters."""
        R, k = len(self.runs), self.k
        if self.family == "baseline":
            return {"B": (R, domains, C, FEATURE_SIZE), "b": (R, domains, C)}
        shapes = {"A": (R, k, FEATURE_SIZE), "a": (R, k), "B": (R, domains, C, k), "b": (R, domains, C)}
        return {**shapes, "Bv": (R, domains, C, 2)} if self.family == "av" else shapes

    def classifier_inputs(self):
        """Fan-in of the classifier, which sets the spread of its first weights."""
        return {"baseline": FEATURE_SIZE, "av": self.k + 2}.get(self.family, self.k)

    def heads(self):
        return [Head(self.family, self.k, run) for run in self.runs]


def stacks_of(heads):
    """Heads (data.runs.Head) grouped by family and k, in the order they come."""
    groups = {}
    for head in heads:
        groups.setdefault((head.family, head.k), []).append(head.run)
    return [Stack(family, k, tuple(runs)) for (family, k), runs in groups.items()]


def head_seed(seed, head):
    """A 63-bit seed that hangs on (seed, family, k, run) alone, so that a head is the same beside whatever others."""
    text = f"{seed} {head.family} {head.k} {head.run}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


class Parameters:
    """One flat vector for all stacks, its gradient, and views of both by stack and name."""

    def __init__(self, stacks, domains, dtype):
        self.stacks, self.domains = stacks, domains
        shapes = [stack.shapes(domains) for stack in stacks]
        sizes = [sum(map(math.prod, group.values())) for group in shapes]
        flat, gradient = torch.zeros(sum(sizes), dtype=dtype), torch.zeros(sum(sizes), dtype=dtype)
        self.flats = flat.split(sizes)  # one for each stack: an optimizer's parameters
        for own, slope in zip(self.flats, gradient.split(sizes)):
            own.grad = slope
        self.values, self.gradients = self._views(flat, shapes), self._views(gradient, shapes)

    @staticmethod
    def _views(flat, shapes):
        views, start = [], 0
        for group in shapes:
            views.append({})
            for name, shape in group.items():
                end = start + math.prod(shape)
                views[-1][name] = flat[start:end].view(shape)
                start = end
        return views

    def initialise(self, seed):
        """Every head drawn from its own generator as two nn.Linear would be: uniform in +-1 / sqrt(fan in)."""
        for stack, values in zip(self.stacks, self.values):
            for position, head in enumerate(stack.heads()):
                generator = torch.Generator().manual_seed(head_seed(seed, head))
                for name, value in values.items():
                    bound = 1 / math.sqrt(FEATURE_SIZE if name in "Aa" else stack.classifier_inputs())
                    draw = torch.rand(value.shape[1:], generator=generator, dtype=torch.float64)
                    value[position] = ((2 * draw - 1) * bound).to(value.dtype)


def effective_weights(stack, values, out):
    """W_d = [B A, Bv, B a + b] of every head, written to out (D, C, R, 515): the head as one linear layer on [x; v; 1].

    The columns of v stay as they are, 0, for families that do not see it."""
    D, R = out.shape[0], out.shape[2]
    B = values["B"].view(R, D * C, -1)
    if stack.family == "baseline":
        out[..., :FEATURE_SIZE] = _by_domain(B, D)
        out[..., -1] = values["b"].permute(1, 2, 0)
        return
    out[..., :FEATURE_SIZE] = _by_domain(B @ values["A"], D)
    out[..., -1] = (_by_domain(B @ values["a"][:, :, None], D)[..., 0] + values["b"].permute(1, 2, 0))
    if stack.family == "av":
        out[..., FEATURE_SIZE:-1] = values["Bv"].permute(1, 2, 0, 3)


def _by_domain(tensor, domains):
    """(R, D * C, n) -> (D, C, R, n)."""
    return tensor.unflatten(1, (domains, C)).permute(1, 2, 0, 3)


def pull_back(stack, values, gradients, S):
    """Gradients of a stack's factors from S (D, C, R, 515), the gradients of its effective weights."""
    D, R = S.shape[0], S.shape[2]
    S = S.permute(2, 0, 1, 3).reshape(R, D * C, -1)
    s = S[..., -1]
    gradients["b"].copy_(s.view(R, D, C))
    if stack.family == "baseline":
        gradients["B"].copy_(S[..., :FEATURE_SIZE].view(R, D, C, -1))
        return
    Sx, B = S[..., :FEATURE_SIZE], values["B"].view(R, D * C, -1)
    gradients["B"].copy_((Sx @ values["A"].mT + s[..., None] * values["a"][:, None]).view(R, D, C, -1))
    gradients["A"].copy_(B.mT @ Sx)
    gradients["a"].copy_((B.mT @ s[..., None])[..., 0])
    if stack.family == "av":
        gradients["Bv"].copy_(S[..., FEATURE_SIZE:-1].view(R, D, C, 2))


def norm_logits(values, rows, spans):
    """CAKE-k-Norm: the representation on the unit sphere (Section 3.4), which no single linear layer can stand for.

    rows (n, 515) sorted by domain, spans the (start, end) of each domain's rows; returns a list of (n_d, C, R)."""
    z = F.normalize(torch.einsum("nf,rkf->nrk", rows[:, :FEATURE_SIZE], values["A"]) + values["a"], dim=-1)
    return [torch.einsum("nrk,rck->ncr", z[start:end], values["B"][:, domain]) + values["b"][:, domain].T
            for domain, (start, end) in enumerate(spans)]
