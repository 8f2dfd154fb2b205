"""Backbones by name: width, folded normalisation, and what is refused."""

import pytest
import torch
import torchvision

from data.architecture import Architecture
from data.runtime.failures import Refused
from extract.network import backbone
from extract.network.backbone import Backbone, Frozen, fold
from extract.network.trunk import refuse_size, trunk_named

WIDTHS = {  # of the layer before the last, as the papers of these networks have it
    "resnet18": 512,
    "resnet34": 512,
    "densenet121": 1024,
    "mobilenet_v3_small": 1024,
    "regnet_y_400mf": 440,
    "shufflenet_v2_x0_5": 1024,
}
UNLIKE_ONE_ANOTHER = [*WIDTHS, "vgg11_bn", "mnasnet0_5", "efficientnet_b0", "convnext_tiny", "swin_t"]
SIZE = 64
CPU = torch.device("cpu")


def trained(name):
    """A network whose normalisations do something, in eval mode."""
    network = backbone.make("emotion", Architecture(name), dropout=0.3, init="scratch", seed=0)
    generator = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for each in (module.weight.data, module.running_var):
                each.uniform_(0.7, 1.4, generator=generator)
            for each in (module.bias.data, module.running_mean):
                each.normal_(0, 0.1, generator=generator)
    return network.eval()


def images(count=3, size=SIZE):
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(2))


def agree(name):
    network = trained(name)
    with torch.no_grad():
        features, outputs = network(images())
    assert features.shape == (3, network.width) and outputs.shape == (3, 7)
    frozen, logits = Frozen(network, CPU, torch.float32)(images())
    scale = features.abs().max()
    assert (frozen - features).abs().max() < 1e-4 * scale and (
        logits - outputs
    ).abs().max() < 1e-4 * outputs.abs().max()


@pytest.mark.parametrize("name", WIDTHS)
def test_a_name_gives_its_width_and_folding_changes_nothing(name):
    agree(name)
    assert Backbone("emotion", Architecture(name)).width == WIDTHS[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(UNLIKE_ONE_ANOTHER) - set(WIDTHS)))
def test_networks_of_every_kind_do(name):
    agree(name)


def norms(module):
    return sum(isinstance(each, torch.nn.BatchNorm2d) for each in module.modules())


def test_a_normalisation_before_its_convolution_is_left():
    """densenet121 has 121 of them: those behind the stem and in the middle of each of 58 layers follow a
    convolution."""
    network = trained("densenet121")
    fold(network.trunk)
    assert norms(network.trunk) == 121 - 59
    pair = torch.nn.Sequential(torch.nn.BatchNorm2d(3), torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4)).eval()
    fold(pair)
    assert [type(each).__name__ for each in pair] == ["BatchNorm2d", "Conv2d", "Identity"]


def test_the_weights_of_resnet18_keep_their_names_and_draws():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        plain = torchvision.models.resnet18()
    found = backbone.make("emotion", dropout=0.0, init="scratch", seed=3).trunk.state_dict()
    assert {name: None for name in plain.state_dict() if not name.startswith("fc.")}.keys() == found.keys()
    assert all(torch.equal(plain.state_dict()[name], found[name]) for name in found)


def test_a_network_draws_nothing_of_its_own():
    network, _ = trunk_named("efficientnet_b0")
    network.train()
    norms_at_rest = [each.eval() for each in network.modules() if isinstance(each, torch.nn.BatchNorm2d)]
    with torch.no_grad():
        assert norms_at_rest and torch.equal(network(images(2)), network(images(2)))
        plain = torchvision.models.efficientnet_b0()
        for each in plain.modules():
            each.train(not isinstance(each, torch.nn.BatchNorm2d))
        assert not torch.equal(plain(images(2)), plain(images(2)))  # the control


@pytest.mark.parametrize(
    "name, words",
    [
        ("resnet19", "no classifier of torchvision.models"),
        ("fasterrcnn_resnet50_fpn", "no classifier of torchvision.models"),
        ("squeezenet1_1", "ends in a Conv2d, expected a linear layer"),
        ("googlenet", "expected one output"),
        ("inception_v3", "expected one output"),
    ],
)
def test_what_fits_no_backbone_is_refused_in_one_line(name, words):
    with pytest.raises(Refused, match=words) as found:
        trunk_named(name)
    assert "\n" not in str(found.value) and "resnet34" in str(found.value)


def test_a_size_that_a_network_does_not_take_is_refused():
    with pytest.raises(Refused, match=r"alexnet does not take crops of 32 pixels \(.*\); choose another --image-size"):
        refuse_size("alexnet", torchvision.models.alexnet(), 32)
    network, _ = trunk_named("resnet18")
    before = {name: each.clone() for name, each in network.state_dict().items()}
    refuse_size("resnet18", network, 32)
    assert all(torch.equal(each, before[name]) for name, each in network.state_dict().items())
