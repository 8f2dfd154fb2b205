"""Crops that a training has decoded once, kept on the device as uint8 where its memory holds them all."""

import numpy as np
import torch

from data.runtime.transfers import to_device

SHARE_OF_MEMORY = 0.7  # of what is free on a GPU before the training; a batch of 128 at 224 pixels takes about 5 GB


class KeptPixels:
    """Pixels (rows, S, S, 3) of training rows, each from the batch on in which it came first."""

    def __init__(self, places: np.ndarray, size: int, device: torch.device, memory: float | None = None):
        """places: (N,) ascending positions of all rows; memory: bytes that may be taken, else a share of a GPU's."""
        self.places, self.device = places, device
        if memory is None:
            memory = SHARE_OF_MEMORY * torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0
        self.fits = len(places) * size * size * 3 <= memory
        self.there = np.zeros(len(places), bool)
        self.pixels = torch.empty((len(places) * self.fits, size, size, 3), dtype=torch.uint8, device=device)

    def missing(self, piece: np.ndarray) -> np.ndarray:
        """The positions of a batch that have to be decoded."""
        return piece[~self.there[np.searchsorted(self.places, piece)]]

    def whole(self, piece: np.ndarray, missing: np.ndarray, decoded: torch.Tensor) -> torch.Tensor:
        """(n, S, S, 3) pixels of a batch on the device, from those kept and those `decoded`, which are `missing`."""
        decoded = decoded.to(self.device, non_blocking=True)
        if not self.fits:
            return decoded
        rows, new = (np.searchsorted(self.places, side) for side in (piece, missing))
        if len(new):
            self.pixels.index_copy_(0, to_device(new, self.device), decoded)
            self.there[new] = True
        return self.pixels.index_select(0, to_device(rows, self.device))
