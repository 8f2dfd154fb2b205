"""Stage two at the paper's size: the stacked trainer against one plain module after another, in the same run.

    python -m tests.benchmarks.sweep [--steps 12] [--json]

Random features with planted structure, 283,901 + 11,271 + 871 training rows x 512, three domains, batch 4,096, float32.
Both sides do the same steps: shuffled batches gathered from memory, weighted loss, fused Adam. A share of an epoch is timed
and scaled; the plain side times one head of each size and is scaled to all heads. Prints seconds an epoch and their ratio."""

import argparse
import json
import time

import numpy as np
import torch
from torch import nn

from data.runs import Head
from embed.domains import COLUMNS, Corpus
from embed.loss import sample_weights
from embed.settings import RUNS, Settings
from embed.sizes import parse_sizes
from embed.sweep import TABLE_HEADS
from embed.train import Batches, Trainer

ROWS = (283_901, 11_271, 871)
SELECTIONS = {"tables": TABLE_HEADS, "grid": [(family, k) for k in parse_sizes("1..512:log") for family in ("cake", "av")]}


def corpus():
    generator = torch.Generator().manual_seed(0)
    emotion = torch.randint(0, 7, (sum(ROWS),), generator=generator)
    centres = torch.randn(7, 514, generator=generator)
    rows = torch.ones(sum(ROWS), COLUMNS)
    for start in range(0, len(rows), 8192):
        piece = emotion[start : start + 8192]
        rows[start : start + 8192, :-1] = 0.3 * centres[piece] + torch.randn(len(piece), 514, generator=generator)
    domain = torch.from_numpy(np.repeat(np.arange(3), ROWS))
    weights = torch.from_numpy(sample_weights(emotion.numpy(), domain.numpy())).float()
    return Corpus(("affectnet", "rafdb", "sfew"), 1, rows, emotion, domain, weights, {}, np.zeros(514), np.ones(514), True)


class Plain(nn.Module):
    """One head: a layer to k dimensions and one 21-way layer, of which each sample's own seven logits are taken."""

    def __init__(self, family, k):
        super().__init__()
        self.family, self.k = family, k
        learned = 512 if family == "baseline" else k
        self.project = nn.Linear(512, k) if family != "baseline" and k else None
        self.classify = nn.Linear(learned + 2 * (family == "av"), 21)

    def forward(self, rows, domain):
        x, v = rows[:, :512], rows[:, 512:514]
        z = x if self.family == "baseline" else self.project(x) if self.project else x[:, :0]
        z = nn.functional.normalize(z, dim=1) if self.family == "cake-norm" else z
        logits = self.classify(torch.cat([v, z], 1) if self.family == "av" else z)
        return logits.view(-1, 3, 7)[torch.arange(len(rows)), domain]


def plain_step_seconds(data, family, k, order, steps):
    """Seconds a step of one plain head."""
    model = Plain(family, k)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    for step, indices in enumerate(order[: steps + 1]):
        if step == 1:  # the first warms up
            begun = time.perf_counter()
        rows, domain, emotion = data.rows[indices], data.domain[indices], data.emotion[indices]
        entropy = nn.functional.cross_entropy(model(rows, domain), emotion, reduction="none")
        loss = (data.weights[domain, emotion] * entropy).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return (time.perf_counter() - begun) / steps


def stacked_step_seconds(data, heads, settings, steps):
    """Seconds a step of all heads together."""
    trainer = Trainer(data, heads, settings)
    optimizer = trainer.optimizer()
    for step, batch in enumerate(Batches(data, settings)):
        if step == 1:
            begun = time.perf_counter()
        if step == steps + 1:
            return (time.perf_counter() - begun) / steps
        trainer.gradient(batch)
        optimizer.step()


def measure(steps):
    data, settings = corpus(), Settings()
    batches = Batches(data, settings)
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(data.rows))).split(batches.size)
    found = {"batch": batches.size, "epochs": batches.epochs, "steps_timed": steps, "threads": torch.get_num_threads()}
    for name, selection in SELECTIONS.items():
        heads = [Head(family, k, run) for family, k in selection for run in range(RUNS)]
        stacked = stacked_step_seconds(data, heads, settings, steps) * batches.per_epoch
        plain = RUNS * sum(plain_step_seconds(data, family, k, order, steps) for family, k in selection) * batches.per_epoch
        found[name] = {"heads": len(heads), "stacked_epoch_seconds": stacked, "plain_epoch_seconds": plain,
                       "speedup": plain / stacked, "stacked_training_minutes": stacked * batches.epochs / 60}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.steps)
    if options.json:
        print(json.dumps(found))
        return
    print(f"batch {found['batch']}, {found['threads']} threads, {found['steps_timed']} steps timed and scaled to an epoch")
    for name in SELECTIONS:
        one = found[name]
        print(f"{name}: {one['heads']} heads, {one['stacked_epoch_seconds']:.1f} s an epoch together, "
              f"{one['plain_epoch_seconds']:.0f} s one after another: {one['speedup']:.1f} times faster; "
              f"{one['stacked_training_minutes']:.1f} min for all {found['epochs']} epochs of the default")


if __name__ == "__main__":
    main()
