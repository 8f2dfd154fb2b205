"""In which precision the network runs."""

import torch

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """The context in which the network computes in this precision, its weights in float32."""
    return torch.autocast(device.type, dtype=PRECISIONS[precision], enabled=precision != "float32")
