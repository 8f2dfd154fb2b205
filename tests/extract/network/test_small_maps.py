"""Products in the place of convolutions over small maps: the same numbers, gradients and state."""

import copy

import pytest
import torch
from torch import nn
from torchvision.models import resnet18

from extract.network import small_maps
from extract.network.small_maps import MOST_PLACES, by_products

CONVOLUTIONS = {
    "ResNet's": ({"kernel_size": 3, "padding": 1, "bias": False}, 2),
    "with stride": ({"kernel_size": 3, "padding": 1, "stride": 2}, 5),
    "shortcut": ({"kernel_size": 1, "stride": 2, "bias": False}, 4),
    "oblong": ({"kernel_size": (2, 3), "padding": (0, 2), "stride": (1, 2)}, 3),
}


def both(convolution, maps):
    """[(outputs, gradients of maps and parameters)] of a convolution as torch has it, and by products."""
    found = []
    for module in (convolution, by_products(copy.deepcopy(convolution))):
        own = maps.clone().requires_grad_()
        outputs = module(own)
        outputs.square().sum().backward()
        found.append((outputs, own.grad, *(parameter.grad for parameter in module.parameters())))
    return found


@pytest.mark.parametrize(("options", "side"), CONVOLUTIONS.values(), ids=CONVOLUTIONS)
def test_values_and_gradients_are_those_of_the_convolution(options, side, monkeypatch):
    torch.manual_seed(0)
    convolution = nn.Conv2d(3, 5, **options).double()
    calls = []
    product = small_maps._Conv2d._product
    monkeypatch.setattr(small_maps._Conv2d, "_product", lambda *given: calls.append(1) or product(*given))
    for plain, product_of in zip(*both(convolution, torch.randn(4, 3, side, side).double())):
        torch.testing.assert_close(product_of, plain, rtol=1e-12, atol=1e-12)
    assert calls


def test_another_order_of_the_kernels_places_would_be_found():
    convolution = nn.Conv2d(3, 5, 3, padding=1).double()
    turned = copy.deepcopy(convolution)
    turned.weight.data = turned.weight.data.transpose(2, 3)
    maps = torch.randn(4, 3, 2, 2).double()
    assert (by_products(turned)(maps) - convolution(maps)).abs().max() > 0.01


@pytest.mark.parametrize("options", [{"groups": 3}, {"dilation": 2}, {"padding": "same"}, {"padding_mode": "reflect"}])
def test_other_convolutions_stay_as_they_are(options):
    convolution = nn.Conv2d(3, 3, 3, **{"padding": 1, **options})
    assert type(by_products(convolution)) is nn.Conv2d


def test_large_maps_go_through_torch(monkeypatch):
    monkeypatch.setattr(small_maps._Conv2d, "_product", lambda *given: pytest.fail("computed as a product"))
    convolution = by_products(nn.Conv2d(3, 5, 3, padding=1))
    assert convolution(torch.randn(1, 3, 10, 10)).shape == (1, 5, 10, 10)
    assert 10 * 10 > MOST_PLACES


def test_a_map_too_small_for_the_kernel_is_torchs_error():
    with pytest.raises(RuntimeError):
        by_products(nn.Conv2d(3, 5, 3))(torch.randn(1, 3, 2, 2))


def test_under_autocast_the_product_is_of_its_type():
    convolution = by_products(nn.Conv2d(64, 8, 3, padding=1))
    maps = torch.randn(2, 64, 2, 2)
    with torch.autocast("cpu", torch.bfloat16):
        outputs = convolution(maps)
    assert outputs.dtype == torch.bfloat16
    torch.testing.assert_close(outputs.float(), convolution(maps), rtol=0.02, atol=0.02)


def test_a_whole_network_keeps_its_state_and_its_results():
    torch.manual_seed(0)
    plain = resnet18(num_classes=7).double().eval()
    products = by_products(copy.deepcopy(plain))
    assert list(products.state_dict()) == list(plain.state_dict())
    images = torch.randn(2, 3, 64, 64).double()
    torch.testing.assert_close(products(images), plain(images))
