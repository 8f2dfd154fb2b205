"""What a sweep of Figure 4's grid takes at the paper's size, by the size of its batches: a share of the steps is timed.

    python -m tests.benchmarks.steps [--steps 24]

Planted data, 220 heads. The default's length beside 20 epochs of 4,096-row batches, which it was before, each timed
twice in turn; the ratio is of the least times."""

import argparse
import itertools
import tempfile
import time

from data.files.runs import Head
from data.runtime.device import use_own_cpus
from embed.heads.stacked_training import Trainer
from embed.rows import feature_store
from embed.rows.corpus import Corpus, assemble
from embed.rows.feature_caches import read_cache
from embed.rows.minibatches import Batches
from embed.settings import HeadSettings
from embed.sizes import logarithmic
from tests.benchmarks import planted

DEFAULT = HeadSettings(penalty=3e-4)
BEFORE = HeadSettings(penalty=3e-4, largest_batch=4096, steps=1400)
HEADS = [Head(family, k, run) for family in ("cake", "av") for k in logarithmic(1, 512) for run in range(10)]


def seconds(corpus: Corpus, settings: HeadSettings, steps: int) -> float:
    """Of a whole training, from the time of so many steps after the first two."""
    batches, trainer = Batches(corpus, settings), Trainer(corpus, HEADS, settings)
    trainer.rebuild()
    for number, batch in enumerate(itertools.islice(iter(batches), steps + 2)):
        if number == 2:
            begun = time.perf_counter()
        trainer.accumulate(batch)
        trainer.step(1.0)
    return (time.perf_counter() - begun) / steps * len(batches)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=24)
    options = parser.parse_args()
    use_own_cpus()
    with tempfile.TemporaryDirectory() as folder:
        caches = sorted(map(read_cache, planted.write(folder)), key=lambda cache: -len(cache.train))
        store = feature_store.store([cache.train for cache in caches], memory=float("inf"), device="cpu")
        corpus = assemble(caches, store)
        found = [[seconds(corpus, settings, options.steps) for settings in (BEFORE, DEFAULT)] for _ in range(2)]
    before, now = map(min, zip(*found))
    print(f"{len(HEADS)} heads: {now:.0f} s, beside {before:.0f} s before: {now / before:.2f} times as long")


if __name__ == "__main__":
    main()
