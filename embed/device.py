"""Where the heads are trained, with how many threads, and how much memory their features may take."""

import os

import torch

from data.runtime.failures import Refused
from data.runtime.machine import available_cpus, available_memory

FLOP_A_THREAD = (
    5e8  # of a step; below, threads wait for each other longer than they help, by far on a machine that others use too
)
SHARE = (
    0.5  # of the memory that is free, for the features; the rest is for the heads, their products and other programs
)


def choose_device(name, *, rank=0):
    """The torch.device asked for, or the best there is. rank: of the process on this machine, which takes its own GPU.

    Raises ValueError where one was asked for that is not there."""
    found = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if name not in (None, "cpu", found):
        raise Refused(
            f"device {name} was asked for, but torch finds {found} here; install the build of torch for it, "
            "or leave --device out"
        )
    name = name or found
    return torch.device(name, rank % torch.cuda.device_count()) if name == "cuda" else torch.device(name)


def refuse_precision(precision, device):
    """Raise ValueError where the device does not compute in bfloat16: emulated, it would be slower and no better."""
    if precision == "bfloat16" and not _has_bfloat16(device):
        raise Refused(f"bfloat16 was asked for, but this {device.type} does not compute in it; leave --precision out")


def _has_bfloat16(device):
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "mps" or torch.ops.mkldnn._is_mkldnn_bf16_supported()  # oneDNN's own answer


def use_available_cpus():
    """As many threads as CPUs, by affinity and quota; a user's own OMP_NUM_THREADS stands."""
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(available_cpus())


def threads_for(flop, most):
    """How many of `most` threads a step of so many floating point operations is worth."""
    return max(1, min(most, int(flop / FLOP_A_THREAD)))


def feature_memory(device):
    """Bytes that cached features may take on a device by default."""
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else available_memory()
    return int(SHARE * free)
