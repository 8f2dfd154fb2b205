"""What a step of `extract train` costs by its loss and its network: ratios to the plain one, in paired runs.

    python -m tests.benchmarks.step_cost [--size 64] [--batch 128] [--rounds 12] [--device cuda] [--precision bfloat16]

Every round times steps of each setting in turn, beginning with another one each time; a ratio is of two times of one
round. Printed are the median of the ratios and their quartiles, and those of a second plain one, which is what the
machine's noise makes of no difference. On a CPU it is CPU time, which depends less on other users of the machine. Crops
are random and lie on the device."""

import argparse
import statistics
import time

import numpy as np
import torch
from torch import nn

from data.runtime.device import choose_device, choose_precision, use_own_cpus
from data.runtime.ranks import ALONE
from extract.training.backbone_training import TrainingSettings
from extract.training.step import Step

STEPS = {"cpu": 1, "cuda": 40}  # of a setting in a round
CLOCK = {"cpu": time.process_time, "cuda": time.perf_counter}
TORCH = "torch's convolutions"  # also over the smallest maps, where on a CPU the project has products
SETTINGS = {
    "plain": {},
    "plain again": {},
    "locality-preserving loss": {"locality": 0.003, "neighbours": 20},
    "rates by stage": {"layer_decay": 0.7},
    "covariance pooling": {"pooling": "covariance"},
    TORCH: {},
}


class Setting:
    """Steps of one setting on a batch of random crops."""

    def __init__(self, name: str, options: argparse.Namespace, device: torch.device):
        size, self.batch = options.size, options.batch
        precision = options.precision or choose_precision(device)
        how = {"image_size": size, "batch": self.batch, "precision": precision, **SETTINGS[name]}
        self.step, self.device = Step(TrainingSettings("emotion", **how), np.ones(7), device, ALONE), device
        for module in self.step.network.modules():
            if name == TORCH and isinstance(module, nn.Conv2d):
                module.__class__ = nn.Conv2d
        self.step.begin()
        self.pixels = torch.randint(0, 255, (self.batch, size, size, 3), dtype=torch.uint8, device=device)
        self.labels = torch.arange(self.batch, device=device) % 7
        self.generator = torch.Generator(device).manual_seed(0)

    def seconds(self) -> float:
        """Of one step, from those of a round."""
        clock, steps = CLOCK[self.device.type], STEPS[self.device.type]
        begun = clock()
        for _ in range(steps):
            loss = self.step(self.pixels, self.labels, self.generator, rows=self.batch, rate=1e-5)
        loss.item()
        return (clock() - begun) / steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--device", choices=["cpu", "cuda"])
    parser.add_argument("--precision", choices=["float32", "bfloat16"])
    options = parser.parse_args()
    use_own_cpus()
    device = choose_device(options.device)
    settings = [Setting(name, options, device) for name in SETTINGS]
    rounds = []
    for number in range(options.rounds + 1):
        first = number % len(settings)
        times = [each.seconds() for each in (*settings[first:], *settings[:first])]
        rounds.append(times[len(settings) - first :] + times[: len(settings) - first])
    for name, *ratios in zip(SETTINGS, *([own / each[0] for own in each] for each in rounds[1:])):  # one warms up
        low, middle, high = statistics.quantiles(ratios, n=4)
        print(f"{name:26}{middle:.3f}  ({low:.3f} to {high:.3f})")
    print(f"{statistics.median(each[0] for each in rounds[1:]):.3f} s a plain step of {options.batch} crops")


if __name__ == "__main__":
    main()
