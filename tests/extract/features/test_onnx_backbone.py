"""extract export: the file gives what the networks give, says what they are, and is refused where it could not."""

import functools
import hashlib
import json
import sys
from dataclasses import asdict

import cv2
import numpy as np
import pytest
import torch

from data.architecture import Architecture
from data.emotions import EMOTIONS
from data.files.cache import header_of, open_cache
from extract.cli import main
from extract.crops.aligned_cache import align
from extract.crops.cropping import Rule
from extract.faces.alignment import ALIGNMENT_VERSION, CROP_SIZE, template
from extract.network import backbone, checkpoint
from tests import commands
from tests.extract.made_up import listing, picture
from tests.places import ROOT

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed (extra `export`)")
pytest.importorskip("onnxscript", reason="the package onnxscript is not installed (extra `export`)")
runtime = pytest.importorskip("onnxruntime", reason="the package onnxruntime is not installed (extra `export`)")

SIZE = 32
WITHIN = 1e-4  # of float32 results whose sums run in another order
call, fine = (functools.partial(way, main, "export") for way in (commands.call, commands.fine))


def save(path, *, task="emotion", seed=0, domains, size=SIZE, architecture=backbone.PAPER, **changes):
    """Publish a network whose batch normalisation has seen made-up pictures, so that folding it changes weights."""
    network = backbone.make(task, architecture, dropout=0.0, init="scratch", seed=seed)
    with torch.no_grad():
        for _ in range(20):
            network.train()(backbone.normalise(torch.from_numpy(crops(8, size))))
    meta = {
        "task": task,
        "settings": asdict(architecture),
        "image_size": size,
        "emotions": list(EMOTIONS),
        "alignment_version": ALIGNMENT_VERSION,
        "toy": True,
        "domains": domains,
    }
    checkpoint.save(path, network.eval(), {**meta, **changes})
    return path


def crops(count, size=SIZE):
    """(n, S, S, 3) uint8."""
    return np.stack([picture(seed, (size, size)) for seed in range(count)])


def outputs(path, images):
    """Name -> array that the file gives."""
    session = runtime.InferenceSession(path)
    return dict(zip([each.name for each in session.get_outputs()], session.run(None, {"crop": images})))


def facts(path):
    return {entry.key: entry.value for entry in onnx.load(path).metadata_props}


def expected(path, task, images):
    """(features, outputs) of a checkpoint in float32, as `extract run --precision float32` takes them."""
    frozen = backbone.Frozen(checkpoint.load(path, task).network, torch.device("cpu"), torch.float32)
    return [values.numpy() for values in frozen(backbone.normalise(torch.from_numpy(images)))]


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    """Both networks, and the crops that they name as those of their training."""
    folder = tmp_path_factory.mktemp("exported")
    rule = Rule(landmarks="none")
    align(listing(folder / "images", toy=True), folder / "aligned" / "a.h5", rule=rule, workers=1)
    with open_cache(folder / "aligned" / "a.h5", "aligned") as file:
        domains = {"a": {"aligned_digest": file.attrs["digest"], "rows": 19}}
    for task in ("emotion", "valence-arousal"):
        save(folder / "checkpoints" / f"{task}.pt", task=task, domains=domains)
    save(folder / "checkpoints" / "second" / "emotion.pt", seed=1, domains=domains)
    return folder


@pytest.fixture(scope="module")
def exported(workdir):
    result = fine("--workdir", workdir)
    path = workdir / "exports" / "backbone.onnx"
    assert result.stdout.strip() == str(path) and not result.stderr
    return path


@pytest.mark.parametrize("count", [1, 19])
def test_it_gives_what_the_networks_give(workdir, exported, count):
    images = crops(count)
    found = outputs(exported, images)
    features, _ = expected(workdir / "checkpoints" / "emotion.pt", "emotion", images)
    _, predicted = expected(workdir / "checkpoints" / "valence-arousal.pt", "valence-arousal", images)
    assert found["features"].shape == (count, 512) and found["valence_arousal"].shape == (count, 2)
    assert np.abs(found["features"] - features).max() < WITHIN
    assert np.abs(found["valence_arousal"] - predicted).max() < WITHIN
    other, _ = expected(workdir / "checkpoints" / "second" / "emotion.pt", "emotion", images)
    assert np.abs(found["features"] - other).max() > 100 * WITHIN  # so the networks' own features can be told apart


def test_covariance_pooling_is_refused_before_anything_is_computed(tmp_path, monkeypatch):
    pooled = Architecture("resnet18", "covariance", 24)
    save(tmp_path / "checkpoints" / "emotion.pt", domains={"a": {}}, size=64, architecture=pooled)
    monkeypatch.setattr("extract.features.onnx_backbone.onnx_graph", lambda *_: pytest.fail("it was traced"))
    result = call("--workdir", tmp_path)
    assert result.exit_code == 1 and "ONNX cannot express" in result.stderr.splitlines()[-1]
    assert not (tmp_path / "exports").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mobilenet_v3_small", "vgg11_bn", "densenet121"])
def test_other_backbones_are_exported_too(tmp_path, name):
    path = save(tmp_path / "checkpoints" / "emotion.pt", domains={"a": {}}, architecture=Architecture(name))
    fine("--workdir", tmp_path)
    images = crops(5)
    found, (features, _) = outputs(tmp_path / "exports" / "backbone.onnx", images), expected(path, "emotion", images)
    assert found["features"].shape == features.shape
    assert np.abs(found["features"] - features).max() < WITHIN * np.abs(features).max()


def test_it_says_what_it_is(workdir, exported):
    told = facts(exported)
    for task in ("emotion", "valence-arousal"):
        path = workdir / "checkpoints" / f"{task}.pt"
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        assert told[f"{task.replace('-', '_')}_sha256"] == sha256
    assert json.loads(told["emotions"]) == list(EMOTIONS) and json.loads(told["toy"]) is True
    assert (told["kind"], told["image_size"], told["alignment_version"]) == ("backbone", "32", str(ALIGNMENT_VERSION))
    with open_cache(workdir / "aligned" / "a.h5", "aligned") as file:
        header = header_of(file)
    made = json.loads(told["crops"])["a"]
    assert made["detector_weights"] and made["landmarks"] == "none"
    assert made.items() <= header.items()


def test_info_and_verify_know_it(exported, tmp_path):
    lines = said("info", exported).splitlines()
    assert "backbone in ONNX  TOY DATA" in lines[0] and "image size: 32" in lines
    assert lines[-1] == f"digest: {facts(exported)['weights_sha256']}"
    assert f"{exported} is whole" in said("verify", exported)
    changed = onnx.load(exported)
    weights = changed.graph.initializer[3]
    weights.raw_data = weights.raw_data[:-1] + bytes([weights.raw_data[-1] ^ 1])
    onnx.save(changed, tmp_path / "changed.onnx")
    result = commands.call(main, "verify", tmp_path / "changed.onnx")
    assert result.exit_code == 1 and "is damaged in its weights" in result.output


def said(command, path):
    return commands.fine(main, command, path).stdout


def test_nothing_of_this_machine_is_in_it(exported):
    content = exported.read_bytes()
    assert b"crop" in content
    assert not any(str(place).encode() in content for place in (ROOT, exported.parent, "site-packages"))


def test_the_places_of_the_template_are_pixels_of_its_crop(exported):
    """A spot at a place of the full crop lies, in the crop made smaller, where the file says."""
    told = json.loads(facts(exported)["template"])["eye corners"]
    assert told["points"] == [0, 1, 2, 3, 4]
    pixels = np.arange(CROP_SIZE)
    for place, stated in zip(template("eye corners"), told["places"]):
        spot = np.exp(-(((pixels - place[0]) / 9) ** 2) - (((pixels[:, None] - place[1]) / 9) ** 2))
        small = cv2.resize(spot, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
        centre = [(small.sum(axis) * np.arange(SIZE)).sum() / small.sum() for axis in (0, 1)]
        assert np.abs(np.subtract(centre, stated)).max() < 0.02  # half a pixel of either side would be 0.4


def test_a_network_without_regression_and_without_its_crops(workdir, tmp_path):
    save(tmp_path / "checkpoints" / "emotion.pt", domains={"a": {"aligned_digest": "0" * 64}})
    (tmp_path / "aligned").mkdir()
    (tmp_path / "aligned" / "a.h5").write_bytes((workdir / "aligned" / "a.h5").read_bytes())  # of another digest
    result = fine("--workdir", tmp_path, "--output", tmp_path / "mine.onnx")
    assert "the file gives features alone" in result.stderr and "does not say which detector" in result.stderr
    told = facts(tmp_path / "mine.onnx")
    assert told["valence_arousal_sha256"] == "none" and json.loads(told["crops"]) == {}
    assert outputs(tmp_path / "mine.onnx", crops(2)).keys() == {"features"}


def test_one_network_of_several_goes_into_a_folder_of_its_own(workdir, exported):
    result = fine("--workdir", workdir, "--network", "second")
    path = workdir / "exports" / "second" / "backbone.onnx"
    assert result.stdout.strip() == str(path) and "that of" in result.stderr
    told = facts(path)
    assert told["network"] == "second" and told["emotion_sha256"] != facts(exported)["emotion_sha256"]
    assert told["valence_arousal_sha256"] == facts(exported)["valence_arousal_sha256"]


def test_8_bit_integers_give_nearly_the_same_in_a_quarter_of_the_bytes(workdir, exported, tmp_path):
    result = fine("--workdir", workdir, "--output", tmp_path / "int8.onnx", "--quantize")
    assert result.output.strip() == str(tmp_path / "int8.onnx")
    assert (tmp_path / "int8.onnx").stat().st_size < 0.3 * exported.stat().st_size
    told = facts(tmp_path / "int8.onnx")
    assert {name for name, _ in told.items() - facts(exported).items()} == {"precision", "weights_sha256"}
    assert (told["precision"], facts(exported)["precision"]) == ("int8", "float32")
    found, plain = (outputs(path, crops(19))["features"] for path in (tmp_path / "int8.onnx", exported))
    assert 1e-3 < np.abs(found - plain).mean() / np.abs(plain).mean() < 0.1


def test_half_precision_gives_the_same_but_for_rounding_in_half_of_the_bytes(workdir, exported, tmp_path):
    fine("--workdir", workdir, "--output", tmp_path / "half.onnx", "--half")
    assert 0.49 < (tmp_path / "half.onnx").stat().st_size / exported.stat().st_size < 0.51
    told = facts(tmp_path / "half.onnx")
    assert {name for name, _ in told.items() - facts(exported).items()} == {"precision", "weights_sha256"}
    assert told["precision"] == "float16"
    found, plain = (outputs(path, crops(19))["features"] for path in (tmp_path / "half.onnx", exported))
    assert found.dtype == np.float32 and 1e-6 < np.abs(found - plain).mean() / np.abs(plain).mean() < 1e-2


def test_weights_are_kept_in_one_way(workdir, tmp_path):
    result = call("--workdir", workdir, "--output", tmp_path / "mine.onnx", "--half", "--quantize")
    assert result.exit_code == 2 and "leave one out" in result.output and not list(tmp_path.iterdir())


def test_without_training_crops_there_are_no_ranges_for_integers(tmp_path):
    save(tmp_path / "checkpoints" / "emotion.pt", domains={"a": {"aligned_digest": "0" * 64}})
    result = call("--workdir", tmp_path, "--quantize")
    assert result.exit_code == 1 and "aligned holds none of them; align again, or leave it out" in result.output


@pytest.mark.parametrize(
    "task, changes, match",
    [
        ("emotion", {"alignment_version": 1}, "alignment version 1, this code knows the template of version"),
        ("valence-arousal", {"image_size": 64}, "train both at one --image-size"),
    ],
)
def test_networks_that_make_no_file_are_refused(tmp_path, task, changes, match):
    for each in ("emotion", "valence-arousal"):
        own = changes if each == task else {}
        save(tmp_path / "checkpoints" / f"{each}.pt", task=each, domains={"a": {}}, **own)
    result = call("--workdir", tmp_path)
    assert result.exit_code == 1 and match in result.output and result.output.count("\n") == 1
    assert not (tmp_path / "exports").exists()


@pytest.mark.parametrize("package", ["onnx", "onnxscript", "onnxruntime"])
def test_a_missing_package_is_named_with_its_extra(workdir, tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    result = call("--workdir", workdir, "--output", tmp_path / "mine.onnx", "--quantize")
    assert result.exit_code == 1 and result.output.count("\n") == 1
    assert f"the package {package} is missing; install it with: pip install 'cake-emotion[export]'" in result.output


def test_without_a_checkpoint_the_command_that_makes_it_is_named(tmp_path):
    result = call("--workdir", tmp_path)
    assert result.exit_code == 1 and "extract train --dataset NAME --task emotion" in result.output
