"""What a training step costs with covariance pooling beside one with average pooling, ResNet-18, in ratios of pairs.

    python -m tests.benchmarks.pooling_cost [--batch 64] [--size 64] [--pairs 20] [--precision bfloat16] [--threads N]

Random pixels in memory: augmentation, network, loss, gradient and optimizer are timed, decoding is not. A pair is one
step of each, right after one another, so that what else the machine does strikes both; the median of the pairs' ratios
is printed with its quartiles."""

import argparse
import statistics
import time

import numpy as np
import torch

from data.runtime.device import choose_device
from data.runtime.ranks import ALONE
from extract.network.precision import PRECISIONS
from extract.training.backbone_training import TrainingSettings
from extract.training.step import Step


def steps(device: torch.device, *, batch: int, size: int, precision: str, **settings) -> "callable":
    """A function that makes one step and returns its seconds."""
    settings = TrainingSettings("emotion", image_size=size, batch=batch, precision=precision, **settings)
    step = Step(settings, np.ones(7), device, ALONE)
    step.begin()
    pixels = torch.randint(0, 256, (batch, size, size, 3), dtype=torch.uint8, device=device)
    labels = torch.arange(batch, device=device) % 7
    generator = torch.Generator(device).manual_seed(0)

    def timed():
        begun = time.perf_counter()
        step(pixels, labels, generator, rows=batch, rate=1e-4).item()
        return time.perf_counter() - begun

    return timed


def ratios(pairs: int, first: "callable", second: "callable") -> tuple[list[float], list[float]]:
    """(seconds of the first in each pair, how many times as long the second takes); behind three pairs to warm up."""
    found = [(first(), second()) for _ in range(pairs + 3)][3:]
    return [one for one, _ in found], [other / one for one, other in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--precision", choices=PRECISIONS, default="bfloat16")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = choose_device(None, ALONE)
    common = {name: getattr(options, name) for name in ("batch", "size", "precision")}
    both = (steps(device, pooling=pooling, **common) for pooling in ("average", "covariance"))
    plain, times = ratios(options.pairs, *both)
    low, median, high = statistics.quantiles(times, n=4)
    print(
        f"{common} on {device}, {options.threads} threads: {1e3 * statistics.median(plain):.0f} ms a plain step, "
        f"covariance pooling takes {median:.2f} times as long ({low:.2f} to {high:.2f})"
    )


if __name__ == "__main__":
    main()
