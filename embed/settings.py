"""Every hyperparameter of stage two, with where it comes from.

What is ours was chosen by `python -m tests.benchmarks.study`."""

import hashlib
import math
from dataclasses import asdict, dataclass

from data.files.runs import Head
from data.heads import Family


@dataclass(frozen=True)
class HeadSettings:
    """What changes a trained head. "paper" is stated there; "ours" the paper leaves open."""

    seed: int = 0
    optimizer: str = "Adam"  # paper
    rate: float = 2e-2  # ours, at the start; half a cosine takes it to 0, so that heads end where they converge
    # ours; 3,584 weights a classifier fit small data sets too closely at the rate that small heads need
    baseline_rate: float = 2e-3
    epochs: int = 20  # ours; passes over the union of the domains, or as many as `steps` takes, whichever is longer
    steps: int = 1400  # ours; what small data sets need to converge as well
    largest_batch: int = 4096  # ours
    batches_an_epoch: int = 32  # ours; at least so many, so that small data sets take steps of a fair size
    # ours, or none; each feature to mean 0 and deviation 1 over the training rows, folded into the weights
    scaling: str = "standard"
    shuffled_rows: int = 2**19  # ours; rows shuffled together; more than that pass in pools, so that a disk can keep up
    # ours, or none: lambda (|A|^2 + |B|^2) in the loss, biases apart. On features that a network has memorised, heads
    # without it have no finite optimum: the longer they train, the more confident and the worse they are
    penalty: float = 0.0
    precision: str = "float32"  # of the wide products; factors and Adam stay in float32

    def rate_of(self, family: Family, k: int) -> float:
        """Learning rate at the start. The effective weights B A move by a sum over k: halved for every two doublings of
        k from 16."""
        return self.rate / 2 ** (doublings(k) / 2) if family.projects else self.baseline_rate

    def identity(self) -> dict:
        """What must agree before heads join a results file. A penalty of 0 is none, as before there was one."""
        fields = asdict(self)
        return fields if self.penalty else {name: value for name, value in fields.items() if name != "penalty"}

    def batch(self, rows: int) -> int:
        """Rows of a batch, of so many training rows."""
        return max(1, min(self.largest_batch, rows // self.batches_an_epoch))


def doublings(k: int) -> int:
    """How often k learned dimensions double from 16: 0 below, 1 to 31, 2 to 63, and so on. At one rate for all, heads
    from k = 64 move so far in a step that on poor features rounding decides where they end; with a full halving each,
    those of k = 512 end too early."""
    return max(0, k.bit_length() - 4)


def decay(step: int, steps: int) -> float:
    """The share of the rate at a step: half a cosine from 1 to 0."""
    return 0.5 * (1 + math.cos(math.pi * step / steps))


def head_seed(seed: int, head: Head) -> int:
    """A 63-bit seed that depends on (seed, family, k, run) alone, so that a head is the same beside whatever others."""
    text = f"{seed} {head.family} {head.k} {head.run}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


BETAS, EPS = (0.9, 0.999), 1e-8  # Adam's own (Kingma and Ba 2014); the paper names no others
RUNS = 10  # paper: "averaged on 10 runs, with different initializations"
