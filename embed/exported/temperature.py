"""The temperature of a head, by which its logits are divided so that it is as sure as it is right on rows that no
network has seen (Guo, Pleiss, Sun and Weinberger, ICML 2017). Which emotion it names stays the same.

Features of rows that a network was trained on lie farther apart than those of others, and a head that learned on them
is too sure of itself."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar

from data.files.runs import Runs
from data.heads import Family
from data.runtime.failures import Refused
from embed.apply import apply
from embed.rows.choosing_rows import FEWEST, choosing_rows
from embed.rows.feature_caches import SweptCache, read_cache

RANGE = (0.05, 20.0)


@dataclass(frozen=True)
class Temperature:
    """What was found, and on how many rows of each data set."""

    value: float
    rows: dict


AS_TRAINED = Temperature(1.0, {})


def temperature(runs: Runs, features: Path, family: Family, k: int, *, run: int = 0) -> Temperature:
    """One for all classifiers of a kept head, by the rows that choose a penalty, whose own classifier is asked.

    The head itself has learned on these rows, a twentieth of all, by a layer too small to remember them. features: the
    folder of the caches that it was trained on. Raises Refused where too few rows are unseen; else as
    embed.apply.apply."""
    caches = [read_cache(features / f"{name}.h5") for name in runs.classifiers]
    choosing = choosing_rows(caches, seed=0)
    if choosing is None:
        raise Refused(
            f"fewer than {FEWEST} rows of {features} are unseen by the network, so nothing tells how sure it may be; "
            "train with a larger --hold-out"
        )
    asked = [cache for cache in choosing.caches if cache.name in choosing.said]
    logits, emotion = zip(*(_answers(runs, cache, family, k, run) for cache in asked))
    rows = {name: each["rows"] for name, each in choosing.said.items()}
    return Temperature(best(np.concatenate(logits), np.concatenate(emotion)), rows)


def best(logits: np.ndarray, emotion: np.ndarray) -> float:
    """The temperature, within RANGE, of the least mean cross entropy of logits (n, C) with the emotions (n,)."""

    def loss(logarithm):
        scaled = logits / np.exp(logarithm)
        return (np.logaddexp.reduce(scaled, axis=1) - scaled[np.arange(len(emotion)), emotion]).mean()

    return float(np.exp(minimize_scalar(loss, bounds=np.log(RANGE), method="bounded").x))


def _answers(runs: Runs, cache: SweptCache, family: Family, k: int, run: int) -> tuple[np.ndarray, np.ndarray]:
    """(logits (n, C) but for a constant, emotions (n,)) of a domain's unseen rows by its own classifier."""
    asked = cache.test  # where choosing_rows puts them
    applied = apply(runs, asked.path, family, k, run=run, classifier=cache.name)
    place = np.flatnonzero(applied.columns["split"] == asked.split)[asked.position]
    probabilities = applied.probabilities[cache.name][place].astype(np.float64)
    return np.log(np.maximum(probabilities, np.finfo(np.float32).tiny)), applied.label[place]
