"""A backbone, face crops to features, with one linear layer for its task on top: ResNet-18 and 512-d in the paper."""

import contextlib
import copy
import functools
from http.client import HTTPException
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from data.architecture import COVARIANCE, Architecture
from data.emotions import EMOTIONS
from data.runtime.failures import Refused
from extract.network.covariance_pooling import CovariancePooling
from extract.network.trunk import WeightsEnum, imagenet, pool_by_covariance, trunk_named

PAPER = Architecture()
TASKS = {"emotion": len(EMOTIONS), "valence-arousal": 2}
# torchvision's values; with --init imagenet they are what the weights expect, from scratch they only centre the pixels
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Backbone(nn.Module):
    """The paper's feature extractor (Figure 3, left). Its head serves training alone; stage two sees the features.

    width: how many features it gives, F. Raises Refused for an architecture that there is not."""

    def __init__(
        self,
        task: str,
        architecture: Architecture = PAPER,
        *,
        dropout: float = 0.0,
        weights: WeightsEnum | None = None,
    ):
        super().__init__()
        self.architecture = architecture
        self.trunk, self.width = trunk_named(architecture.backbone, weights)
        if architecture.pooling == COVARIANCE:
            self.width = architecture.representation
            pool_by_covariance(architecture.backbone, self.trunk, self.width)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(self.width, TASKS[task])

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, 3, S, S) normalised float -> features (n, F), outputs (n, 7) logits or (n, 2) valence, arousal."""
        features = self.trunk(images)
        return features, self.head(self.dropout(features))

    @property
    def covariance_pooling(self) -> CovariancePooling | None:
        """Where the feature maps are pooled so."""
        return next((each for each in self.trunk.children() if isinstance(each, CovariancePooling)), None)


class Frozen(nn.Module):
    """A trained network for inference alone.

    Batch normalisation is folded into the convolutions, and the trunk computes in one dtype; covariance pooling in
    float32."""

    def __init__(self, network: Backbone, device: torch.device, dtype: torch.dtype):
        super().__init__()
        self.dtype = dtype
        self.mirrored = network.architecture.mirrored
        frozen, pooling = copy.deepcopy(network).eval(), copy.deepcopy(network.covariance_pooling)
        fold(frozen.trunk)
        self.trunk = frozen.trunk.to(device, dtype, memory_format=torch.channels_last)
        if pooling is not None:
            self.trunk.avgpool = pooling.eval().to(device)
        self.head = frozen.head.to(device)

    @torch.inference_mode()
    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, 3, S, S) normalised float -> features (n, F), outputs (n, .), float32."""
        features = self.features(images.to(self.dtype)).float()
        return features, self.head(features)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """(n, 3, S, S) in its dtype -> (n, F), where it is so made the mean over the images and their mirror images."""
        features = self.trunk(images)
        return (features + self.trunk(images.flip(3))) / 2 if self.mirrored else features


def fold(module: nn.Module) -> None:
    """Replace every convolution and the batch normalisation that follows it by one convolution, in eval mode.

    A normalisation that stands first or behind something else, as where it comes before its convolution, is left."""
    previous = ""
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d) and isinstance(getattr(module, previous, None), nn.Conv2d):
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


def make(task: str, architecture: Architecture = PAPER, *, dropout: float, init: str, seed: int) -> Backbone:
    """A fresh network. init: "imagenet" (torchvision fetches the weights; Refused where it cannot), else drawn."""
    weights = imagenet(architecture.backbone) if init == "imagenet" else None
    # layers are made on the CPU: a GPU's generator is not asked, nor need it be kept
    with torch.random.fork_rng(devices=[]), _fetching(weights):
        torch.default_generator.manual_seed(seed)
        network = Backbone(task, architecture, dropout=dropout, weights=weights)
        return network.to(memory_format=torch.channels_last)


@contextlib.contextmanager
def _fetching(weights):
    """Say where the weights can be put by hand if they cannot be fetched."""
    try:
        yield
    except (OSError, HTTPException) as error:
        place = Path(torch.hub.get_dir(), "checkpoints", Path(weights.url).name)
        raise Refused(
            f"the ImageNet weights could not be fetched ({error}); put {weights.url} at {place}, or leave --init out"
        ) from error
