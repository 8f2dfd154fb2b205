"""Aligned crops to features: shards that resume, rows that keep their labels, networks that must fit the crops."""

import dataclasses
import multiprocessing
import threading

import cv2
import numpy as np
import pytest
import torch

from data.architecture import Architecture
from data.files.cache import header_of, open_cache, provenance_of, read_split
from data.files.publish import Mismatch
from data.files.shards import DamagedShard
from data.runtime.device import own_threads
from extract.crops import aligned_cache
from extract.crops.cropping import Rule
from extract.crops.hold_out import units
from extract.crops.stored import StoredCrops
from extract.faces.alignment import ALIGNMENT_VERSION
from extract.features import extraction
from extract.features.frozen import FeatureSettings, Networks
from extract.info import files as info
from extract.network import backbone
from extract.network.backbone import Frozen, normalise
from extract.network.checkpoint import Checkpoint
from extract.network.precision import autocast
from tests.extract.made_up import listing, picture

CPU = torch.device("cpu")


def network(task, *, toy=False, size=32, seed=0, architecture=backbone.PAPER):
    """A checkpoint that was never trained."""
    meta = {"task": task, "image_size": size, "alignment_version": ALIGNMENT_VERSION, "toy": toy, "domains": {"a": {}}}
    made = backbone.make(task, architecture, dropout=0.0, init="scratch", seed=seed).eval()
    return Checkpoint(made, meta, f"sha of {task} {seed}")


@pytest.fixture
def aligned(tmp_path, monkeypatch):
    monkeypatch.setattr(aligned_cache, "SHARD_ROWS", 8)
    aligned_cache.align(
        listing(tmp_path / "images", {"train": 30, "test": 14}),
        tmp_path / "a.h5",
        rule=Rule(landmarks="none"),
        workers=2,
    )
    return tmp_path / "a.h5"


def make(aligned, name="features.h5", progress=None, **changes):
    progress = {"progress": progress} if progress else {}
    asked = {
        "emotion": network("emotion"),
        "valence_arousal": network("valence-arousal"),
        "precision": "float32",
        "views": 0,
        **changes,
    }
    return extraction.run(
        aligned,
        aligned.with_name(name),
        networks=Networks(asked["emotion"], asked["valence_arousal"]),
        settings=FeatureSettings(CPU, asked["precision"], asked["views"]),
        **progress,
    )


def digest(path):
    last = info.describe(path)[-1]
    assert last.startswith("digest: ")
    return last


def test_folded_batch_normalisation_gives_the_features_of_the_network_as_it_was_trained():
    """With running statistics unlike those of a fresh network; in bfloat16 as near to float32 as autocast unfolded."""
    trained = network("emotion", size=64).network
    images = torch.randn(8, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    trained.train()
    for _ in range(5):
        trained(images * 2 + 1)
    trained.eval()
    with torch.inference_mode():
        expected, logits = trained(images)
        with autocast(CPU, "bfloat16"):
            unfolded, _ = trained(images)

    def error(features):
        return ((features.float() - expected).norm(dim=1) / expected.norm(dim=1)).max()

    features, outputs = Frozen(trained, CPU, torch.float32)(images)
    assert error(features) < 1e-5
    torch.testing.assert_close(outputs, logits, atol=1e-4, rtol=0)
    features, outputs = Frozen(trained, CPU, torch.bfloat16)(images)
    assert 1e-5 < error(features) < 1.3 * error(unfolded) and features.dtype == outputs.dtype == torch.float32
    assert sum(isinstance(module, torch.nn.BatchNorm2d) for module in trained.modules()) == 20, (
        "the trained network is left as it was"
    )
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in Frozen(trained, CPU, torch.float32).modules())


def test_features_are_those_of_the_network_on_the_plain_crops(aligned):
    assert make(aligned)
    source = StoredCrops(aligned, "train", 32)
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


def test_each_network_has_its_own_architecture_and_the_emotion_networks_features_are_kept(aligned):
    pooled = network("emotion", size=64, architecture=Architecture("resnet18", "covariance", 24))
    small = network("valence-arousal", size=64, architecture=Architecture("shufflenet_v2_x0_5"))
    assert make(aligned, emotion=pooled, valence_arousal=small)
    with open_cache(aligned.with_name("features.h5"), "features") as file:
        found, header, told = read_split(file, "test"), header_of(file), provenance_of(file)
    parameters = sum(each.numel() for each in pooled.network.trunk.parameters())
    assert (told["architecture"], told["parameters"]) == ("resnet18 with covariance pooling", parameters)
    assert found["feature"].shape[1:] == (1, 24) and header["feature_size"] == 24
    assert found["valence_arousal_predicted"].shape[1:] == (1, 2)


def test_an_interrupted_run_gives_the_digest_of_an_undisturbed_one(aligned):
    class Stopped(Exception):
        pass

    done = []

    def stop(rows, text=""):
        done.append(rows)
        if len(done) == 4:
            raise Stopped

    make(aligned, "whole.h5")
    with pytest.raises(Stopped):
        make(aligned, "stopped.h5", progress=stop)
    assert 0 < len(list(aligned.with_name("stopped.h5.parts").glob("*.h5"))) < 6
    assert make(aligned, "stopped.h5")
    assert digest(aligned.with_name("whole.h5")) == digest(aligned.with_name("stopped.h5"))
    paces = []
    for name in ("whole.h5", "stopped.h5"):
        with open_cache(aligned.with_name(name), "features") as file:
            paces.append(provenance_of(file)["images_per_second"])
    assert min(paces) > 0  # what was measured is told, and is no part of the digest
    assert not make(aligned, "stopped.h5")
    assert not list(aligned.parent.glob(".*")) and not list(aligned.parent.glob("*.parts"))


@pytest.mark.parametrize("cores", [1, 2, 8])
def test_the_number_of_cores_does_not_change_a_bit(aligned, monkeypatch, cores):
    make(aligned, "whole.h5", precision="bfloat16", views=1)
    monkeypatch.setattr("extract.network.inference.own_threads", lambda: cores)
    make(aligned, "other.h5", precision="bfloat16", views=1)
    assert digest(aligned.with_name("whole.h5")) == digest(aligned.with_name("other.h5"))


def test_threads_are_the_cpus_or_what_the_user_says_but_not_what_torchrun_says(monkeypatch):
    monkeypatch.setattr("data.runtime.device.own_cpus", lambda: 8)
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    for said, threads in (("", 8), ("3", 3), ("16", 8), ("0", 8), ("nonsense", 8)):
        monkeypatch.setenv("OMP_NUM_THREADS", said)
        assert own_threads() == threads
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert own_threads() == 8


def test_features_taken_while_crops_are_being_made_are_those_of_a_finished_cache(aligned, tmp_path):
    """What a GPU does, with the CPU in its place."""
    make(aligned, "whole.h5", views=2)
    made = listing(tmp_path / "images", {"train": 30, "test": 14})
    networks, settings = Networks(network("emotion"), network("valence-arousal")), FeatureSettings(CPU, "float32", 2)
    other, target, seen = tmp_path / "other" / "a.h5", tmp_path / "other" / "features.h5", []
    extraction.run_along(
        aligned_cache.AlignedCache(made, other, Rule(landmarks="none")),
        target,
        networks=networks,
        settings=settings,
        workers=2,
        progress=lambda rows, text="": seen.append(str(text)),
    )
    assert other.exists() and not target.exists() and len(list((target.parent / "features.h5.parts").glob("*.h5"))) == 6
    assert "limit: " in seen[-1] and "faces in 100.0%" in seen[-1]
    assert extraction.run(other, target, networks=networks, settings=settings)
    assert digest(target) == digest(aligned.with_name("whole.h5"))


def test_who_is_in_an_image_travels_from_the_list_to_its_crop_and_its_features(tmp_path):
    made = listing(tmp_path / "images", {"train": 10, "test": 3})
    people = {"train_0.png": "anna", "train_9.png": "ben", "test_1.png": "anna"}
    samples = [
        dataclasses.replace(one, cluster=people.get(one.path, ""), groups=(("age", "4-19"),) * (one.path in people))
        for one in made.samples
    ]
    made = dataclasses.replace(made, samples=tuple(samples))
    target, networks, settings = tmp_path / "f.h5", Networks(network("emotion")), FeatureSettings(CPU, "float32")
    alignment = aligned_cache.AlignedCache(made, tmp_path / "a.h5", Rule(landmarks="none"))
    extraction.run_along(alignment, target, networks=networks, settings=settings, workers=1)
    extraction.run(tmp_path / "a.h5", target, networks=networks, settings=settings)
    for path, kind in ((tmp_path / "a.h5", "aligned"), (target, "features")):
        with open_cache(path, kind) as file:
            for split in ("train", "test"):
                rows = read_split(file, split, ("path", "cluster", "groups"))
                assert [people.get(path, "") for path in rows["path"]] == rows["cluster"].tolist()
                assert ['{"age": "4-19"}' if path in people else "" for path in rows["path"]] == rows["groups"].tolist()
    crops = StoredCrops(tmp_path / "a.h5", "train", 32)
    assert (
        crops.cluster.tolist() == ["anna", *[""] * 7, "ben"]
        and len(StoredCrops(target.with_name("a.h5"), "validation", 32).cluster) == 0
    )
    assert StoredCrops(_without_people(tmp_path), "train", 32).cluster.tolist() == [""] * 9


def _without_people(folder):
    """A cache of a list that tells nobody, which is as those from before this was read."""
    made = listing(folder / "images", {"train": 10})
    aligned_cache.align(made, folder / "untold.h5", rule=Rule(landmarks="none"), workers=1)
    with open_cache(folder / "untold.h5", "aligned") as file:
        assert "cluster" not in file["train"] and "groups" not in file["train/manifest"]
    return folder / "untold.h5"


def test_an_alignment_that_fails_beside_the_network_ends_both(aligned, tmp_path, monkeypatch):
    monkeypatch.setattr(aligned_cache, "FAILURES_ALLOWED", 0)
    monkeypatch.setattr(aligned_cache, "outcome", failing)
    before = set(threading.enumerate())  # other packages may keep threads of their own
    alignment = aligned_cache.AlignedCache(
        listing(tmp_path / "images", {"train": 30}), tmp_path / "other" / "a.h5", Rule(landmarks="none")
    )
    with pytest.raises(ChildProcessError, match="points to the installation"):
        extraction.run_along(
            alignment,
            tmp_path / "other" / "features.h5",
            networks=Networks(network("emotion")),
            settings=FeatureSettings(CPU, "float32"),
            workers=1,
        )
    assert set(threading.enumerate()) <= before and multiprocessing.active_children() == []


def failing(sample, root, rule):
    raise ImportError("no dlib")


def test_shards_of_other_crops_are_refused(aligned, tmp_path):
    """The photographs changed and were aligned again, while features of the old ones lie there half-finished."""

    done = []

    def stop(rows, text=""):
        done.append(rows)
        if len(done) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(aligned, progress=stop)
    cv2.imwrite(str(tmp_path / "images" / "train_0.png"), picture(77))
    aligned.unlink()
    aligned_cache.align(
        listing(tmp_path / "again", {"train": 30, "test": 14}),
        tmp_path / "plain.h5",
        rule=Rule(landmarks="none"),
        workers=1,
    )
    for path in (tmp_path / "again").iterdir():
        if path.name != "train_0.png":
            (tmp_path / "images" / path.name).write_bytes(path.read_bytes())
    made = dataclasses.replace(listing(tmp_path / "again", {"train": 30, "test": 14}), root=tmp_path / "images")
    aligned_cache.align(made, aligned, rule=Rule(landmarks="none"), workers=1)
    with pytest.raises(DamagedShard, match="000000.h5 was computed from other crops"):
        make(aligned)


def test_views_are_cached_behind_the_plain_crop_of_training_rows_alone(aligned):
    make(aligned, "plain.h5")
    make(aligned, "views.h5", views=2)
    with (
        open_cache(aligned.with_name("plain.h5"), "features") as plain,
        open_cache(aligned.with_name("views.h5"), "features") as views,
    ):
        assert views["train/feature"].shape == (27, 3, 512) and views["test/feature"].shape == (13, 1, 512)
        assert views["train/valence_arousal_predicted"].shape == (27, 3, 2)
        assert (views["train/feature"][:, 0] == plain["train/feature"][:, 0]).all()
        assert (views["train/feature"][:, 1] != views["train/feature"][:, 2]).any(1).all()


def test_features_of_fewer_images_say_how_many_there_are_now(aligned):
    make(aligned)
    more = listing(aligned.parent / "images", {"train": 31, "test": 14})
    aligned_cache.align(more, aligned, rule=Rule(landmarks="none"), workers=2)
    with pytest.raises(Mismatch, match="features.h5 was made from another .*a.h5: 44 listed images, now 45; delete it"):
        make(aligned)
    aligned.with_name("features.h5").unlink()  # what it recommends
    assert make(aligned)


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
    with pytest.raises(ValueError, match="train_0.png gives features that are not finite float16"):
        make(aligned, emotion=broken)


def test_without_a_regression_network_there_is_no_predicted_arousal_valence(aligned):
    make(aligned, valence_arousal=None)
    with open_cache(aligned.with_name("features.h5"), "features") as file:
        assert "valence_arousal_predicted" not in file["train"]


def test_a_split_without_a_face_leaves_an_empty_split(tmp_path):
    made = listing(tmp_path / "images", {"train": 8, "test": 3})
    gone = tuple(
        dataclasses.replace(sample, path="nowhere.png") if sample.split == "test" else sample for sample in made.samples
    )
    aligned_cache.align(
        dataclasses.replace(made, samples=gone), tmp_path / "a.h5", rule=Rule(landmarks="none"), workers=1
    )
    make(tmp_path / "a.h5")
    with open_cache(tmp_path / "features.h5", "features") as file:
        assert file["test/status_counts"][()].sum() == 3
    assert any(
        line.startswith("test: 0 crops of 3 listed images, coverage 0.0%")
        for line in info.describe(tmp_path / "features.h5")
    )


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


def test_crops_that_no_network_has_seen_are_marked(aligned):
    unit = units(StoredCrops(aligned, "train", 32).path)
    domains = {"domains": {"held": {}}}
    emotion, regression = (
        dataclasses.replace(one, meta={**one.meta, **domains}, held_out={"held": unit[own]})
        for one, own in ((network("emotion"), slice(0, 6)), (network("valence-arousal"), slice(4, 9)))
    )
    make(aligned, "held.h5", emotion=emotion, valence_arousal=regression)
    with open_cache(aligned.with_name("held.h5"), "features") as file:
        assert np.flatnonzero(file["train/held_out"][()]).tolist() == [4, 5]
        assert "held_out" not in file["test"]
    make(aligned, "other.h5", emotion=emotion, valence_arousal=regression)  # of data that they were not trained on
    with open_cache(aligned.with_name("other.h5"), "features") as file:
        assert "held_out" not in file["train"]
