"""What others would write: one nn.Module at a time, and torch.func.vmap over modules of equal k. float32, features in
memory.

Both take shuffled index batches, one 21-way layer of which each sample's own seven logits are gathered, autograd and
fused Adam."""

import torch
from torch import nn
from torch.func import functional_call, grad, stack_module_state, vmap


class Data:
    """Everything in float32 tensors: x (N, 512), v (N, 2), domain (N,), emotion (N,), weights (D, 7)."""

    def __init__(self, corpus):
        self.x, self.v = corpus.scaling.features(corpus.store.tensor, torch.float32), corpus.v[:, 0]
        self.domain, self.emotion = (torch.from_numpy(side.astype("int64")) for side in (corpus.domain, corpus.emotion))
        self.weights = corpus.weights

    def batch(self, rows):
        return self.x[rows], self.v[rows], self.domain[rows], self.emotion[rows]


class Plain(nn.Module):
    """One head: a layer to k dimensions and one 21-way layer."""

    def __init__(self, family, k):
        super().__init__()
        self.family, self.k = family, k
        learned = 512 if family == "baseline" else k
        self.project = nn.Linear(512, k) if family != "baseline" and k else None
        self.classify = nn.Linear(learned + 2 * (family == "av"), 21)

    def forward(self, x, v, domain):
        z = x if self.family == "baseline" else self.project(x) if self.project else x[:, :0]
        z = nn.functional.normalize(z, dim=1) if self.family == "cake-norm" else z
        logits = self.classify(torch.cat([v, z], 1) if self.family == "av" else z)
        return torch.take_along_dim(logits.view(-1, 3, 7), domain[:, None, None], 1)[:, 0]


def loss(logits, weights, domain, emotion):
    """Eq. 1."""
    entropy = nn.functional.cross_entropy(logits, emotion, reduction="none")
    return (weights[domain, emotion] * entropy).mean()


def module_step(data, family, k):
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


def vmap_step(data, family, k, runs):
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
