"""What others would write: one nn.Module at a time, and torch.func.vmap over modules of equal k.

Both compute in float32 on features in memory. They take shuffled index batches, one 21-way layer of which each sample's
own seven logits are gathered, autograd and fused Adam."""

from collections.abc import Callable

import torch
from torch import nn
from torch.func import functional_call, grad, stack_module_state, vmap

from embed.rows.corpus import Corpus


class Data:
    """Everything in float32 tensors: x (N, 512), v (N, 2), domain (N,), emotion (N,), weights (D, 7)."""

    def __init__(self, corpus: Corpus):
        self.x, self.v = corpus.scaling.features(corpus.store.tensor, torch.float32), corpus.v[:, 0]
        self.domain = torch.from_numpy(corpus.domain.astype("int64"))
        self.emotion = torch.from_numpy(corpus.emotion.astype("int64"))
        self.weights = corpus.weights

    def batch(self, rows: torch.Tensor) -> tuple:
        """(x, v, domain, emotion) of the rows."""
        return self.x[rows], self.v[rows], self.domain[rows], self.emotion[rows]


class Plain(nn.Module):
    """One head: a layer to k dimensions and one 21-way layer."""

    def __init__(self, family: str, k: int):
        super().__init__()
        self.family, self.k = family, k
        inputs = {"baseline": 512, "av": k + 2}.get(family, k)
        self.project = nn.Linear(512, k) if family != "baseline" and k else None
        self.classify = nn.Linear(inputs, 21)

    def forward(self, x: torch.Tensor, v: torch.Tensor, domain: torch.Tensor) -> torch.Tensor:
        """(n, 7) logits of each row's own domain."""
        if self.family == "baseline":
            z = x
        elif self.project is not None:
            z = self.project(x)
        else:
            z = x[:, :0]
        if self.family == "cake-norm":
            z = nn.functional.normalize(z, dim=1)
        if self.family == "av":
            z = torch.cat([v, z], 1)
        logits = self.classify(z)
        return torch.take_along_dim(logits.view(-1, 3, 7), domain[:, None, None], 1)[:, 0]


def loss(logits: torch.Tensor, weights: torch.Tensor, domain: torch.Tensor, emotion: torch.Tensor) -> torch.Tensor:
    """Eq. 1."""
    entropy = nn.functional.cross_entropy(logits, emotion, reduction="none")
    return (weights[domain, emotion] * entropy).mean()


def module_step(data: Data, family: str, k: int) -> Callable:
    """step(rows): one step of one head."""
    model = Plain(family, k)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)

    def step(rows):
        x, v, domain, emotion = data.batch(rows)
        own = loss(model(x, v, domain), data.weights, domain, emotion)
        optimizer.zero_grad()
        own.backward()
        optimizer.step()

    return step


def vmap_step(data: Data, family: str, k: int, runs: int) -> Callable:
    """step(rows): one step of `runs` heads of equal k, stacked."""
    models = [Plain(family, k) for _ in range(runs)]
    parameters, buffers = stack_module_state(models)
    like = models[0].to("meta")
    optimizer = torch.optim.Adam(list(parameters.values()), fused=True)

    def one(own, x, v, domain, emotion):
        return loss(functional_call(like, (own, buffers), (x, v, domain)), data.weights, domain, emotion)

    slopes = vmap(grad(one), in_dims=(0, None, None, None, None))

    def step(rows):
        found = slopes({name: value.detach() for name, value in parameters.items()}, *data.batch(rows))
        for name, value in parameters.items():
            value.grad = found[name]
        optimizer.step()

    return step
