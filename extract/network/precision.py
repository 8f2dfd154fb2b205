"""In which precision the network runs."""

import contextlib

import torch

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """The context in which the network computes in this precision, its weights in float32."""
    return torch.autocast(device.type, dtype=PRECISIONS[precision], enabled=precision != "float32")


def exactly(device: torch.device) -> contextlib.AbstractContextManager:
    """The context in which everything is computed in the type it has, also inside `autocast`."""
    if not torch.amp.is_autocast_available(device.type):  # as on "meta", which computes shapes alone
        return contextlib.nullcontext()
    return torch.autocast(device.type, enabled=False)
