"""Every hyperparameter of stage two, with where it comes from.

What is ours was chosen so that the results do not depend on it: `python -m tests.benchmarks.length`."""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data.files.runs import Head
    from data.heads import Family

BALANCED, NONE = "balanced", "none"  # w_class of Eq. 1, or 1 for every class
UNSAID = {"penalty": 0.0, "class_weights": BALANCED}  # what results mean that do not say it
RATE_RULE = "halved for every two doublings of the dimensions from 16; of a baseline all features count"


@dataclass(frozen=True)
class HeadSettings:
    """What changes a trained head. "paper" is stated there; "ours" the paper leaves open."""

    seed: int = 0
    optimizer: str = "Adam"  # paper
    rate: float = 2e-2  # ours, at the start; half a cosine takes it to 0, so that heads end where they converge
    rate_rule: str = RATE_RULE  # ours, of all heads
    epochs: int = 20  # ours; passes over the union of the domains, or as many as `steps` takes, whichever is longer
    steps: int = (
        4200  # ours; what heads need to converge: three or ten times as many move no score by more than runs do
    )
    largest_batch: int = 1536  # ours; 20 epochs of the paper's 296,043 rows are as many steps
    batches_an_epoch: int = 32  # ours; at least so many, so that small data sets take steps of a fair size
    # ours, or none; each feature to mean 0 and deviation 1 over the training rows, folded into the weights; deviations
    # far below the others are floored
    scaling: str = "floored"
    shuffled_rows: int = 2**19  # ours; rows shuffled together; more than that pass in pools, so that a disk can keep up
    # ours, or none: lambda (|A|^2 + |B|^2) in the loss, biases apart. On features that a network has memorised, heads
    # without it have no finite optimum: the longer they train, the more confident and the worse they are
    penalty: float = 0.0
    class_weights: str = BALANCED  # paper; or NONE: probabilities then are those of classes as frequent as in training
    precision: str = "float32"  # of the wide products; factors and Adam stay in float32

    def rate_of(self, family: Family, k: int, features: int) -> float:
        """Learning rate at the start, by RATE_RULE. The effective weights B A move by a sum over k: at one rate for
        all, wide heads move so far in a step that on poor features rounding decides where they end."""
        return self.rate / 2 ** (doublings(k if family.projects else features) / 2)

    def identity(self) -> dict:
        """What must agree before heads join a results file. A penalty of 0 is none, as before there was one, and the
        paper's class weights go without saying, as before there was a choice."""
        return {name: value for name, value in asdict(self).items() if name not in UNSAID or value != UNSAID[name]}

    def batch(self, rows: int) -> int:
        """Rows of a batch, of so many training rows."""
        return max(1, min(self.largest_batch, rows // self.batches_an_epoch))


def doublings(dimensions: int) -> int:
    """How often the dimensions double from 16: 0 below, 1 to 31, 2 to 63, and so on."""
    return max(0, dimensions.bit_length() - 4)


def decay(step: int, steps: int) -> float:
    """The share of the rate at a step: half a cosine from 1 to 0."""
    return 0.5 * (1 + math.cos(math.pi * step / steps))


def head_seed(seed: int, head: Head) -> int:
    """A 63-bit seed that depends on (seed, family, k, run) alone, so that a head is the same beside whatever others."""
    text = f"{seed} {head.family} {head.k} {head.run}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


BETAS, EPS = (0.9, 0.999), 1e-8  # Adam's own (Kingma and Ba 2014); the paper names no others
RUNS = 10  # paper: "averaged on 10 runs, with different initializations"
