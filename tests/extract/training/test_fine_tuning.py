"""Training from a checkpoint of another training: which weights it takes, which may change, and what counts as seen."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from data.architecture import COVARIANCE, Architecture
from data.files.publish import Mismatch
from data.runtime.failures import Refused
from data.runtime.ranks import ALONE
from extract.crops import aligned_cache
from extract.crops.cropping import Rule
from extract.crops.hold_out import set_aside, units
from extract.crops.stored import StoredCrops
from extract.network import backbone, checkpoint
from extract.training import fine_tuning
from extract.training.backbone_training import TrainingSettings, train
from extract.training.step import Step
from tests.extract.made_up import listing

CPU = torch.device("cpu")
SETTINGS = TrainingSettings("emotion", image_size=32, epochs=1, batch=8, hold_out=0.2)


@pytest.fixture(scope="module")
def aligned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("transfer")
    aligned_cache.align(
        listing(folder / "images", {"train": 60, "test": 14}), folder / "a.h5", rule=Rule(landmarks="none"), workers=1
    )
    return folder / "a.h5"


@pytest.fixture
def domains(aligned):
    return {"a": tuple(StoredCrops(aligned, split, 32) for split in ("train", "test"))}


@pytest.fixture(scope="module")
def initial(aligned, tmp_path_factory):
    """The checkpoint of a first training, on the same crops under another name."""
    path = tmp_path_factory.mktemp("initial") / "emotion.pt"
    crops = {"first": tuple(StoredCrops(aligned, split, 32) for split in ("train", "test"))}
    train(path, crops, SETTINGS, device=CPU)
    return checkpoint.load(path)


def made(task):
    return backbone.make(task, dropout=0.0, init="scratch", seed=7)


def from_(initial, **changes):
    return dataclasses.replace(SETTINGS, init=initial.sha256, **changes)


def same(one, other):
    """Names of the weights and statistics that two networks share."""
    found = other.state_dict()
    return {name for name, tensor in one.state_dict().items() if torch.equal(tensor, found[name])}


@pytest.mark.parametrize("task, head_kept", [("emotion", True), ("valence-arousal", False)])
def test_the_trunk_is_taken_over_and_of_the_same_task_the_head(initial, task, head_kept):
    network = made(task)
    assert not same(network.trunk, initial.network.trunk) >= {"conv1.weight"}
    head = network.head.weight.clone()
    fine_tuning.take_over(network, initial, task)
    assert same(network.trunk, initial.network.trunk) == network.trunk.state_dict().keys()
    expected = initial.network.head.weight if head_kept else head
    assert torch.equal(network.head.weight, expected)


def test_whether_mirror_images_are_seen_too_may_differ(initial):
    network = backbone.make("emotion", Architecture(mirrored=True), dropout=0.0, init="scratch", seed=7)
    fine_tuning.take_over(network, initial, "emotion")
    assert same(network.trunk, initial.network.trunk) == network.trunk.state_dict().keys()
    assert network.architecture.mirrored and not initial.network.architecture.mirrored


def test_a_training_is_the_same_whether_mirror_images_are_seen_after_it(initial, domains, tmp_path):
    path = tmp_path / "emotion.pt"
    train(path, {"first": domains["a"]}, dataclasses.replace(SETTINGS, mirrored=True), device=CPU)
    made = checkpoint.load(path)
    assert (
        made.network.architecture.mirrored and same(made.network, initial.network) == made.network.state_dict().keys()
    )
    train(path.with_name("seed.pt"), {"first": domains["a"]}, dataclasses.replace(SETTINGS, seed=1), device=CPU)
    other = checkpoint.load(path.with_name("seed.pt"))  # the control
    assert not same(other.network, initial.network) >= {"head.weight"}


@pytest.mark.parametrize(
    "other, match",
    [
        (Architecture("mobilenet_v3_small"), "backbone resnet18, this call has mobilenet_v3_small; ask for its"),
        (Architecture("resnet18", COVARIANCE, 16), "pooling average, this call has covariance; ask for its"),
    ],
)
def test_another_architecture_is_refused(initial, other, match):
    network = backbone.make("emotion", other, dropout=0.0, init="scratch", seed=7)
    with pytest.raises(Mismatch, match=f"^the network that --init names was made with {match}"):
        fine_tuning.take_over(network, initial, "emotion")


def test_frozen_covariance_pooling_keeps_its_bits_and_is_a_stage_of_its_own():
    settings = dataclasses.replace(SETTINGS, pooling=COVARIANCE, representation=16, image_size=64, layer_decay=0.5)
    step, generator = Step(settings, np.ones(7), CPU, ALONE), torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 255, (4, 64, 64, 3), dtype=torch.uint8, generator=generator)
    before = {name: tensor.clone() for name, tensor in step.network.trunk.state_dict().items()}
    for frozen in (True, False):  # the control
        step.begin(frozen=frozen)
        step(pixels, torch.arange(4), generator, rows=4, rate=1e-3)
        after = step.network.trunk.state_dict()
        kept = {name for name, tensor in before.items() if torch.equal(tensor, after[name])}
        assert kept == before.keys() if frozen else "avgpool.bimap" not in kept
    pooled = [id(parameter) for parameter in step.network.covariance_pooling.parameters()]
    assert [id(one) for one in step.optimizer.param_groups[-2]["params"]] == pooled


def test_a_frozen_trunk_stays_as_it_is_and_the_head_learns(initial, domains, tmp_path):
    settings = from_(initial, frozen_epochs=1)
    train(tmp_path / "b.pt", domains, settings, device=CPU, initial=initial)
    found = checkpoint.load(tmp_path / "b.pt", "emotion")
    trunk = found.network.trunk.state_dict().keys()
    assert same(found.network.trunk, initial.network.trunk) == trunk  # running statistics, too
    assert not same(found.network.head, initial.network.head)
    assert found.meta["settings"]["init"] == found.meta["initial"]["sha256"] == initial.sha256
    train(tmp_path / "c.pt", domains, from_(initial), device=CPU, initial=initial)  # the control
    learned = checkpoint.load(tmp_path / "c.pt", "emotion").network.trunk
    assert not same(learned, initial.network.trunk)


def stop_in_epoch(number):
    def progress(rows, text=""):
        if text and text.startswith(f"epoch {number}/"):
            raise KeyboardInterrupt

    return progress


def test_a_stopped_training_with_a_frozen_trunk_and_several_rates_ends_with_the_same_file(initial, domains, tmp_path):
    settings = from_(initial, epochs=3, batch=24, frozen_epochs=1, layer_decay=0.5)
    call = {"device": CPU, "initial": initial}
    train(tmp_path / "whole.pt", domains, settings, **call)
    for number in (2, 3):  # of the first state the optimizer knows the head alone
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path / "stopped.pt", domains, settings, progress=stop_in_epoch(number), **call)
    train(tmp_path / "stopped.pt", domains, settings, **call)
    assert (tmp_path / "whole.pt").read_bytes() == (tmp_path / "stopped.pt").read_bytes()


def test_each_stage_has_its_share_of_the_rate():
    step = Step(dataclasses.replace(SETTINGS, layer_decay=0.5), np.ones(7), CPU, ALONE)
    step.begin()
    pixels = torch.zeros(4, 32, 32, 3, dtype=torch.uint8)
    step(pixels, torch.arange(4), torch.Generator().manual_seed(0), rows=4, rate=0.032)
    rates = [group["lr"] for group in step.optimizer.param_groups]
    assert rates == [0.001, 0.002, 0.004, 0.008, 0.016, 0.032]  # stem, four stages, head


def test_the_groups_hold_every_parameter_once_in_its_order():
    network = made("emotion")
    everything = list(map(id, network.parameters()))
    for decay, count in ((0.5, 6), (1, 1)):
        groups, shares = fine_tuning.groups(network, decay)
        assert [id(one) for group in groups for one in group["params"]] == everything
        assert len(groups) == len(shares) == count
    network.trunk.token = torch.nn.Parameter(torch.zeros(3))  # of no layer
    token, *stem = fine_tuning.groups(network, 0.5)[0][0]["params"]
    assert token is network.trunk.token
    assert [id(one) for one in stem] == [id(network.trunk.conv1.weight), *map(id, network.trunk.bn1.parameters())]


def test_only_what_neither_training_has_seen_is_held_out(initial, domains, tmp_path):
    """The second training leaves out more rows, some of which the first one has learned."""
    settings = from_(initial, hold_out=0.4, frozen_epochs=1)
    train(tmp_path / "b.pt", domains, settings, device=CPU, initial=initial)
    found, part = checkpoint.load(tmp_path / "b.pt", "emotion"), domains["a"][0]
    first, second = (set(units(part.path)[set_aside(part, share)].tolist()) for share in (0.2, 0.4))
    assert second - first and first & second
    assert {name: set(own.tolist()) for name, own in found.held_out.items()} == dict.fromkeys(
        ("a", "first"), first & second
    )
    assert found.meta["domains"].keys() == {"a", "first"} == {"a", *found.meta["initial"]["domains"]}


def test_what_was_seen_and_what_was_not_by_hand():
    earlier = {"old": {"aligned_digest": "1"}, "both": {"aligned_digest": "2"}, "untold": "?"}
    held = {"old": np.array([1, 2, 3]), "both": np.array([4, 5])}
    initial = checkpoint.Checkpoint(None, {"domains": earlier}, "sha", held)
    own = {"both": {"aligned_digest": "3"}, "renamed": {"aligned_digest": "1"}, "new": {"aligned_digest": "4"}}
    later = {"both": np.array([5, 6]), "renamed": np.array([2, 3, 9]), "new": np.array([7])}
    assert fine_tuning.seen(initial, own) == {**earlier, **own}
    found = {name: each.tolist() for name, each in fine_tuning.unseen(initial, own, later).items()}
    assert found == {"old": [2, 3], "both": [5], "untold": [], "renamed": [2, 3], "new": [7]}
    assert fine_tuning.unseen(None, own, later) is later


def test_a_toy_network_is_no_start_on_real_images(initial, domains, tmp_path):
    toy = dataclasses.replace(initial, meta={**initial.meta, "toy": True})
    with pytest.raises(Refused, match="the crops of a are real"):
        train(tmp_path / "b.pt", domains, from_(initial), device=CPU, initial=toy)


def test_a_checkpoint_from_before_these_settings_is_that_of_their_defaults(aligned, initial, tmp_path):
    """It is left as it is; with other settings it is refused by them."""
    meta = json.loads(json.dumps(initial.meta))
    for name in ("neighbours", "locality", "frozen_epochs", "layer_decay"):
        del meta["settings"][name]
    checkpoint.save(tmp_path / "emotion.pt", initial.network, meta, initial.held_out)
    before = (tmp_path / "emotion.pt").read_bytes()
    crops = {"first": tuple(StoredCrops(aligned, split, 32) for split in ("train", "test"))}
    train(tmp_path / "emotion.pt", crops, SETTINGS, device=CPU)
    assert (tmp_path / "emotion.pt").read_bytes() == before
    settings = dataclasses.replace(SETTINGS, locality=0.003, neighbours=20)
    with pytest.raises(Mismatch, match=r"locality 0.0, this call has 0.003"):
        train(tmp_path / "emotion.pt", crops, settings, device=CPU)
