"""Stage two at the paper's size: the stacked trainer beside what others would write, in the same run.

    python -m tests.benchmarks.sweep [--steps 12] [--json]

Planted data (made up), 283,901 + 11,271 + 871 training rows x 512, three domains, 10 epochs, batch 4,096, weighted
loss, shuffled, gather included. A number of steps of everything is timed, in turns, so that all see the same noise;
medians are scaled to epochs. Rates are compared with that of a plain product of two 4,096 x 4,096 matrices in float32,
timed in the same turns."""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable

import numpy as np
import torch

from data.files.runs import Head, Runs
from data.runtime.device import choose_device, use_own_cpus
from embed.heads.scoring import outcomes
from embed.heads.stacked_training import Trainer
from embed.plan import blocks
from embed.rows import feature_store
from embed.rows.corpus import Corpus, assemble
from embed.rows.feature_caches import read_cache
from embed.rows.minibatches import Batches
from embed.settings import RUNS, HeadSettings
from embed.sizes import parse_sizes
from tests.benchmarks import planted
from tests.benchmarks.baselines import Data, module_step, vmap_step

REFERENCE = {"epochs": 10, "steps": 0, "largest_batch": 4096}
GRID = [(family, k) for k in parse_sizes("1..512:log") for family in ("cake", "av")]
MEANING = {
    "epochs": "   of which a share of the steps is timed and scaled",
    "heads": "   of Figure 4's grid",
    "pass_seconds": "   an epoch: gather, product, softmax, product, of all heads",
    "adam_seconds": "   an epoch: gradients pulled back, Adam, effective weights rebuilt",
    "speedup_float32": "   times faster than one module after another",
    "speedup_bfloat16": "   times faster than one float32 module after another",
    "speedup_vmap": "   times faster than vmap over ten modules of equal k",
    "share_pass": "   of the product rate, useful arithmetic: 4 x rows x 512 x 7 x heads, also for small k",
    "growth_heads": "   time over that of linear growth",
    "growth_rows": "   the same for rows",
}
SAMPLED_BLOCKS = (1, 6, 13, 26, 39, 51)  # of the 52 blocks of ten neighbouring k; the others lie on lines between
PRODUCT = 4096


class Stacked:
    """A trainer that is stepped by hand, each part of a step timed."""

    def __init__(self, corpus: Corpus, heads: list[Head], settings: HeadSettings):
        self.trainer, self.heads = Trainer(corpus, heads, settings), len(heads)
        self.trainer.rebuild()
        self.stream = iter(Batches(corpus, settings))
        self.gather, self.data_pass, self.adam = [], [], []

    def step(self, _: object = None) -> None:
        """One step on the next batch of its own stream, whatever batch it is given."""
        begun = now(self.trainer)
        batch = next(self.stream)
        gathered = now(self.trainer)
        self.trainer.accumulate(batch)
        passed = now(self.trainer)
        self.trainer.step(1e-3)
        self.gather.append(gathered - begun)
        self.data_pass.append(passed - gathered)
        self.adam.append(now(self.trainer) - passed)

    def seconds(self) -> tuple[float, float]:
        """(data pass with its gather, rebuild and Adam) of a median step."""
        gather, data_pass, adam = (statistics.median(kept[1:]) for kept in (self.gather, self.data_pass, self.adam))
        return gather + data_pass, adam


def now(trainer: Trainer) -> float:
    """The time, when the device has done what it was given."""
    if trainer.corpus.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def heads_of(pairs: Iterable, runs: int = RUNS) -> list[Head]:
    """Every run of each (family, k)."""
    return [Head(family, k, run) for family, k in pairs for run in range(runs)]


def turns(steps: int, calls: dict, order: list[torch.Tensor]) -> dict:
    """Name -> median seconds of a call, all called in turn; the first turn warms up."""
    found = {name: [] for name in calls}
    for turn in range(steps + 1):
        for name, call in calls.items():
            begun = time.perf_counter()
            call(order[turn % (len(order) - 1)])
            found[name].append(time.perf_counter() - begun)
    return {name: statistics.median(times[1:]) for name, times in found.items()}


def product() -> Callable:
    """call(_): one product of two matrices in float32."""
    a, b = torch.randn(PRODUCT, PRODUCT), torch.randn(PRODUCT, PRODUCT)
    return lambda _: torch.mm(a, b)


def useful(rows: float, heads: int) -> float:
    """Floating point operations of the 512 x 7 products, forward and backward."""
    return 4 * rows * 512 * 7 * heads


def measure(corpus: Corpus, steps: int, precisions: list[str]) -> dict:
    """The heads of Figure 4's grid: seconds of an epoch, beside one module after another and vmap."""
    reference = HeadSettings(**REFERENCE)
    batches = Batches(corpus, reference)
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(corpus.emotion))).split(batches.size)
    epoch = batches.per_epoch
    found = {
        "epochs": REFERENCE["epochs"],
        "batch": batches.size,
        "steps_timed": steps,
        "threads": torch.get_num_threads(),
        "heads": RUNS * len(GRID),
    }
    print("the logarithmic grid ...", file=sys.stderr)
    data = Data(corpus)
    stacks = {
        precision: Stacked(corpus, heads_of(GRID), HeadSettings(**REFERENCE, precision=precision))
        for precision in precisions
    }
    calls = {"product": product(), **{precision: stack.step for precision, stack in stacks.items()}}
    calls |= {("module", *pair): module_step(data, *pair) for pair in GRID}
    calls |= {("vmap", *pair): vmap_step(data, *pair, RUNS) for pair in GRID}
    seconds = turns(steps, calls, order)
    rate = 2 * PRODUCT**3 / seconds["product"]
    modules = RUNS * sum(seconds[("module", *pair)] for pair in GRID)
    vmapped = sum(seconds[("vmap", *pair)] for pair in GRID)
    data_pass, adam = stacks["float32"].seconds()
    work = useful(len(corpus.emotion) / epoch, found["heads"])
    found |= {
        "product_gflops": rate / 1e9,
        "pass_seconds": data_pass * epoch,
        "adam_seconds": adam * epoch,
        "module_epoch_seconds": modules * epoch,
        "vmap_epoch_seconds": vmapped * epoch,
        "share_pass": work / data_pass / rate,
        "share_whole": work / (data_pass + adam) / rate,
        "speedup_vmap": vmapped / (data_pass + adam),
    }
    for precision, stack in stacks.items():
        found[f"epoch_seconds_{precision}"] = sum(stack.seconds()) * epoch
        found[f"speedup_{precision}"] = modules / sum(stack.seconds())
    return found


def every_integer(corpus: Corpus, runs: Runs, steps: int, precision: str) -> float:
    """Minutes of the 10,240 heads of two families, k = 1..512 and ten runs, at the reference setting.

    Each block is scored once."""
    settings = HeadSettings(**REFERENCE, precision=precision)
    plan = blocks(range(1, 513), ("cake", "av"), RUNS, predicts=True, annotated=False)
    rest = plan[2:]
    sampled = {position: Stacked(corpus, rest[position], settings) for position in SAMPLED_BLOCKS}
    grid = Stacked(corpus, plan[1], settings)
    for _ in range(steps + 1):
        for stack in (grid, *sampled.values()):
            stack.step()
    seconds = [sum(stack.seconds()) / stack.heads for stack in sampled.values()]  # of a head
    total = sum(len(block) * np.interp(position, list(sampled), seconds) for position, block in enumerate(rest))
    total += sum(grid.seconds())
    begun = time.perf_counter()
    outcomes(corpus, sampled[SAMPLED_BLOCKS[2]].trainer.trained(), settings, runs)
    scoring = (time.perf_counter() - begun) * len(plan)
    batches = Batches(corpus, settings)
    return (total * batches.per_epoch * batches.epochs + scoring) / 60


def growth(corpus: Corpus, steps: int) -> dict:
    """Time of x times as many heads, and rows, over x times the time: 1 is linear, below 1 is better."""
    settings = HeadSettings(**REFERENCE)
    order = heads_of(GRID)
    np.random.default_rng(0).shuffle(order)
    stacks = {times: Stacked(corpus, order[: 27 * times], settings) for times in (1, 2, 4, 8)}
    whole = Batches(corpus, settings)
    shares = {times: whole.per_epoch * times // 4 for times in (1, 2, 4)}  # batches an epoch, which all cost the same
    for _ in range(steps + 1):
        for stack in stacks.values():
            stack.step()
    seconds = {times: sum(stack.seconds()) for times, stack in stacks.items()}
    rows = {times: timed_epoch(stacks[1], count) for times, count in shares.items()}
    return {
        "growth_heads": {times: seconds[times] / times / seconds[1] for times in (2, 4, 8)},
        "growth_rows": {times: rows[times] / times / rows[1] for times in (2, 4)},
    }


def timed_epoch(stack: Stacked, count: int) -> float:
    """Seconds of so many steps."""
    begun = time.perf_counter()
    for _ in range(count):
        stack.step()
    return time.perf_counter() - begun


PEAK = """
import functools, sys
from embed import settings
settings.HeadSettings = functools.partial(settings.HeadSettings, epochs=1, steps=0)
sys.argv = ["embed", "sweep", "--workdir", {folder!r}, "--k", "503..512", "--device", "cpu", "--results", {results!r}]
from embed.cli import main
main()
"""


def peak_memory(folder: str) -> float:
    """GiB of a whole process that sweeps the largest sizes for an epoch, scores them and writes the results."""
    code = PEAK.format(folder=folder, results=f"{folder}/peak.h5")
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20


def default_setting(corpus: Corpus, found: dict) -> dict:
    """The shipped setting: its length in epochs, its batch, and what the grid takes with it.

    found: the measured seconds of an epoch at the reference setting."""
    batches = Batches(corpus, HeadSettings())
    epoch_seconds = found["pass_seconds"] + found["adam_seconds"] * found["batch"] / batches.size
    return {
        "default_epochs": batches.epochs,
        "default_batch": batches.size,
        "default_grid_seconds": batches.epochs * epoch_seconds,
    }


def run(steps: int) -> dict:
    """Everything that is printed, by name."""
    precisions = ["float32"]
    if torch.ops.mkldnn._is_mkldnn_bf16_supported():
        precisions.append("bfloat16")
    with tempfile.TemporaryDirectory() as folder:
        caches = [read_cache(path) for path in planted.write(folder)]
        print("peak memory ...", file=sys.stderr)
        found = {"peak_rss_gib": peak_memory(folder)}
        store = feature_store.store([cache.train for cache in caches], memory=float("inf"), device="cpu")
        corpus = assemble(caches, store)
        runs = Runs({}, corpus.names, {cache.name: cache.test for cache in caches}, True, {})
        found |= measure(corpus, steps, precisions)
        found |= default_setting(corpus, found)
        print("growth ...", file=sys.stderr)
        found |= growth(corpus, steps)
        for precision in precisions:
            print(f"every integer, {precision} ...", file=sys.stderr)
            suffix = "" if precision == "float32" else f"_{precision}"
            found[f"every_integer_minutes{suffix}"] = every_integer(corpus, runs, steps, precision)
        device = choose_device(None)
        if device.type == "cuda":
            store = feature_store.store([cache.train for cache in caches], memory=float("inf"), device=device)
            corpus = assemble(caches, store, device=device)
            found["every_integer_seconds_gpu"] = 60 * every_integer(corpus, runs, steps, "float32")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    use_own_cpus()
    found = run(options.steps)
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        shown = f"{value:.4g}" if isinstance(value, float) else value
        if isinstance(value, dict):
            shown = ", ".join(f"x{times}: {each:.3g}" for times, each in value.items())
        print(f"{name:32}{shown}{MEANING.get(name, '')}")


if __name__ == "__main__":
    main()
