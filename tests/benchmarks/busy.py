"""Training beside other programs that keep CPUs busy: images a second, and the share of what is fairly its own.

    python -m tests.benchmarks.busy [--loops 2] [--seconds 20] [--size 64]

Steps of `extract train` on made-up crops. "Fair" is the rate of a quiet machine times the share of the CPUs that the
same number of threads would be given beside so many busy loops. Timed in turns, medians of them."""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import torch

from data.runtime.device import choose_precision
from data.runtime.ranks import ALONE, own_cpus
from data.runtime.spare_cpus import SpareCpus
from extract.training.backbone_training import TrainingSettings
from extract.training.step import Step

BATCH, TURNS = 32, 3
CPU = torch.device("cpu")


@contextlib.contextmanager
def busy(loops: int) -> Iterator[None]:
    """So many processes that do nothing but count."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(loops)]
    try:
        time.sleep(0.5)
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def rate(
    step: Step, pixels: torch.Tensor, labels: torch.Tensor, seconds: float, *, threads: int, follow: bool
) -> float:
    """Images a second of steps on `threads` threads, or on as many at most where the number follows."""
    torch.set_num_threads(threads)
    spare = SpareCpus(threads if follow else 1, set_threads=torch.set_num_threads)
    generator, begun, images = torch.Generator().manual_seed(0), time.perf_counter(), 0
    while (passed := time.perf_counter() - begun) < seconds:
        step(pixels, labels, generator, rows=BATCH, rate=1e-4)
        spare.follow()
        images += BATCH
    return images / passed


def measure(loops: int, seconds: float, size: int) -> dict:
    """Name -> images a second."""
    cpus, generator = own_cpus(), np.random.default_rng(0)
    settings = TrainingSettings("emotion", image_size=size, batch=BATCH, precision=choose_precision(CPU))
    step = Step(settings, np.ones(7), CPU, ALONE)
    step.begin()
    pixels = torch.from_numpy(generator.integers(0, 256, (BATCH, size, size, 3), dtype=np.uint8))
    given = step, pixels, torch.from_numpy(generator.integers(0, 7, BATCH))
    rate(*given, 2.0, threads=cpus, follow=False)  # warms up
    found = {}
    for _ in range(TURNS):
        for name, others, threads, follow in (
            ("quiet", 0, cpus, False),
            ("quiet, following", 0, cpus, True),
            ("busy, all threads", loops, cpus, False),
            ("busy, one thread", loops, 1, False),
            ("busy, following", loops, cpus, True),
        ):
            with busy(others):
                found.setdefault(name, []).append(rate(*given, seconds, threads=threads, follow=follow))
    return {name: statistics.median(rates) for name, rates in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loops", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--size", type=int, default=64)
    options = parser.parse_args()
    os.environ.pop("OMP_NUM_THREADS", None)
    found, cpus = measure(options.loops, options.seconds, options.size), own_cpus()
    fair = found["quiet"] * cpus / (cpus + options.loops)
    print(f"{cpus} CPUs, {options.loops} busy loops, {options.size} px; fair: {fair:.0f} images/s")
    for name, images in found.items():
        print(f"{name:20} {images:6.0f} images/s  {images / fair:5.0%} of fair")


if __name__ == "__main__":
    main()
