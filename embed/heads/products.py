"""All heads of a block as the rows of one wide matrix: over a batch, one product forward and one backward.

Y = M x^T holds the logits of wide heads (M is their effective weights) or the projections of thin ones (M is their A).
Y is turned into the gradient of the loss by Y, and Y x^T is the gradient by M. Rows of samples lie along the last axis,
so that the classes of a head are neighbouring lines; blocks of samples are small enough for Y to stay in the
processor's cache."""

import math
from collections.abc import Iterator

import torch

from embed.heads.stacks import Factors
from embed.rows.corpus import HeadInputs
from embed.rows.minibatches import Batch

CACHE_BYTES = 3 * 2**20  # of Y; measured best of 1/2 to 8 MiB with 1 MiB of second-level cache a core
FEWEST_ROWS = 128
ROUND = 32
MOST_BYTES = 2**28  # of Y on a GPU, where a batch passes at once


class Product:
    """One matrix M (copies, lines, F) for the groups given, and the gradient S by it.

    copies: D where every domain has lines of its own, 1 where all domains share them."""

    def __init__(self, groups: list, *, copies: int, like: torch.Tensor, compute: torch.dtype):
        self.groups, self.copies = groups, copies
        lines, features = sum(group.lines for group in groups), groups[0].features
        self.M = torch.zeros(copies, lines, features, dtype=compute, device=like.device)
        self.S = torch.zeros(copies, lines, features, dtype=like.dtype, device=like.device)
        room = CACHE_BYTES if like.device.type == "cpu" else MOST_BYTES
        self.rows = max(FEWEST_ROWS, room // (max(1, lines) * self.M.element_size()) // ROUND * ROUND)
        start = 0
        for group in groups:
            group.attach(*(side[:, start : start + group.lines] for side in (self.M, self.S)))
            start += group.lines

    def clear(self) -> None:
        self.S.zero_()
        for group in self.groups:
            group.clear()

    def accumulate(self, batch: Batch, rows: HeadInputs, weights: torch.Tensor) -> None:
        """Add the gradients of one batch. rows, weights: the batch's, in the precision of the product."""
        for domain, start, end in batch.domain_spans():
            M, S = (side[domain % self.copies] for side in (self.M, self.S))
            for low in range(start, end, self.rows):
                piece = DomainSlice(batch, rows, weights, domain, (low, min(low + self.rows, end)))
                Y = torch.mm(M, piece.rows.x.T)
                parts = Y.split([group.lines for group in self.groups])
                turned = [group.turn(part, piece) for group, part in zip(self.groups, parts)]
                G = turned[0] if len(turned) == 1 else torch.cat(turned)
                if S.dtype == G.dtype:
                    S.addmm_(G, piece.rows.x)
                else:
                    S.add_(torch.mm(G, piece.rows.x))


class DomainSlice:
    """Rows of one domain that pass together, their weights (n,) and labels, one-hot (C, n).

    n is rounded up, over neighbouring rows whose weight is set to 0: oneDNN compiles a product for every new shape,
    which takes longer than the product itself."""

    def __init__(self, batch: Batch, rows: HeadInputs, weights: torch.Tensor, domain: int, span: tuple):
        low, high = span
        width = min(math.ceil((high - low) / ROUND) * ROUND, len(weights))
        first = min(low, len(weights) - width)
        self.rows, self.domain = rows.between(first, first + width), domain
        self.labels = batch.labels[:, first : first + width].to(weights.dtype)
        self.weights = torch.zeros_like(weights[:width])
        self.weights[low - first : high - first] = weights[low:high]

    def entropy_gradient(self, logits: torch.Tensor) -> torch.Tensor:
        """w (softmax - one-hot), Eq. 1's gradient by the logits (H, C, n)."""
        return torch.softmax(logits, 1).sub_(self.labels).mul_(self.weights)


class Wide:
    """Heads that pass as their effective weights: C lines each, whatever their k."""

    def __init__(self, factors: list[Factors], domains: int):
        self.factors, self.D, self.features = factors, domains, factors[0].stack.features
        self.heads = sum(len(own.stack.heads) for own in factors)
        self.C = factors[0].stack.classes
        self.lines = self.heads * self.C

    def attach(self, M: torch.Tensor, S: torch.Tensor) -> None:
        self.M, self.S = (side.view(self.D, self.heads, self.C, self.features) for side in (M, S))
        self.E = M.new_zeros(self.D, self.lines, 3)  # on [v; 1]
        self.T = S.new_zeros(self.D, self.lines, 3)

    def clear(self) -> None:
        self.T.zero_()

    def turn(self, Y: torch.Tensor, piece: DomainSlice) -> torch.Tensor:
        v = piece.rows.v
        Y.addmm_(self.E[piece.domain], v)
        G = piece.entropy_gradient(Y.view(self.heads, self.C, -1)).view(self.lines, -1)
        self.T[piece.domain].add_(torch.mm(G, v.T))
        return G

    def _spans(self):
        start = 0
        for own in self.factors:
            yield own, slice(start, start + len(own.stack.heads))
            start += len(own.stack.heads)

    def pull_back(self) -> Iterator[Factors]:
        """Yield the Factors of each stack when its gradient is there; where gradients share memory, the next one ends
        it."""
        T = self.T.view(self.D, self.heads, self.C, 3)
        for own, span in self._spans():
            shape = len(own.stack.heads), self.D * self.C, -1
            own.pull_back(*(side[:, span].transpose(0, 1).reshape(shape) for side in (self.S, T)))
            yield own
            self._rebuild(own, span)

    def rebuild(self) -> None:
        for own, span in self._spans():
            self._rebuild(own, span)

    def _rebuild(self, own, span):
        W, E = own.effective_weights()
        self.M[:, span] = W.view(-1, self.D, self.C, self.features).transpose(0, 1)
        self.E.view(self.D, self.heads, self.C, 3)[:, span] = E.view(-1, self.D, self.C, 3).transpose(0, 1)


class Thin:
    """Heads of one stack that pass as z = A x, k lines each: k < C, or the unit sphere of CAKE-k-Norm (Section 3.4).

    The padding of smaller heads has no lines."""

    def __init__(self, factors: Factors):
        self.factors, self.features = factors, factors.stack.features
        self.heads, self.k = len(factors.stack.heads), factors.stack.k
        self.on_sphere = factors.stack.family.on_sphere
        own = [
            position * self.k + dimension
            for position, head in enumerate(factors.stack.heads)
            for dimension in range(head.k)
        ]
        self.own = torch.tensor(own, dtype=torch.int64, device=factors.flat.device)  # places of the lines among (H * k)
        self.lines = len(own)

    def attach(self, M: torch.Tensor, S: torch.Tensor) -> None:
        self.M, self.S = M[0], S[0]

    def clear(self) -> None:
        self.factors.flat.grad.zero_()

    def turn(self, Y: torch.Tensor, piece: DomainSlice) -> torch.Tensor:
        values, gradients, d = self.factors.values, self.factors.gradients, piece.domain
        B, v = values["B"][:, d], piece.rows.v[:2].to(values["B"].dtype)
        z = B.new_zeros(self.heads * self.k, Y.shape[1]).index_copy_(0, self.own, Y.to(B.dtype))
        z = z.view(self.heads, self.k, Y.shape[1]).add_(values["a"][..., None])
        u, length = on_sphere(z) if self.on_sphere else (z, None)
        G = piece.entropy_gradient(logits(values, d, u, v)).to(B.dtype)
        gradients["B"][:, d] += torch.bmm(G, u.mT)
        gradients["b"][:, d] += G.sum(-1)
        if "Bv" in gradients:
            gradients["Bv"][:, d] += G @ v.T
        du = torch.bmm(B.mT, G)
        dz = (du - u * (u * du).sum(1, keepdim=True)) / length if self.on_sphere else du
        gradients["a"].add_(dz.sum(-1))
        return dz.flatten(0, 1).index_select(0, self.own).to(Y.dtype)

    def pull_back(self) -> Iterator[Factors]:
        self.factors.gradients["A"].flatten(0, 1).index_copy_(0, self.own, self.S)
        yield self.factors
        self.rebuild()

    def rebuild(self) -> None:
        self.M.copy_(self.factors.values["A"].flatten(0, 1).index_select(0, self.own))


def on_sphere(z: torch.Tensor) -> tuple:
    """Representations (H, k, n) on the unit sphere, and their lengths (H, 1, n)."""
    length = z.norm(dim=1, keepdim=True).clamp_min(1e-12)
    return z / length, length


def logits(values: dict, domain: int, u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """(H, C, n) logits of one domain's classifier from the learned dimensions u (H, k, n) and v (2, n)."""
    found = torch.baddbmm(values["b"][:, domain, :, None], values["B"][:, domain], u)
    return found.add_(values["Bv"][:, domain] @ v) if "Bv" in values else found
