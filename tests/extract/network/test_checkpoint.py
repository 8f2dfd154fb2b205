"""Checkpoints and training states from somewhere: what is not ours is refused in one line, runs nothing and unfolds
nothing."""

import io
import json
import pickle
import time
import zipfile

import pytest
import torch

from data.emotions import EMOTIONS
from extract.network import checkpoint
from extract.network.backbone import Backbone
from extract.network.checkpoint import CheckpointError

META = {
    "task": "emotion",
    "image_size": 32,
    "alignment_version": 1,
    "toy": False,
    "settings": {"epochs": 1},
    "domains": {"a": {}},
    "emotions": list(EMOTIONS),
}
COVARIANCE = {"pooling": "covariance", "representation": 8}


@pytest.fixture(scope="module")
def good():
    """What a checkpoint holds."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Backbone("emotion")
    return {"cake": checkpoint.SCHEMA, "meta": json.dumps(META), "weights": network.state_dict()}


def refused(path, match, read=lambda path: checkpoint.load(path, "emotion")):
    begun = time.monotonic()
    with pytest.raises(CheckpointError, match=match) as caught:
        read(path)
    text = str(caught.value)
    assert (
        text.startswith(str(path))
        and "\n" not in text
        and len(text) < 400 + len(str(path))
        and time.monotonic() - begun < 5
    )


def test_what_is_saved_comes_back(tmp_path):
    network = Backbone("emotion").eval()
    checkpoint.save(tmp_path / "a.pt", network, META)
    found = checkpoint.load(tmp_path / "a.pt", "emotion")
    assert found.meta == META and all(
        torch.equal(tensor, found.network.state_dict()[name]) for name, tensor in network.state_dict().items()
    )


def without(name):
    return json.dumps({key: value for key, value in META.items() if key != name})


def weights(name, change):
    return lambda good: {**good, "weights": {**good["weights"], name: change(good["weights"].get(name))}}


def said(text):
    return lambda good: {**good, "meta": text}


HOSTILE = {
    "another version": (lambda good: {**good, "cake": 99}, "not a checkpoint of this version"),
    "a tensor for a version": (lambda good: {**good, "cake": torch.ones(3)}, "not a checkpoint of this version"),
    "a list": (lambda good: [1, 2], "not a checkpoint of this version"),
    "no meta": (lambda good: {"cake": 1, "weights": good["weights"]}, "has no meta in JSON"),
    "meta is not text": (said(3), "has no meta in JSON"),
    "meta is not JSON": (said("{'task': 1}"), "has no meta in JSON"),
    "meta is endless": (said("[" * 100_000), "has no meta in JSON"),
    "meta is a list": (said("[]"), "meta that is not of type dict"),
    **{f"meta without {name}": (said(without(name)), name.replace("_", " ")) for name in checkpoint.META},
    "image size in text": (said(json.dumps({**META, "image_size": "32"})), "image size, or not as int"),
    "another task": (said(json.dumps({**META, "task": "valence-arousal"})), "was trained for valence-arousal"),
    "classes in another order": (
        said(json.dumps({**META, "emotions": sorted(EMOTIONS)})),
        "has its classes in another order",
    ),
    **{
        f"{name} {value!r}": (said(json.dumps({**META, "settings": {**COVARIANCE, name: value}})), words)
        for name, value, words in (
            ("backbone", "resnet19", "no classifier of torchvision.models"),
            ("backbone", ["resnet18"], "names no network of this project"),
            ("pooling", "none", "names no network of this project"),
            ("representation", 10**12, "names no network of this project"),
            ("representation", "512", "names no network of this project"),
        )
    },
    "another backbone": (
        said(json.dumps({**META, "settings": {"backbone": "shufflenet_v2_x0_5"}})),
        "does not hold the weights of shufflenet_v2_x0_5 with a head of 7",
    ),
    "no weights": (lambda good: {"cake": 1, "meta": good["meta"]}, "no tensors by name"),
    "weights in a list": (lambda good: {**good, "weights": [1]}, "no tensors by name"),
    "weights missing": (
        lambda good: {**good, "weights": {"head.bias": good["weights"]["head.bias"]}},
        "does not hold the weights",
    ),
    "a weight too many": (weights("more", lambda tensor: torch.ones(1)), "more"),
    "a name that is none": (lambda good: {**good, "weights": {**good["weights"], (1, 2): 3}}, r"\(1, 2\)"),
    "another shape": (weights("head.weight", lambda tensor: tensor[:3]), r"expected torch.float32 \(7, 512\)"),
    "an endless shape of one number": (
        weights("head.weight", lambda tensor: torch.ones(1).expand(2**40)),
        r"expected torch.float32 \(7, 512\)",
    ),
    "another type": (weights("head.weight", lambda tensor: tensor.double()), "expected torch.float32"),
    "complex": (weights("head.weight", lambda tensor: tensor.to(torch.complex64)), "expected torch.float32"),
    "sparse": (
        weights("head.weight", lambda tensor: tensor.to_sparse()),
        "head.weight is not a plain tensor|not a readable checkpoint",
    ),
    "without values": (weights("head.weight", lambda tensor: tensor.to("meta")), "head.weight is not a plain tensor"),
    "a number": (weights("head.weight", lambda tensor: 3.0), "head.weight is not a plain tensor"),
    "not a number": (
        weights("head.bias", lambda tensor: tensor * torch.nan),
        "head.bias holds values that are not finite",
    ),
    "infinite": (
        weights("trunk.conv1.weight", lambda tensor: tensor / 0),
        "trunk.conv1.weight holds values that are not finite",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_checkpoint_is_refused(tmp_path, good, name):
    change, match = HOSTILE[name]
    torch.save(change(good), tmp_path / "a.pt")
    refused(tmp_path / "a.pt", match)


class Hostile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize(
    "save",
    [
        torch.save,
        lambda state, path: path.write_bytes(pickle.dumps(state)),
        lambda state, path: torch.save(state, path, _use_new_zipfile_serialization=False),
    ],
)
def test_code_in_a_checkpoint_is_not_run(tmp_path, save):
    save({"cake": 1, "meta": json.dumps(META), "weights": Hostile(tmp_path / "was_run")}, tmp_path / "a.pt")
    refused(tmp_path / "a.pt", "not a readable checkpoint")
    assert not (tmp_path / "was_run").exists()
    with open(tmp_path / "plain.pickle", "wb") as file:
        pickle.dump(Hostile(tmp_path / "was_run"), file)
    pickle.loads((tmp_path / "plain.pickle").read_bytes()).close()
    assert (tmp_path / "was_run").exists()  # the control: a plain unpickler would have


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99, 0.99999])
def test_a_cut_checkpoint_is_refused(tmp_path, good, share):
    torch.save(good, tmp_path / "a.pt")
    data = (tmp_path / "a.pt").read_bytes()
    (tmp_path / "a.pt").write_bytes(data[: int(len(data) * share)])
    refused(tmp_path / "a.pt", "not a readable checkpoint")


def test_an_archive_that_unfolds_is_refused_unread(tmp_path, monkeypatch):
    torch.save({"cake": checkpoint.SCHEMA, "meta": json.dumps(META)}, plain := io.BytesIO())
    with (
        zipfile.ZipFile(plain) as archive,
        zipfile.ZipFile(tmp_path / "packed.pt", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for member in archive.namelist():
            packed.writestr(member, archive.read(member))
        packed.writestr("archive/data/bomb", bytes(2**24))
    monkeypatch.setattr(torch, "load", lambda *arguments, **options: pytest.fail("it was read"))
    refused(tmp_path / "packed.pt", "may unpack to more bytes than it has")
    with zipfile.ZipFile(tmp_path / "names.pt", "w") as archive:
        archive.writestr("archive/data.pkl", bytes(checkpoint.MOST_PICKLED_BYTES + 1))
    refused(tmp_path / "names.pt", "names more than a network has")
    with open(tmp_path / "huge.pt", "wb") as file:
        file.truncate(10 * 2**30)
    refused(tmp_path / "huge.pt", "has 10,737,418,240 bytes")


def trained(seed=0):
    """A small network and its optimizer after two steps."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
        optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.05)
        for _ in range(2):
            network(torch.randn(5, 4)).square().sum().backward()
            optimizer.step()
    return network, optimizer


def kept(**changes):
    network, optimizer = trained()
    return {
        "cake": checkpoint.SCHEMA,
        "meta": json.dumps(META),
        "log": json.dumps([{"epoch": 1, "loss": 0.5}]),
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        **changes,
    }


def test_a_state_comes_back_into_network_and_optimizer(tmp_path):
    checkpoint.write_state(tmp_path / "a.state", kept())
    network, optimizer = trained(seed=1)
    metas = []
    assert checkpoint.load_state(
        tmp_path / "a.state", checkpoint.read(tmp_path / "a.state"), network, optimizer, metas.append
    ) == [{"epoch": 1, "loss": 0.5}]
    assert metas == [META]
    source, source_optimizer = trained()
    assert all(torch.equal(tensor, source.state_dict()[name]) for name, tensor in network.state_dict().items())
    for index, moments in source_optimizer.state_dict()["state"].items():
        assert all(torch.equal(value, optimizer.state_dict()["state"][index][name]) for name, value in moments.items())


def spoilt(key, name, value):
    """The state of an optimizer with one thing changed."""
    state = trained()[1].state_dict()
    (state["param_groups"][0] if key is None else state["state"][key])[name] = value
    return {"optimizer": state}


@pytest.mark.parametrize(
    "changes, match",
    [
        ({"meta": "{}"}, "does not say its task"),
        ({"log": "{"}, "has no log in JSON"),
        ({"log": "[3]"}, "not a list of rows"),
        ({"log": '[{"loss": "x"}]'}, "not a list of rows"),
        ({"network": {}}, "does not hold the weights of this network"),
        (
            {"network": {**trained()[0].state_dict(), "0.bias": torch.full((3,), torch.nan)}},
            "0.bias holds values that are not finite",
        ),
        ({"optimizer": 3}, "state of an optimizer"),
        ({"optimizer": {"state": {}, "param_groups": []}}, "another optimizer"),
        (spoilt(None, "weight_decay", 0.5), "another optimizer"),
        (spoilt(None, "betas", torch.ones(3)), "another optimizer"),
        (spoilt(1, "exp_avg", torch.ones(2)), r"exp_avg is torch.float32 \(2,\), expected torch.float32 \(3,\)"),
        (spoilt(1, "more", 1), "moments of parameter 1: more"),
        (spoilt(0, "exp_avg_sq", torch.full((3, 4), torch.inf)), "exp_avg_sq holds values that are not finite"),
    ],
)
def test_a_hostile_state_is_refused_and_changes_nothing(tmp_path, changes, match):
    checkpoint.write_state(tmp_path / "a.state", kept(**changes))
    network, optimizer = trained(seed=1)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    refused(
        tmp_path / "a.state",
        match,
        lambda path: checkpoint.load_state(path, checkpoint.read(path), network, optimizer, lambda meta: None),
    )
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_the_state_of_another_training_is_the_callers_to_refuse(tmp_path):
    checkpoint.write_state(tmp_path / "a.state", kept())

    def agree(meta):
        raise ValueError("another training")

    with pytest.raises(ValueError, match="another training"):
        checkpoint.load_state(tmp_path / "a.state", checkpoint.read(tmp_path / "a.state"), *trained(), agree)
