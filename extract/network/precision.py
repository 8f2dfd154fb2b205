"""Where the network runs, in which precision, and with how many threads."""

import os

import torch

from data.runtime.failures import Refused
from extract.ranks import own_cpus

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def choose_device(name: str | None = None, *, local: int = 0) -> torch.device:
    """The device asked for, or the best there is.

    local: number of this process on its machine; each takes its own GPU. Raises Refused where the device asked for is
    not there, or no GPU is left for this process."""
    found = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if name not in (None, "cpu", found):
        raise Refused(
            f"device {name} was asked for, but torch finds {found} here; install the build of torch for it, "
            "or leave --device out"
        )
    name = name or found
    if name != "cuda":
        return torch.device(name)
    if local >= torch.cuda.device_count():
        raise Refused(
            f"{local + 1} processes were started here, each takes a GPU, and torch finds {torch.cuda.device_count()}; "
            f"start {torch.cuda.device_count()}, or add --device cpu"
        )
    torch.cuda.set_device(local)  # else every process would hold memory of the first GPU too
    return torch.device("cuda", local)


def choose_precision(device: torch.device) -> str:
    """bfloat16 where the hardware computes in it (2 to 3 times faster), else float32."""
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    # oneDNN's own answer; elsewhere bfloat16 is emulated and slower than float32
    return "bfloat16" if device.type == "cpu" and torch.ops.mkldnn._is_mkldnn_bf16_supported() else "float32"


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """The context in which a network computes in that precision."""
    return torch.autocast(device.type, dtype=PRECISIONS[precision], enabled=precision != "float32")


def use_own_cpus() -> None:
    """Let torch run as many threads as this process has CPUs, by affinity, quota and the other processes here.

    An OMP_NUM_THREADS of the user stands."""
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(own_cpus())


def own_threads() -> int:
    """Batches that the CPU works on side by side: one for each CPU, or as few as a user's OMP_NUM_THREADS says."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    by_torchrun = "LOCAL_WORLD_SIZE" in os.environ  # it sets OMP_NUM_THREADS to 1 in each process, whoever asked
    if by_torchrun or not asked.isdigit() or int(asked) == 0:
        return own_cpus()
    return min(int(asked), own_cpus())
