"""Networks read back from an exported file give the features of their checkpoint."""

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from data.architecture import Architecture
from data.files.cache import header_of, open_cache
from data.runtime.failures import Refused
from extract.cli import main
from extract.crops.aligned_cache import align
from extract.crops.cropping import Rule
from extract.features.exported_networks import read_networks
from extract.features.frozen import Networks
from extract.features.onnx_backbone import FLOAT16, FLOAT32, export
from extract.network import backbone, checkpoint
from tests.extract.features.test_onnx_backbone import SIZE, crops, outputs, save
from tests.extract.made_up import listing

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed (extra `export`)")
pytest.importorskip("onnxscript", reason="the package onnxscript is not installed (extra `export`)")


def features(network, images):
    frozen = backbone.Frozen(network, torch.device("cpu"), torch.float32)
    return frozen(backbone.normalise(torch.from_numpy(images)))[0].numpy()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """(folder, checkpoint, its file in half precision and in full)."""
    folder = tmp_path_factory.mktemp("read_back")
    made = checkpoint.load(save(folder / "emotion.pt", domains={"a": {"rows": 19}}), "emotion")
    for weights in (FLOAT16, FLOAT32):
        export(folder / f"{weights}.onnx", Networks(made), folder, weights=weights)
    return folder, made


@pytest.mark.parametrize(("weights", "within"), [(FLOAT32, 1e-5), (FLOAT16, 5e-3)])
def test_features_are_those_of_the_checkpoint(trained, weights, within):
    folder, made = trained
    read, images = read_networks(folder / f"{weights}.onnx", "mine"), crops(9)
    found, expected = features(read.emotion.network, images), features(made.network, images)
    assert np.abs(found - expected).max() < within * np.abs(expected).max()
    other = backbone.make("emotion", dropout=0.0, init="scratch", seed=5).eval()
    assert np.abs(features(other, images) - expected).max() > 0.05 * np.abs(expected).max()


def test_they_are_told_as_the_checkpoint_is(trained):
    folder, made = trained
    read = read_networks(folder / f"{FLOAT16}.onnx", "mine")
    assert read.name == "mine" and read.emotion.sha256 == made.sha256 and read.valence_arousal is None
    told = {"image_size": SIZE, "toy": True, "domains": {"a": {"rows": 19}}, "task": "emotion"}
    assert told.items() <= read.emotion.meta.items()


def test_a_network_that_sees_mirror_images_too_is_read_back_as_one(tmp_path):
    path = save(tmp_path / "emotion.pt", domains={"a": {}}, architecture=Architecture(mirrored=True))
    made = checkpoint.load(path, "emotion")
    export(tmp_path / "both.onnx", Networks(made), tmp_path)
    read, images = read_networks(tmp_path / "both.onnx", "mine").emotion.network, crops(9)
    expected = features(made.network, images)
    assert read.architecture == made.network.architecture
    np.testing.assert_allclose(features(read, images), expected, atol=1e-5)
    np.testing.assert_allclose(outputs(tmp_path / "both.onnx", images)["features"], expected, atol=1e-4)
    np.testing.assert_allclose(features(read, images[:, :, ::-1].copy()), expected, atol=1e-5)


def test_extract_run_takes_the_shipped_one(trained, tmp_path, monkeypatch):
    folder, made = trained
    monkeypatch.setattr("extract.stages.shipped_model", lambda: folder / f"{FLOAT16}.onnx")
    align(listing(tmp_path / "images", toy=True), tmp_path / "aligned" / "a.h5", rule=Rule(landmarks="none"), workers=1)
    result = CliRunner().invoke(main, ["run", "--workdir", str(tmp_path), "--dataset", "a", "--network", "shipped"])
    assert result.exit_code == 0, result.output
    with open_cache(tmp_path / "features" / "shipped" / "a.h5", "features") as file:
        assert header_of(file)["emotion_sha256"] == made.sha256 and file["train"]["feature"].shape[2] == 512


def test_nothing_is_trained_under_its_name(tmp_path):
    task = ("--task", "emotion", "--network", "shipped")
    result = CliRunner().invoke(main, ["train", "--workdir", str(tmp_path), "--dataset", "a", *task])
    assert result.exit_code == 2 and "choose another name" in result.output


def test_a_file_with_a_second_network_is_refused(trained, tmp_path):
    _, made = trained
    second = checkpoint.load(save(tmp_path / "va.pt", task="valence-arousal", domains={"a": {}}), "valence-arousal")
    export(tmp_path / "both.onnx", Networks(made, second), tmp_path)
    with pytest.raises(Refused, match="expected an emotion network alone"):
        read_networks(tmp_path / "both.onnx", "mine")


def test_another_file_is_refused(tmp_path):
    (tmp_path / "x.onnx").write_bytes(b"no model")
    with pytest.raises(Refused, match="not a readable ONNX file"):
        read_networks(tmp_path / "x.onnx", "mine")
