"""Classifiers of torchvision without their last layer: crops to features, by a network's name alone."""

import copy

import torch
import torchvision
from torch import nn
from torchvision.models import WeightsEnum
from torchvision.ops import StochasticDepth

from data.runtime.failures import Refused
from extract.network.covariance_pooling import CovariancePooling

SUCH_AS = "such as resnet18, resnet34, vgg11_bn or mobilenet_v3_small"
LARGEST = 224  # pixels of a crop, which every network takes
TWO_OUTPUTS = ("googlenet", "inception_v3")  # in training they classify at several depths at once


def trunk_named(name: str, weights: WeightsEnum | None = None) -> tuple[nn.Module, int]:
    """(the network without its last linear layer, how many features it then gives). Raises Refused for a name of no
    classifier, and where the last layer is no linear one.

    Its own random layers (dropout, stochastic depth) are off: what is random in a training is drawn by its Step, the
    same whether resumed, alone or divided over processes."""
    refuse_unknown(name)
    trunk = torchvision.models.get_model(name, weights=weights)
    last, layer = [pair for pair in trunk.named_modules() if list(pair[1].parameters(recurse=False))][-1]
    if not isinstance(layer, nn.Linear):
        raise Refused(f"{name} ends in a {type(layer).__name__}, expected a linear layer; take another, {SUCH_AS}")
    trunk.set_submodule(last, nn.Identity())
    for module in trunk.modules():
        if isinstance(module, (nn.Dropout, StochasticDepth)):
            module.p = 0.0
    return trunk, layer.in_features


def pool_by_covariance(name: str, trunk: nn.Module, representation: int) -> None:
    """Put covariance pooling in the place of average pooling, and nothing behind it. Raises Refused where the network
    has no such place."""
    children = [each for each, _ in trunk.named_children()]
    if not isinstance(getattr(trunk, "avgpool", None), nn.AdaptiveAvgPool2d):
        raise Refused(
            f"{name} has no layer of average pooling that covariance pooling could replace; take another --backbone, "
            f"{SUCH_AS}"
        )
    for after in children[children.index("avgpool") + 1 :]:
        setattr(trunk, after, nn.Flatten())
    trunk.avgpool = CovariancePooling(_channels(trunk), representation)


def _channels(trunk):
    """Of the maps that average pooling sees."""
    shapes, seen = copy.deepcopy(trunk).to("meta"), []
    shapes.avgpool.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].shape[1]))
    _shapes(shapes, LARGEST)
    return seen[0]


def _shapes(trunk, image_size):
    """Run a trunk on the device "meta" over two crops: nothing is computed but shapes."""
    with torch.no_grad():
        trunk.eval()(torch.empty(2, 3, image_size, image_size, device="meta"))


def refuse_unknown(name: str) -> None:
    """Raise Refused for a name of no classifier, or of one with several outputs."""
    if name not in torchvision.models.list_models(module=torchvision.models):
        raise Refused(f"{name} is no classifier of torchvision.models; expected a name {SUCH_AS}")
    if name in TWO_OUTPUTS:
        raise Refused(f"{name} has further classifiers inside, expected one output; take another, {SUCH_AS}")


def imagenet(name: str) -> WeightsEnum:
    """torchvision's weights of a network, the best it has. Raises Refused for a name of no classifier."""
    refuse_unknown(name)
    return torchvision.models.get_model_weights(name).DEFAULT


def refuse_size(name: str, trunk: nn.Module, image_size: int) -> None:
    """Raise Refused where the network does not take crops of this side. Shapes alone are computed."""
    try:
        _shapes(copy.deepcopy(trunk).to("meta"), image_size)
    except (RuntimeError, AssertionError, ValueError) as error:
        said = str(error).splitlines()[0].rstrip(".!")
        raise Refused(
            f"{name} does not take crops of {image_size} pixels ({said}); choose another --image-size or --backbone"
        ) from None
