"""Tensors between main memory and a device, such that the host goes on while they are under way.

CUDA copies beside its computation only where main memory is pinned; without a GPU nothing here does anything."""

import time
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

LOOK_SECONDS = 1e-4  # between two looks whether something has arrived


def room(shape: tuple, dtype: "torch.dtype", device: "torch.device") -> "torch.Tensor":
    """An empty tensor in main memory, from or to which the device copies."""
    import torch

    return torch.empty(shape, dtype=dtype, pin_memory=device.type == "cuda")


def to_device(values: np.ndarray, device: "torch.device") -> "torch.Tensor":
    """An array on the device, without a wait for what the device still has to do."""
    import torch

    if device.type != "cuda":
        return torch.from_numpy(values).to(device)
    pinned = room(values.shape, torch.from_numpy(values).dtype, device)
    pinned.numpy()[...] = values
    return pinned.to(device, non_blocking=True)


class Arrival:
    """Tensors of a device on their way to main memory, behind what has been asked of the device so far.

    stream: of torch.cuda, for the copies; what is asked of the device from now on goes on beside them."""

    def __init__(self, tensors: list, stream: "torch.cuda.Stream | None" = None):
        devices = {each.device for each in tensors if each.device.type == "cuda"}
        self.tensors, self.event = tensors, None
        if devices:
            self.event, self.tensors = _copied(tensors, devices.pop(), stream)

    def arrays(self) -> list[np.ndarray]:
        """The values, once they are there. The wait can be interrupted: a number that a lost process was to send never
        comes, and waiting for it inside of torch would not even let a signal through."""
        while self.event is not None and not self.event.query():
            time.sleep(LOOK_SECONDS)
        return [each.cpu().numpy() for each in self.tensors]


def _copied(tensors, device, stream):
    """(an event after the copies, the tensors in main memory); those that lie there already are left as they are."""
    import torch

    now = torch.cuda.current_stream(device)
    stream = stream or now
    if stream is not now:
        stream.wait_stream(now)
    with torch.cuda.stream(stream):
        copies = [each if each.device.type == "cpu" else _copy(each, stream) for each in tensors]
    return stream.record_event(), copies


def _copy(tensor, stream):
    copy = room(tensor.shape, tensor.dtype, tensor.device)
    copy.copy_(tensor, non_blocking=True)
    tensor.record_stream(stream)  # its memory is not given to others before
    return copy
