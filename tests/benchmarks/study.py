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
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from data import metrics
from data.files.runs import Head, Runs
from data.files.runs import TestSet as HeldOut
from data.runtime.device import use_own_cpus
from embed.heads.scoring import outcomes
from embed.heads.stacked_training import Trainer
from embed.rows import feature_store
from embed.rows.corpus import Corpus, assemble, has_predictions
from embed.rows.feature_caches import CacheSplit, SweptCache, read_cache
from embed.settings import HeadSettings
from tests.benchmarks import planted

HEADS = (
    *(("cake", k) for k in (2, 3, 8, 64, 512)),
    *(("av", k) for k in (0, 1, 64)),
    ("cake-norm", 3),
    ("baseline", 0),
)
RUNS = 3


def held_out(cache: SweptCache, generator: np.random.Generator) -> SweptCache:
    """The cache with a tenth of its training rows in the place of its test rows."""
    out = generator.random(len(cache.train)) < 0.1
    return dataclasses.replace(cache, train=chosen(cache.train, ~out), test=chosen(cache.train, out))


def chosen(part: CacheSplit, rows: np.ndarray) -> CacheSplit:
    """The rows of a mask."""
    fields = {name: getattr(part, name)[rows] for name in ("position", "emotion", "row", "annotated")}
    return dataclasses.replace(part, **fields, predicted=None if part.predicted is None else part.predicted[rows])


def candidates(default: HeadSettings) -> dict:
    """Name -> HeadSettings: the default, then one thing changed at a time, then ten times the length."""
    change = lambda **fields: dataclasses.replace(default, **fields)
    found = {"default": default}
    for epochs in (default.epochs // 2, default.epochs * 2):
        steps = default.steps * epochs // default.epochs
        found[f"epochs {epochs}, steps {steps}"] = change(epochs=epochs, steps=steps)
    for rate in (1e-3, 2e-3, 5e-3, 1e-2, 2e-2):
        found[f"rate {rate:g}"] = change(rate=rate, baseline_rate=rate)
    for batch in (1024, 2048, 8192):
        found[f"batch {batch}"] = change(largest_batch=batch, steps=default.steps * 4096 // batch)
    return found | {"scaling none": change(scaling="none"), **longer(default)}


def longer(default: HeadSettings) -> dict:
    """Name -> HeadSettings of ten times the length."""
    return {"ten times as long": dataclasses.replace(default, epochs=10 * default.epochs, steps=10 * default.steps)}


def measure(corpus: Corpus, runs: Runs, settings: HeadSettings, kinds: list) -> dict:
    """Label of each kind of head -> (training loss, macro F1, its deviation over runs)."""
    heads = [Head(family, k, run) for family, k in kinds for run in range(RUNS)]
    trainer = Trainer(corpus, heads, settings)
    trainer.train()
    made = outcomes(corpus, trainer.trained(), settings, runs)
    sizes = [len(test.emotion) for test in runs.tests.values()]
    found = {}
    for family, k in kinds:
        own = [made[Head(family, k, run)] for run in range(RUNS)]
        loss, scores = np.mean([one.loss for one in own]), [multi_domain(one.confusion, sizes) for one in own]
        found[f"{family} {k}"] = float(loss), 100 * float(np.mean(scores)), 100 * float(np.std(scores, ddof=1))
    return found


def multi_domain(confusion: np.ndarray, sizes: list) -> float:
    """Macro F1 of each domain on its own test rows, averaged by their number."""
    return np.average([metrics.macro_f1_score(confusion[place, place]) for place in range(len(sizes))], weights=sizes)


def study(paths: list[Path], settings: dict) -> Iterator[tuple[str, float, dict]]:
    """Yield (name, seconds, measures) for every candidate."""
    caches = sorted(map(read_cache, paths), key=lambda cache: -len(cache.train))
    generator = np.random.default_rng(0)
    caches = [held_out(cache, generator) for cache in caches]
    tests = {}
    for cache in caches:
        test = cache.test
        tests[cache.name] = HeldOut(test.emotion.astype(np.int8), test.row, test.status_counts)
    runs = Runs({}, tuple(tests), tests, True, {})
    store = feature_store.store([cache.train for cache in caches], memory=float("inf"), device="cpu")
    predicted = has_predictions(caches)
    kinds = [(family, k) for family, k in HEADS if family != "av" or predicted]
    for name, own in settings.items():
        begun = time.monotonic()
        found = measure(assemble(caches, store, scaling=own.scaling), runs, own, kinds)
        yield name, time.monotonic() - begun, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("caches", nargs="*", type=Path)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    use_own_cpus()
    default = HeadSettings()
    settings = {"default": default, **longer(default)} if options.check else candidates(default)
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, seconds, found) in enumerate(study(options.caches or planted.write(folder), settings)):
            if options.json:
                print(json.dumps({"setting": name, "seconds": seconds, "measures": found}), flush=True)
                continue
            if not number:
                print(f"{'':30}" + "".join(f"{label:>19}" for label in found))
            cells = (f"  {loss:.5f} {score:5.2f}±{deviation:.2f}" for loss, score, deviation in found.values())
            print(f"{name:30}" + "".join(cells), flush=True)


if __name__ == "__main__":
    main()
