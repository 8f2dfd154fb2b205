"""A fresh network: the same for a seed, no warning where there are several GPUs, and weights that cannot be
fetched."""

from urllib.error import URLError

import pytest
import torch
import torchvision

from data.architecture import Architecture
from data.runtime.failures import Refused
from extract.network import backbone
from extract.network.backbone import normalise
from extract.network.trunk import imagenet


@pytest.mark.parametrize("error", [URLError("Name or service not known"), TimeoutError("timed out")])
def test_weights_that_cannot_be_fetched_are_refused_with_their_place(tmp_path, monkeypatch, error):
    def urlopen(*arguments, **options):
        raise error

    monkeypatch.setattr("torch.hub.urlopen", urlopen)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for name, file in (
        ("resnet18", "resnet18-f37072fd.pth"),
        ("mobilenet_v3_small", "mobilenet_v3_small-047dcff4.pth"),
    ):
        with pytest.raises(Refused) as found:
            backbone.make("emotion", Architecture(name), dropout=0.0, init="imagenet", seed=0)
        place = tmp_path / "hub" / "checkpoints" / file
        assert f"put {imagenet(name).url} at {place}" in str(found.value) and str(error) in str(found.value)


def test_weights_at_that_place_are_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    place = tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth"
    place.parent.mkdir(parents=True)
    weights = torchvision.models.resnet18().state_dict()
    torch.save(weights, place)
    made = backbone.make("emotion", dropout=0.0, init="imagenet", seed=0)
    assert torch.equal(made.trunk.conv1.weight, weights["conv1.weight"])


def weights(seed):
    return backbone.make("emotion", dropout=0.0, init="scratch", seed=seed).trunk.conv1.weight


def test_a_seed_gives_the_same_weights_and_leaves_the_draws_of_others_alone():
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    first = weights(1)
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(weights(1), first) and not torch.equal(weights(2), first)


def test_several_gpus_are_not_asked_for_their_generators(monkeypatch):
    """Warnings are errors here; the control shows that torch warns where nobody says which devices it is about."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr("torch.random._fork_rng_warned_already", False)
    with pytest.raises(UserWarning, match="2 available devices"), torch.random.fork_rng():
        pass
    monkeypatch.setattr("torch.random._fork_rng_warned_already", False)
    assert weights(1).shape == (64, 3, 7, 7)


def test_colours_are_made_once_for_a_device_and_serve_training_too():
    images = torch.randint(0, 256, (2, 8, 8, 3), dtype=torch.uint8)
    backbone._moments.cache_clear()
    with torch.inference_mode():
        frozen = normalise(images)
    again = normalise(images).requires_grad_()
    assert torch.equal(frozen, again.detach()) and backbone._moments.cache_info().misses == 1
    (again * again).sum().backward()
    mean, deviation = (torch.tensor(side).view(1, 3, 1, 1) for side in (backbone._MEAN, backbone._DEVIATION))
    torch.testing.assert_close(frozen.clone(), (images.permute(0, 3, 1, 2) / 255 - mean) / deviation)


def frozen(mirrored):
    network = backbone.make("emotion", Architecture(mirrored=mirrored), dropout=0.0, init="scratch", seed=0)
    return backbone.Frozen(network, torch.device("cpu"), torch.float32)


def test_mirrored_features_are_the_mean_of_both_and_know_no_side():
    images = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    one, both = frozen(False), frozen(True)
    straight, turned = one(images)[0], one(images.flip(3))[0]
    torch.testing.assert_close(both(images)[0], (straight + turned) / 2)
    torch.testing.assert_close(both(images)[0], both(images.flip(3))[0])
    assert not torch.allclose(straight, turned, atol=1e-3)
    torch.testing.assert_close(both(images)[1], both.head((straight + turned) / 2))
