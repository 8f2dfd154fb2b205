"""The weights that torchvision fetches, where it cannot."""

from urllib.error import URLError

import pytest
import torch

from data.runtime.failures import Refused
from extract.network import backbone


@pytest.mark.parametrize("error", [URLError("Name or service not known"), TimeoutError("timed out")])
def test_weights_that_cannot_be_fetched_are_refused_with_their_place(tmp_path, monkeypatch, error):
    def urlopen(*arguments, **options):
        raise error

    monkeypatch.setattr("torch.hub.urlopen", urlopen)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(Refused) as found:
        backbone.make("emotion", dropout=0.0, init="imagenet", seed=0)
    place = tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth"
    assert f"put {backbone.IMAGENET.url} at {place}" in str(found.value) and str(error) in str(found.value)


def test_weights_at_that_place_are_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    place = tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth"
    place.parent.mkdir(parents=True)
    weights = backbone.torchvision.models.resnet18().state_dict()
    torch.save(weights, place)
    made = backbone.make("emotion", dropout=0.0, init="imagenet", seed=0)
    assert torch.equal(made.trunk.conv1.weight, weights["conv1.weight"])
