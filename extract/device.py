"""Where the network runs and in which precision."""

import torch

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def choose_device(name=None):
    """The device asked for, or the best there is. Raises ValueError where one was asked for that is not there."""
    found = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if name not in (None, "cpu", found):
        raise ValueError(f"device {name} was asked for, but torch finds {found} here; install the build of torch for it, "
                         "or leave --device out")
    return torch.device(name or found)


def choose_precision(device):
    """bfloat16 where the hardware computes in it (2 to 3 times faster), else float32."""
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    # oneDNN's own answer; elsewhere bfloat16 is emulated and slower than float32
    return "bfloat16" if device.type == "cpu" and torch.ops.mkldnn._is_mkldnn_bf16_supported() else "float32"


def autocast(device, precision):
    return torch.autocast(device.type, dtype=PRECISIONS[precision], enabled=precision != "float32")
