"""CakeSweep on the features of another network, beside a loop of scikit-learn's and one of torch modules, in the same
run.

    python -m tests.benchmarks.estimators [--rows 100000] [--features 768] [--epochs 1 3]

Planted data (made up), one domain, the sizes 1 to 512 of Figure 4, two families, ten runs: 220 heads, with those of
the tables beside them. All take batches of 1,536 rows. CakeSweep is fitted for a few and for more epochs, its default
length lies on the line through both; the loops are timed for one epoch of a few sizes, between which others lie on
lines. The loop of scikit-learn is MLPClassifier, its one hidden layer of k linear units; it weights no class and has no
arousal-valence, so it does less."""

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
import torch
from sklearn.neural_network import MLPClassifier
from torch import nn

from data.runtime.device import use_own_cpus
from embed.estimators import CakeSweep
from embed.settings import RUNS, HeadSettings
from embed.sizes import parse_sizes
from tests.embed.made_up import planted

KS = parse_sizes("1..512:log")
FAMILIES = ("cake", "av")
TIMED = (1, 16, 128, 512)  # of the loops


def fitted(epochs: int, batch: int, X: np.ndarray, v: np.ndarray, y: np.ndarray) -> tuple[float, int]:
    """(seconds of a fit, scores and weights included; heads)."""
    made = CakeSweep(KS, families=FAMILIES, epochs=epochs, steps=1, batch=batch)
    begun = time.perf_counter()
    made.fit(X, y, valence_arousal=v)
    return time.perf_counter() - begun, len(made.outcomes_)


def scikit_epoch(k: int, batch: int, X: np.ndarray, y: np.ndarray) -> float:
    """Seconds of one epoch of one head."""
    made = MLPClassifier((k,), activation="identity", batch_size=batch, max_iter=1, alpha=3e-4, random_state=0)
    begun = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one epoch is no convergence
        made.fit(X, y)
    return time.perf_counter() - begun


def module_epoch(k: int, batch: int, X: np.ndarray, y: np.ndarray) -> float:
    """Seconds of one epoch of one head: two nn.Linear, shuffled batches gathered, weighted entropy, fused Adam."""
    x, labels = torch.from_numpy(X), torch.from_numpy(y)
    model = nn.Sequential(nn.Linear(X.shape[1], k), nn.Linear(k, 7))
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    weights = torch.ones(7)
    begun = time.perf_counter()
    for rows in torch.randperm(len(x)).split(batch):
        entropy = nn.functional.cross_entropy(model(x[rows]), labels[rows], reduction="none")
        optimizer.zero_grad()
        (entropy * weights[labels[rows]]).mean().backward()
        optimizer.step()
    return time.perf_counter() - begun


def of_all_sizes(epoch: Callable) -> float:
    """Seconds of one epoch of all 220 heads, from those of a few sizes."""
    timed = [epoch(k) for k in TIMED]
    return len(FAMILIES) * RUNS * float(np.interp(KS, TIMED, timed).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--features", type=int, default=768)
    parser.add_argument("--epochs", type=int, nargs=2, default=(1, 3))
    asked = parser.parse_args()
    use_own_cpus()
    X, v, y = planted(asked.rows, seed=0, features=asked.features)
    batch, settings = min(1536, asked.rows // 2), HeadSettings()
    default = max(settings.epochs, round(settings.steps * batch / asked.rows))
    module_epoch(1, batch, X, y)  # warms up
    few, heads = fitted(asked.epochs[0], batch, X, v, y)
    scikit = of_all_sizes(lambda k: scikit_epoch(k, batch, X, y))
    module = of_all_sizes(lambda k: module_epoch(k, batch, X, y))
    more, _ = fitted(asked.epochs[1], batch, X, v, y)
    epoch = (more - few) / (asked.epochs[1] - asked.epochs[0])
    whole = more + (default - asked.epochs[1]) * epoch
    print(f"{asked.rows:,} rows x {asked.features}, {heads} heads, {torch.get_num_threads()} threads")
    print(f"CakeSweep: {epoch:.1f} s an epoch, {whole:.0f} s for the default {default} epochs, scores included")
    print(f"scikit-learn, 220 heads: {scikit:.0f} s an epoch, {default * scikit / whole:.1f} times as long")
    print(f"one module after another, 220 heads: {module:.0f} s an epoch, {default * module / whole:.1f} times as long")


if __name__ == "__main__":
    main()
