"""The slow obvious way: one head as nn.Linear modules, autograd and torch.optim.Adam, on the batches of the stacked
trainer."""

import numpy as np
import torch
from torch import nn

from data.heads import family_named
from embed.rows.corpus import HeadInputs
from embed.rows.minibatches import Batches
from embed.settings import decay, head_seed


class PlainHead(nn.Module):
    """One head as the paper words it: a linear layer to k dimensions and one classifier layer per domain."""

    def __init__(self, head, data, settings):
        super().__init__()
        features, classes, domains = data.feature_size, len(data.classes), len(data.names)
        generator = torch.Generator().manual_seed(head_seed(settings.seed, head))
        self.family = family_named(head.family)
        inputs = self.family.size(head.k, features)
        draw = lambda *shape, fan: (
            (2 * torch.rand(shape, generator=generator, dtype=torch.float64) - 1) / fan**0.5
        ).to(data.dtype)
        if self.family.projects:
            self.project = nn.Linear(features, 1)  # its weights are replaced; torch warns of a layer of no outputs
            self.project.weight.data, self.project.bias.data = (
                draw(head.k, features, fan=features),
                draw(head.k, fan=features),
            )
        learned = head.k if self.family.projects else features
        weight, bias = draw(domains, classes, learned, fan=inputs), draw(domains, classes, fan=inputs)
        if self.family.arousal_valence:
            weight = torch.cat([draw(domains, classes, 2, fan=inputs), weight], 2)
        self.classify = nn.ModuleList(nn.Linear(inputs, classes) for _ in range(domains))
        for layer, own_weight, own_bias in zip(self.classify, weight, bias):
            layer.weight.data, layer.bias.data = own_weight.clone(), own_bias.clone()

    def forward(self, rows, domain):
        x, v = rows.x, rows.v[:2].T
        z = self.project(x) if self.family.projects else x
        if self.family.on_sphere:
            z = z / z.norm(dim=1, keepdim=True)
        if self.family.arousal_valence:
            z = torch.cat([v, z], 1)
        logits = torch.stack([layer(z) for layer in self.classify], 1)  # (n, D, C)
        return logits[torch.arange(len(x)), domain]


def train_plainly(data, head, settings, *, slip=1.0):
    """One head trained by modules and autograd; `slip` scales the loss of the first domain, a wrong gradient."""
    model = PlainHead(head, data, settings)
    optimizer = torch.optim.Adam(model.parameters())
    batches = Batches(data, settings)
    every, step = all_rows(data), 0
    for epoch in range(batches.epochs):
        order = np.random.default_rng((settings.seed, epoch)).permutation(len(data.emotion))
        for start in range(0, len(order), batches.size):
            rows = torch.from_numpy(order[start : start + batches.size])
            rate = settings.rate_of(model.family, head.k, data.feature_size)
            optimizer.param_groups[0]["lr"] = rate * decay(step, len(batches))
            domain, emotion = (torch.from_numpy(side.astype(np.int64))[rows] for side in (data.domain, data.emotion))
            weight = data.weights[domain, emotion]
            weight = torch.where(domain == 0, slip * weight, weight)
            entropy = nn.functional.cross_entropy(
                model(HeadInputs(every.x[rows], every.v[:, rows]), domain), emotion, reduction="none"
            )
            optimizer.zero_grad()
            squares = sum((own**2).sum() for name, own in model.named_parameters() if name.endswith("weight"))
            ((weight * entropy).mean() + settings.penalty * squares).backward()
            optimizer.step()
            step += 1
    return model


def all_rows(data):
    """The HeadInputs of every training row, in view 0."""
    rows = len(data.emotion)
    return next(data.batches(data.order(np.arange(rows), np.zeros(rows, np.int64), [rows])))
