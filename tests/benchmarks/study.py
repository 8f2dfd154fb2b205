"""How long to train, how fast, in what batches: the defaults of embed/settings.py, chosen on held-out training rows.

    python -m tests.benchmarks.study                           planted data of the paper's size
    python -m tests.benchmarks.study features/a.h5 ...         one's own caches
    python -m tests.benchmarks.study --check                   the default beside ten times its length, alone

A seeded tenth of the training rows of each domain is held out; no test row is touched. For each setting: Eq. 1 on the
training rows, the held-out multi-domain macro F1 in percent, and the deviation of the latter over runs, for every kind
of head."""

import argparse
import dataclasses
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from data import metrics
from data.files.runs import Head, Runs
from data.files.runs import TestSet as HeldOut
from embed.device import use_available_cpus
from embed.heads.scoring import outcomes
from embed.heads.stacked_training import Trainer
from embed.rows import feature_store
from embed.rows.corpus import assemble
from embed.rows.feature_caches import read_cache
from embed.settings import HeadSettings
from tests.benchmarks import planted

HEADS = (
    ("cake", 2),
    ("cake", 3),
    ("cake", 8),
    ("cake", 64),
    ("cake", 512),
    ("av", 0),
    ("av", 1),
    ("av", 64),
    ("cake-norm", 3),
    ("baseline", 0),
)
RUNS = 3


def held_out(cache, generator):
    """The cache with a tenth of its training rows in the place of its test rows."""
    out = generator.random(len(cache.train)) < 0.1
    return dataclasses.replace(cache, train=chosen(cache.train, ~out), test=chosen(cache.train, out))


def chosen(part, rows):
    fields = {name: getattr(part, name)[rows] for name in ("position", "emotion", "row", "annotated")}
    return dataclasses.replace(part, **fields, predicted=None if part.predicted is None else part.predicted[rows])


def candidates(default):
    """Name -> HeadSettings: the default, then one thing changed at a time, then ten times the length."""
    change = lambda **fields: dataclasses.replace(default, **fields)
    found = {"default": default}
    for epochs in (default.epochs // 2, default.epochs * 2):
        found[f"epochs {epochs}, steps {default.steps * epochs // default.epochs}"] = change(
            epochs=epochs, steps=default.steps * epochs // default.epochs
        )
    found |= {f"rate {rate:g}": change(rate=rate, baseline_rate=rate) for rate in (1e-3, 2e-3, 5e-3, 1e-2, 2e-2)}
    found |= {
        f"batch {batch}": change(largest_batch=batch, steps=default.steps * 4096 // batch)
        for batch in (1024, 2048, 8192)
    }
    return found | {"scaling none": change(scaling="none"), **longer(default)}


def longer(default):
    return {"ten times as long": dataclasses.replace(default, epochs=10 * default.epochs, steps=10 * default.steps)}


def measure(corpus, runs, settings, kinds):
    """Label of each kind of head -> (training loss, macro F1, its deviation over runs)."""
    heads = [Head(family, k, run) for family, k in kinds for run in range(RUNS)]
    trainer = Trainer(corpus, heads, settings)
    trainer.train()
    made = outcomes(corpus, trainer.trained(), settings, runs)
    sizes = [len(test.emotion) for test in runs.tests.values()]
    found = {}
    for family, k in kinds:
        own = [made[Head(family, k, run)] for run in range(RUNS)]
        scores = [
            np.average(
                [metrics.macro_f1_score(one.confusion[place, place]) for place in range(len(sizes))], weights=sizes
            )
            for one in own
        ]
        found[f"{family} {k}"] = (
            float(np.mean([one.loss for one in own])),
            100 * float(np.mean(scores)),
            100 * float(np.std(scores, ddof=1)),
        )
    return found


def study(paths, settings):
    """Yield (name, seconds, measures) for every candidate."""
    caches = sorted(map(read_cache, paths), key=lambda cache: -len(cache.train))
    generator = np.random.default_rng(0)
    caches = [held_out(cache, generator) for cache in caches]
    tests = {
        cache.name: HeldOut(cache.test.emotion.astype(np.int8), cache.test.row, cache.test.status_counts)
        for cache in caches
    }
    runs = Runs({}, tuple(tests), tests, True, {})
    store = feature_store.store([cache.train for cache in caches], memory=float("inf"), device="cpu")
    kinds = [kind for kind in HEADS if kind[0] != "av" or all(cache.train.predicted is not None for cache in caches)]
    for name, own in settings.items():
        begun = time.monotonic()
        found = measure(assemble(caches, store, scaling=own.scaling), runs, own, kinds)
        yield name, time.monotonic() - begun, found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("caches", nargs="*", type=Path)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    use_available_cpus()
    default = HeadSettings()
    settings = {"default": default, **longer(default)} if options.check else candidates(default)
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, seconds, found) in enumerate(study(options.caches or planted.write(folder), settings)):
            if options.json:
                print(json.dumps({"setting": name, "seconds": seconds, "measures": found}), flush=True)
                continue
            if not number:
                print(f"{'':30}" + "".join(f"{label:>19}" for label in found))
            print(
                f"{name:30}"
                + "".join(f"  {loss:.5f} {score:5.2f}±{deviation:.2f}" for loss, score, deviation in found.values()),
                flush=True,
            )


if __name__ == "__main__":
    main()
