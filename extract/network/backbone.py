"""ResNet-18: face crops to 512-d features, with one linear layer for its task on top."""

import contextlib
import copy
import functools
from http.client import HTTPException
from pathlib import Path

import torch
import torchvision
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from data.emotions import EMOTIONS
from data.runtime.failures import Refused

FEATURES = 512  # what ResNet-18 gives for a crop, after its average pooling
TASKS = {"emotion": len(EMOTIONS), "valence-arousal": 2}
IMAGENET = torchvision.models.ResNet18_Weights.IMAGENET1K_V1
# torchvision's values; with --init imagenet they are what the weights expect, from scratch they only centre the pixels
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Backbone(nn.Module):
    """The paper's feature extractor (Figure 3, left). Its head serves training alone; stage two sees the features."""

    def __init__(self, task: str, *, dropout: float = 0.0, weights: torchvision.models.ResNet18_Weights | None = None):
        super().__init__()
        self.trunk = torchvision.models.resnet18(weights=weights)
        self.trunk.fc = nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(FEATURES, TASKS[task])

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, 3, S, S) normalised float -> features (n, 512), outputs (n, 7) logits or (n, 2) valence, arousal."""
        features = self.trunk(images)
        return features, self.head(self.dropout(features))


class Frozen(nn.Module):
    """A trained network for inference alone.

    Batch normalisation is folded into the convolutions, and the trunk computes in one dtype."""

    def __init__(self, network: Backbone, device: torch.device, dtype: torch.dtype):
        super().__init__()
        self.dtype = dtype
        network = copy.deepcopy(network).eval()
        fold(network.trunk)
        self.trunk = network.trunk.to(device, dtype, memory_format=torch.channels_last)
        self.head = network.head.to(device)

    @torch.inference_mode()
    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, 3, S, S) normalised float -> features (n, 512), outputs (n, .), float32."""
        features = self.trunk(images.to(self.dtype)).float()
        return features, self.head(features)


def fold(module: nn.Module) -> None:
    """Replace every convolution and the batch normalisation that follows it by one convolution, in eval mode."""
    previous = None
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d):
            setattr(module, previous, fuse_conv_bn_eval(getattr(module, previous), child))
            setattr(module, name, nn.Identity())
        fold(child)
        previous = name


def normalise(images: torch.Tensor) -> torch.Tensor:
    """(n, S, S, 3) uint8 -> (n, 3, S, S) float32 in channels_last memory, on the device of `images`."""
    pixels = images.permute(0, 3, 1, 2).float().div_(255)
    mean, deviation = _moments(images.device)
    return pixels.sub_(mean).div_(deviation)


@functools.cache
def _moments(device):
    """Mean and deviation of the colours, made once for a device: numbers of Python would have it wait every time."""
    with torch.inference_mode(False):  # whoever asks first, training may use them too
        return tuple(torch.tensor(side, device=device).view(1, 3, 1, 1) for side in (_MEAN, _DEVIATION))


def make(task: str, *, dropout: float, init: str, seed: int) -> Backbone:
    """A fresh network. init: "scratch" or "imagenet" (torchvision fetches the weights; Refused where it cannot)."""
    # layers are made on the CPU: a GPU's generator is not asked, nor need it be kept
    with torch.random.fork_rng(devices=[]), _fetching():
        torch.default_generator.manual_seed(seed)
        weights = IMAGENET if init == "imagenet" else None
        return Backbone(task, dropout=dropout, weights=weights).to(memory_format=torch.channels_last)


@contextlib.contextmanager
def _fetching():
    """Say where the weights can be put by hand if they cannot be fetched."""
    try:
        yield
    except (OSError, HTTPException) as error:
        place = Path(torch.hub.get_dir(), "checkpoints", Path(IMAGENET.url).name)
        raise Refused(
            f"the ImageNet weights could not be fetched ({error}); put {IMAGENET.url} at {place}, or leave --init out"
        ) from error
