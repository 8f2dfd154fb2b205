"""Where networks and heads are computed, in which precision, with how many threads, and how much memory their features
may take."""

import os
from typing import TYPE_CHECKING

from data.runtime.failures import Refused
from data.runtime.machine import available_memory
from data.runtime.ranks import ALONE, Ranks, own_cpus

if TYPE_CHECKING:
    import torch

# Of a step; below, threads wait for each other longer than they help, by far on a machine that others use too.
FLOP_A_THREAD = 5e8
# Of the memory that is free, for the features; the rest is for the heads, their products and other programs.
SHARE_OF_MEMORY = 0.5


def choose_device(name: str | None = None, ranks: Ranks = ALONE) -> "torch.device":
    """The device asked for, or the best there is. Each of several processes on a machine takes its own GPU.

    Raises Refused where one was asked for that is not there, or this process has no GPU left."""
    import torch

    found = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if name not in (None, "cpu", found):
        raise Refused(
            f"device {name} was asked for, but torch finds {found} here; install the build of torch for it, "
            "or leave --device out"
        )
    name = name or found
    if name == "mps" and ranks.world > 1:
        raise Refused("several processes run on cuda or cpu, and torch finds mps here; start one, or add --device cpu")
    return _own_gpu(ranks) if name == "cuda" else torch.device(name)


def _own_gpu(ranks):
    import torch

    if ranks.local >= torch.cuda.device_count():
        raise Refused(
            f"{ranks.local + 1} processes were started here, each takes a GPU, and torch finds "
            f"{torch.cuda.device_count()}; start {torch.cuda.device_count()}, or add --device cpu"
        )
    torch.cuda.set_device(ranks.local)  # else every process would hold memory of the first GPU too
    return torch.device("cuda", ranks.local)


def has_bfloat16(device: "torch.device") -> bool:
    """Whether the device computes in bfloat16; elsewhere it is emulated, slower than float32 and no better."""
    import torch

    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "mps" or torch.ops.mkldnn._is_mkldnn_bf16_supported()  # oneDNN's own answer


def choose_precision(device: "torch.device") -> str:
    """bfloat16 where the hardware computes in it (2 to 3 times faster; not measured on mps), else float32."""
    return "bfloat16" if device.type != "mps" and has_bfloat16(device) else "float32"


def refuse_precision(precision: str, device: "torch.device") -> None:
    """Raise Refused where bfloat16 is asked of a device that does not compute in it."""
    if precision == "bfloat16" and not has_bfloat16(device):
        raise Refused(f"bfloat16 was asked for, but this {device.type} does not compute in it; leave --precision out")


def use_own_cpus() -> None:
    """As many threads as this process has CPUs, by affinity, quota and the other processes here; a user's own
    OMP_NUM_THREADS stands."""
    import torch

    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(own_cpus())


def own_threads() -> int:
    """Batches that the CPU works on side by side: one a CPU, or as few as a user's OMP_NUM_THREADS says."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    # torchrun sets it to 1 in every process of its own accord, so there it says nothing
    if "LOCAL_WORLD_SIZE" in os.environ or not asked.isdigit() or int(asked) == 0:
        return own_cpus()
    return min(int(asked), own_cpus())


def threads_for(flop: float, most: int) -> int:
    """How many of `most` threads a step of so many floating point operations is worth."""
    return max(1, min(most, int(flop / FLOP_A_THREAD)))


def feature_memory(device: "torch.device") -> int:
    """Bytes that cached features may take on a device by default."""
    import torch

    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else available_memory()
    return int(SHARE_OF_MEMORY * free)
