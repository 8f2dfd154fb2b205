"""Covariance pooling (Acharya, Huang, Paudel, Van Gool, CVPRW 2018): which channels of the last maps go together.

Covariance over places, BiMap, ReEig, LogEig (Huang and Van Gool, AAAI 2017), then a linear layer with batch
normalisation and ReLU, as in the authors' code (d-acharya/CovPoolFER), whose constants these are."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from data.runtime.failures import Refused
from extract.network.matrix_logarithm import rectified_logarithm
from extract.network.precision import exactly

SHARE = 1e-4  # of its trace, added to the diagonal of a covariance, whose rank is below the number of places
FLOOR = 1e-4  # of eigenvalues, in ReEig
MAPPED = 128  # channels behind BiMap at most; the paper halves its 256, and this is what it comes to


class CovariancePooling(nn.Module):
    """Feature maps to a representation, in the dtype of its weights, float32, whatever that of the maps."""

    def __init__(self, channels: int, representation: int):
        super().__init__()
        mapped = min(MAPPED, channels // 2)
        self.bimap = nn.Parameter(nn.init.orthogonal_(torch.empty(channels, mapped)))  # W, with W^T W = I
        rows, columns = torch.triu_indices(mapped, mapped)
        self.register_buffer("upper", rows * mapped + columns, persistent=False)
        self.register_buffer("scale", torch.where(rows == columns, 1.0, math.sqrt(2)), persistent=False)
        self.linear = nn.Linear(len(rows), representation, bias=False)
        self.norm = nn.BatchNorm2d(representation)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """(n, C, h, w) -> (n, representation, 1, 1), as average pooling has its C. Raises Refused for one place,
        and where torch has no eigendecomposition."""
        refuse_misfit(maps.device, maps.shape[2] * maps.shape[3])
        with exactly(maps.device):
            logarithm = rectified_logarithm(self.mapped_covariance(maps.to(self.bimap.dtype)), FLOOR)
            return F.relu(self.norm(self.linear(self.vector(logarithm))[:, :, None, None]))

    def mapped_covariance(self, maps: torch.Tensor) -> torch.Tensor:
        """(n, C, h, w) -> W^T (S + SHARE trace(S) I) W, (n, d, d), S the covariance (C, C) of channels over places.

        S itself is never made: since W^T W = I, this is the covariance of W^T x with the same on its diagonal."""
        x = maps.flatten(2)
        places = x.shape[2]
        x = x - x.mean(2, keepdim=True)
        y = self.bimap.mT @ x
        trace = x.square().sum((1, 2)) / (places - 1)
        eye = torch.eye(y.shape[1], dtype=y.dtype, device=y.device)
        return y @ y.mT / (places - 1) + SHARE * trace[:, None, None] * eye

    def vector(self, symmetric: torch.Tensor) -> torch.Tensor:
        """(n, d, d) symmetric -> (n, d (d + 1) / 2) of the same norm: the upper triangle, off the diagonal times
        sqrt(2)."""
        return symmetric.flatten(1).index_select(1, self.upper) * self.scale


def refuse_misfit(device: torch.device, places: int) -> None:
    """Raise Refused where maps of so many places cannot be pooled on a device."""
    if places < 2:
        raise Refused("covariance pooling needs feature maps of two places or more")
    if device.type == "mps":
        raise Refused("covariance pooling needs an eigendecomposition, which torch lacks on mps; use --device cpu")
