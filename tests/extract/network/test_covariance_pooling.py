"""Covariance pooling beside NumPy's covariance, what it does not depend on, and its place in a network."""

import numpy as np
import pytest
import torch

from data.architecture import Architecture
from data.runtime.failures import Refused
from extract.network import backbone
from extract.network.backbone import Frozen
from extract.network.covariance_pooling import FLOOR, SHARE, CovariancePooling, refuse_misfit
from extract.network.matrix_logarithm import rectified_logarithm
from extract.network.trunk import pool_by_covariance, refuse_size, trunk_named

CHANNELS = 10
CPU = torch.device("cpu")


def generator(seed):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def pooling():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return CovariancePooling(CHANNELS, 6).double()


def maps(count=3, seed=1, places=(3, 4)):
    return torch.randn(count, CHANNELS, *places, generator=generator(seed), dtype=torch.float64)


def test_the_covariance_is_numpys_regularised_and_mapped(pooling):
    W = pooling.bimap.detach().numpy()
    assert W.shape == (CHANNELS, CHANNELS // 2) and np.abs(W.T @ W - np.eye(5)).max() < 1e-6
    for found, image in zip(pooling.mapped_covariance(maps()).detach().numpy(), maps().numpy()):
        S = np.cov(image.reshape(CHANNELS, -1))
        expected = W.T @ (S + SHARE * np.trace(S) * np.eye(CHANNELS)) @ W
        np.testing.assert_allclose(found, expected, atol=1e-7)


def test_a_vector_has_the_norm_of_its_matrix(pooling):
    S = pooling.mapped_covariance(maps())
    found = pooling.vector(S)
    assert found.shape == (3, 15)
    torch.testing.assert_close(found.norm(dim=1), S.flatten(1).norm(dim=1))


def test_it_agrees_with_pyriemann(pooling):
    covariance = pytest.importorskip(
        "pyriemann.geometry.covariance", reason="pyriemann is not installed (extra `test`)"
    )
    base = pytest.importorskip("pyriemann.geometry.base")
    tangent = pytest.importorskip("pyriemann.geometry.tangentspace")
    y = (pooling.bimap.mT @ maps().flatten(2)).detach().numpy()
    own = pooling.mapped_covariance(maps()).detach()
    share = SHARE * np.array([np.trace(np.cov(each)) for each in maps().flatten(2).numpy()])
    S = covariance.covariances(y, estimator="cov") + share[:, None, None] * np.eye(5)
    np.testing.assert_allclose(own, S, atol=1e-7)
    found = pooling.vector(rectified_logarithm(own, FLOOR))
    np.testing.assert_allclose(found, tangent.upper(base.logm(S)), atol=1e-6)
    np.testing.assert_allclose(found, tangent.tangent_space(S, np.eye(5), metric="logeuclid"), atol=1e-6)


def test_channels_turned_together_with_the_weights_change_nothing(pooling):
    turn, _ = torch.linalg.qr(torch.randn(CHANNELS, CHANNELS, generator=generator(2), dtype=torch.float64))
    turned = torch.einsum("ij,njhw->nihw", turn, maps())
    pooling.eval()
    before = pooling(maps()).detach()
    assert not torch.allclose(pooling(turned), before)  # the control: without its weights
    pooling.bimap.data = turn @ pooling.bimap.data
    torch.testing.assert_close(pooling(turned).detach(), before)


def test_places_have_no_order(pooling):
    shuffled = maps().flatten(2)[:, :, torch.randperm(12, generator=generator(3))].view_as(maps())
    torch.testing.assert_close(pooling.eval()(shuffled), pooling(maps()))


def test_scale_is_added_to_the_diagonal_of_the_logarithm(pooling):
    plain, scaled = (rectified_logarithm(pooling.mapped_covariance(scale * maps()), FLOOR) for scale in (1.0, 3.0))
    torch.testing.assert_close(scaled, plain + 2 * np.log(3.0) * torch.eye(5, dtype=torch.float64))


@pytest.mark.parametrize("places", [(3, 4), (1, 2)])
def test_its_gradient_is_right(pooling, places):
    """With fewer places than mapped channels too, where most eigenvalues are equal."""
    pooling.eval()
    some = 3 * maps(2, places=places)
    assert torch.autograd.gradcheck(
        lambda x: pooling.vector(rectified_logarithm(pooling.mapped_covariance(x), FLOOR)), some.requires_grad_()
    )
    assert torch.autograd.gradcheck(pooling, some)


def test_it_computes_in_float32_within_bfloat16(pooling):
    pooling = pooling.float()
    images = maps(4).bfloat16().requires_grad_()
    expected = pooling(images.float())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = pooling(images)
    assert found.dtype == torch.float32 and torch.equal(found, expected)
    found.square().sum().backward()
    assert images.grad.dtype == torch.bfloat16 and images.grad.isfinite().all() and images.grad.abs().max() > 0


def test_maps_without_contrast_or_of_no_image_give_a_finite_gradient(pooling):
    for images in (torch.zeros_like(maps()), maps()[:0]):
        images = images.requires_grad_()
        logarithm = rectified_logarithm(pooling.mapped_covariance(images), FLOOR)
        logarithm.square().sum().backward()
        assert images.grad.isfinite().all() and logarithm.isfinite().all()


def network(representation=24):
    architecture = Architecture("resnet18", "covariance", representation)
    return backbone.make("emotion", architecture, dropout=0.0, init="scratch", seed=0)


def test_it_takes_the_place_of_average_pooling():
    made = network()
    plain = backbone.make("emotion", dropout=0.0, init="scratch", seed=0)
    own = {name for name in made.state_dict() if name.startswith("trunk.avgpool.")}
    assert made.width == 24 and made.state_dict().keys() - own == plain.state_dict().keys()
    assert made.covariance_pooling.bimap.shape == (512, 128) and plain.covariance_pooling is None
    assert torch.equal(made.trunk.conv1.weight, plain.trunk.conv1.weight)


def test_a_frozen_network_pools_in_float32():
    made = network()
    with torch.no_grad():
        for _ in range(3):
            made.train()(torch.randn(8, 3, 64, 64, generator=generator(4)))
    images = torch.randn(5, 3, 64, 64, generator=generator(5))
    with torch.no_grad():
        expected, _ = made.eval()(images)
    assert expected.shape == (5, 24) and expected.std() > 0.1
    found, _ = Frozen(made, CPU, torch.float32)(images)
    torch.testing.assert_close(found, expected, atol=2e-3, rtol=0)
    frozen = Frozen(made, CPU, torch.bfloat16)
    assert torch.equal(frozen.trunk.avgpool.bimap, made.covariance_pooling.bimap)
    assert frozen.trunk.conv1.weight.dtype == torch.bfloat16
    found, _ = frozen(images)
    assert found.dtype == torch.float32 and (found - expected).abs().mean() < 0.1 * expected.abs().mean()


@pytest.mark.parametrize("name, channels", [("mobilenet_v3_small", 576), ("regnet_y_400mf", 440)])
def test_other_backbones_are_pooled_so_too(name, channels):
    trunk, _ = trunk_named(name)
    pool_by_covariance(name, trunk, 20)
    assert trunk.avgpool.bimap.shape == (channels, 128)
    assert trunk.eval()(torch.zeros(2, 3, 64, 64)).shape == (2, 20)


def test_a_device_without_eigendecompositions_is_refused():
    with pytest.raises(Refused, match="torch lacks on mps; use --device cpu"):
        refuse_misfit(torch.device("mps"), 4)
    refuse_misfit(CPU, 4)


def test_networks_and_sizes_without_its_place_are_refused():
    trunk, _ = trunk_named("shufflenet_v2_x0_5")
    with pytest.raises(Refused, match="shufflenet_v2_x0_5 has no layer of average pooling"):
        pool_by_covariance("shufflenet_v2_x0_5", trunk, 20)
    with pytest.raises(Refused, match="resnet18 does not take crops of 32 pixels .*two places or more"):
        refuse_size("resnet18", network().trunk, 32)
