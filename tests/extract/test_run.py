"""Aligned crops to features: shards that resume, rows that keep their labels, networks that must fit the crops."""

import dataclasses

import numpy as np
import pytest
import torch

from data.cache import header_of, open_cache, read_split
from data.publish import Mismatch
from extract import backbone, checkpoint, crops, info, run
from extract.backbone import normalise
from extract.batches import Crops
from extract.checkpoint import Checkpoint
from extract.faces import Rule
from extract.features import Networks, Settings
from tests.extract.made_up import listing

CPU = torch.device("cpu")


def network(task, *, toy=False, size=32, seed=0):
    """A checkpoint that was never trained."""
    meta = {"task": task, "image_size": size, "alignment_version": 1, "toy": toy, "domains": {"a": {}}}
    return Checkpoint(backbone.make(task, dropout=0.0, init="scratch", seed=seed).eval(), meta, f"sha of {task} {seed}")


@pytest.fixture
def aligned(tmp_path, monkeypatch):
    monkeypatch.setattr(crops, "SHARD_ROWS", 8)
    crops.align(listing(tmp_path / "images", {"train": 30, "test": 14}), tmp_path / "a.h5", rule=Rule(landmarks="none"), workers=2)
    return tmp_path / "a.h5"


def make(aligned, name="features.h5", progress=None, **changes):
    progress = {"progress": progress} if progress else {}
    asked = {"emotion": network("emotion"), "valence_arousal": network("valence-arousal"), "precision": "float32", "views": 0, **changes}
    return run.run(aligned, aligned.with_name(name), networks=Networks(asked["emotion"], asked["valence_arousal"]),
                   settings=Settings(CPU, asked["precision"], asked["views"]), **progress)


def test_features_are_those_of_the_network_on_the_plain_crops(aligned):
    assert make(aligned)
    source = Crops(aligned, "train", 32)
    with open_cache(aligned.with_name("features.h5"), "features") as file:
        found, header = read_split(file, "train"), header_of(file)
    assert found["feature"].shape == (len(source), 1, 512) and found["feature"].dtype == np.float16
    assert found["valence_arousal_predicted"].shape == (len(source), 1, 2)
    for name in ("row", "emotion", "path"):
        assert (found[name] == getattr(source, name)).all()
    images = normalise(torch.from_numpy(np.stack([source.pixels(index) for index in range(len(source))])))
    with torch.inference_mode():
        expected, _ = network("emotion").network(images)
    np.testing.assert_allclose(found["feature"][:, 0], expected, atol=2e-3)
    assert header["emotion_sha256"] == "sha of emotion 0" and header["image_size"] == 32


def test_an_interrupted_run_gives_the_digest_of_an_undisturbed_one(aligned):
    class Stopped(Exception):
        pass

    def stop(rows, text="", done=[]):
        done.append(rows)
        if len(done) == 4:
            raise Stopped

    make(aligned, "whole.h5")
    with pytest.raises(Stopped):
        make(aligned, "stopped.h5", progress=stop)
    assert 0 < len(list(aligned.with_name("stopped.h5.parts").glob("*.h5"))) < 6
    assert make(aligned, "stopped.h5")
    digests = [info.describe(aligned.with_name(name))[-1] for name in ("whole.h5", "stopped.h5")]
    assert digests[0] == digests[1] and digests[0].startswith("digest: ")
    assert not make(aligned, "stopped.h5")
    assert not list(aligned.parent.glob(".*")) and not list(aligned.parent.glob("*.parts"))


def test_views_are_cached_behind_the_plain_crop_of_training_rows_alone(aligned):
    make(aligned, "plain.h5")
    make(aligned, "views.h5", views=2)
    with open_cache(aligned.with_name("plain.h5"), "features") as plain, open_cache(aligned.with_name("views.h5"), "features") as views:
        assert views["train/feature"].shape == (27, 3, 512) and views["test/feature"].shape == (13, 1, 512)
        assert views["train/valence_arousal_predicted"].shape == (27, 3, 2)
        assert (views["train/feature"][:, 0] == plain["train/feature"][:, 0]).all()
        assert (views["train/feature"][:, 1] != views["train/feature"][:, 2]).any(1).all()


def test_another_network_is_refused_for_a_cache_or_its_shards(aligned):
    make(aligned)
    with pytest.raises(Mismatch, match="emotion sha256"):
        make(aligned, emotion=network("emotion", seed=1))
    with pytest.raises(Mismatch, match="precision float32, this call has bfloat16"):
        make(aligned, precision="bfloat16")


def test_networks_that_do_not_fit_are_refused(aligned):
    with pytest.raises(ValueError, match="toy corpus"):
        make(aligned, emotion=network("emotion", toy=True))
    with pytest.raises(ValueError, match="image size 32.*48"):
        make(aligned, valence_arousal=network("valence-arousal", size=48))
    older = network("emotion")
    older.meta["alignment_version"] = 0
    with pytest.raises(ValueError, match="alignment version"):
        make(aligned, emotion=older)


def test_features_that_are_not_finite_stop_the_run_and_name_the_image(aligned):
    broken = network("emotion")
    with torch.no_grad():
        broken.network.trunk.bn1.weight.fill_(float("nan"))
    with pytest.raises(ValueError, match="train_0.png gives features that are no finite float16"):
        make(aligned, emotion=broken)


def test_without_a_regression_network_there_is_no_predicted_arousal_valence(aligned):
    make(aligned, valence_arousal=None)
    with open_cache(aligned.with_name("features.h5"), "features") as file:
        assert "valence_arousal_predicted" not in file["train"]


def test_a_split_without_a_face_leaves_an_empty_split(tmp_path):
    made = listing(tmp_path / "images", {"train": 8, "test": 3})
    gone = tuple(dataclasses.replace(sample, path="nowhere.png") if sample.split == "test" else sample for sample in made.samples)
    crops.align(dataclasses.replace(made, samples=gone), tmp_path / "a.h5", rule=Rule(landmarks="none"), workers=1)
    make(tmp_path / "a.h5")
    with open_cache(tmp_path / "features.h5", "features") as file:
        assert file["test/status_counts"][()].sum() == 3
    assert any(line.startswith("test: 0 crops of 3 listed images, coverage 0.0%") for line in info.describe(tmp_path / "features.h5"))


def test_info_and_verify(aligned):
    make(aligned)
    path = aligned.with_name("features.h5")
    text = "\n".join(info.describe(path))
    assert "train: 27 crops of 30 listed images" in text and "left_out 3" in text and "image size: 32" in text
    info.verify(path)
    import h5py

    with h5py.File(path, "r+") as file:
        file["train/feature"][0, 0, 0] += 1
    with pytest.raises(ValueError, match="damaged in train/feature"):
        info.verify(path)
