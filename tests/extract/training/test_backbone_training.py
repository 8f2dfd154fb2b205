"""Training: it learns, resumes to the same weights, refuses other settings, and its checkpoints are checked before
use."""

import contextlib
import csv
import dataclasses
import functools
import io
import json

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight

from data.files.publish import Mismatch
from data.runtime.device import choose_device
from data.runtime.failures import Refused
from extract.crops import aligned_cache
from extract.crops.cropping import Rule
from extract.crops.hold_out import set_aside, units
from extract.crops.stored import StoredCrops, batches, decoded
from extract.network import checkpoint
from extract.network.augmentation import affine, augment, change, cutout, draw, jitter
from extract.training.backbone_training import TrainingSettings, train
from extract.training.epoch_log import read_log
from extract.training.epochs import Epochs, NotFinite
from extract.training.kept_pixels import KeptPixels
from extract.training.network_scores import scores_of
from extract.training.training_rows import TrainingRows, batch_bounds, class_weights, usable
from tests.extract.made_up import listing

CPU = torch.device("cpu")
SETTINGS = TrainingSettings("emotion", image_size=32, epochs=3, batch=8, dropout=0.1)


@pytest.fixture(scope="module")
def aligned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("train")
    aligned_cache.align(
        listing(folder / "images", {"train": 30, "test": 14}), folder / "a.h5", rule=Rule(landmarks="none"), workers=2
    )
    return folder / "a.h5"


@pytest.fixture
def domains(aligned):
    return domains_of(aligned)


def domains_of(aligned):
    return {"a": tuple(StoredCrops(aligned, split, 32) for split in ("train", "test"))}


@pytest.fixture(scope="module")
def trained(aligned, tmp_path_factory):
    """The checkpoint of a finished training with SETTINGS; tests leave it as it is."""
    path = tmp_path_factory.mktemp("trained") / "emotion.pt"
    train(path, domains_of(aligned), SETTINGS, device=CPU)
    return path


def stop_in_epoch(number, error=KeyboardInterrupt):
    def progress(rows, text=""):
        if text and text.startswith(f"epoch {number}/"):
            raise error

    return progress


@pytest.mark.parametrize("task", ["emotion", "valence-arousal"])
def test_a_stopped_training_ends_with_the_file_of_an_undisturbed_one(domains, tmp_path, task):
    settings = TrainingSettings(task, image_size=32, epochs=3, batch=8)
    whole = train(tmp_path / "whole.pt", domains, settings, device=CPU)
    for number in (2, 3):  # the second call takes up the state that the first one left
        with pytest.raises(KeyboardInterrupt, match=f"^{number - 1} of 3 epochs are kept in .*stopped.pt.state"):
            train(tmp_path / "stopped.pt", domains, settings, device=CPU, progress=stop_in_epoch(number))
    resumed = train(tmp_path / "stopped.pt", domains, settings, device=CPU)
    assert [row["loss"] for row in resumed] == [row["loss"] for row in whole]
    assert (tmp_path / "whole.pt").read_bytes() == (tmp_path / "stopped.pt").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stopped.csv", "stopped.pt", "whole.csv", "whole.pt"]


def test_a_training_stopped_in_its_first_epoch_says_that_nothing_is_kept(domains, tmp_path):
    with pytest.raises(KeyboardInterrupt, match="^nothing is kept yet, since the first epoch had not ended$"):
        train(tmp_path / "a.pt", domains, SETTINGS, device=CPU, progress=stop_in_epoch(1))
    assert list(tmp_path.iterdir()) == []


def test_what_is_kept_in_time_survives_an_end_that_keeps_nothing(domains, tmp_path, monkeypatch):
    path = tmp_path / "emotion.pt"
    for seconds, there in ((1000, False), (0, True)):
        monkeypatch.setattr("extract.training.backbone_training.KEEP_SECONDS", seconds)
        with pytest.raises(ZeroDivisionError):
            train(path, domains, SETTINGS, device=CPU, progress=stop_in_epoch(3, ZeroDivisionError))
        assert checkpoint.state_path(path).exists() == there


def test_what_a_killed_training_left_is_cleared_away(domains, tmp_path):
    path = tmp_path / "emotion.pt"
    for name in (".emotion.csv.77.tmp", ".emotion.pt.77.tmp", ".emotion.pt.state.77.tmp"):
        (tmp_path / name).touch()
    train(path, domains, SETTINGS, device=CPU)
    checkpoint.state_path(path).touch()  # killed between checkpoint and clearing
    assert len(train(path, domains, SETTINGS, device=CPU)) == 3
    assert sorted(file.name for file in tmp_path.iterdir()) == ["emotion.csv", "emotion.pt"]


def test_looking_at_the_loss_now_and_then_changes_nothing(domains, trained, tmp_path, monkeypatch):
    often = read_log(trained)
    monkeypatch.setattr(Epochs, "_looks", lambda self, number: number == 1)
    seldom = train(tmp_path / "seldom.pt", domains, SETTINGS, device=CPU)
    assert trained.read_bytes() == (tmp_path / "seldom.pt").read_bytes()
    assert [row["loss"] for row in seldom] == pytest.approx([row["loss"] for row in often], rel=1e-5)


def test_a_finished_checkpoint_is_left_alone_and_others_refused(domains, trained):
    before = trained.stat().st_mtime_ns
    assert len(train(trained, domains, SETTINGS, device=CPU)) == 3
    assert trained.stat().st_mtime_ns == before
    with pytest.raises(Mismatch, match="epochs 3, this call has 4"):
        train(trained, domains, TrainingSettings("emotion", image_size=32, epochs=4, batch=8, dropout=0.1), device=CPU)


def test_what_was_trained_before_there_was_a_choice_of_networks_is_resnet18(domains, trained, tmp_path):
    state, path = torch.load(trained, weights_only=True), tmp_path / "emotion.pt"
    meta = json.loads(state["meta"])
    for name in ("backbone", "pooling", "representation"):
        del meta["settings"][name]
    torch.save({**state, "meta": json.dumps(meta)}, path)
    before = path.read_bytes()
    train(path, domains, SETTINGS, device=CPU)
    assert path.read_bytes() == before and checkpoint.load(path, "emotion").network.width == 512
    with pytest.raises(Mismatch, match="backbone resnet18, this call has resnet34"):
        train(path, domains, dataclasses.replace(SETTINGS, backbone="resnet34"), device=CPU)


def test_a_representation_is_of_covariance_pooling():
    assert SETTINGS.representation is None
    assert dataclasses.replace(SETTINGS, pooling="covariance").representation == 512
    with pytest.raises(Refused, match="--representation is the size that --pooling covariance gives"):
        dataclasses.replace(SETTINGS, representation=512)


@pytest.mark.parametrize(
    "size, width, choice",
    [
        (32, 1024, {"backbone": "shufflenet_v2_x0_5"}),
        (64, 24, {"backbone": "regnet_x_400mf", "pooling": "covariance", "representation": 24}),
    ],
)
def test_another_network_is_trained_scored_and_read_again(aligned, tmp_path, size, width, choice):
    domains = {"a": tuple(StoredCrops(aligned, split, size) for split in ("train", "test"))}
    settings = dataclasses.replace(SETTINGS, epochs=2, image_size=size, precision="bfloat16", **choice)
    for name, number in (("whole", 9), ("stopped", 2)):
        with contextlib.suppress(KeyboardInterrupt):
            train(tmp_path / f"{name}.pt", domains, settings, device=CPU, progress=stop_in_epoch(number))
    train(tmp_path / "stopped.pt", domains, settings, device=CPU)
    assert (tmp_path / "whole.pt").read_bytes() == (tmp_path / "stopped.pt").read_bytes()
    found = checkpoint.load(tmp_path / "whole.pt", "emotion")
    assert found.network.width == width and choice.items() <= found.meta["settings"].items()
    assert scores_of(found.network, domains["a"][1], settings, CPU, np.arange(14))["n"] == 13


def test_the_log_is_kept_and_the_checkpoint_says_what_made_it(trained):
    rows = list(csv.DictReader(io.StringIO(trained.with_suffix(".csv").read_text())))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"] and all(float(row["loss"]) > 0 for row in rows)
    meta = checkpoint.load(trained, "emotion").meta
    assert meta["domains"]["a"]["rows"] == 20 and not meta["toy"] and meta["settings"]["seed"] == 0
    assert meta["emotions"][0] == "neutral" and "torch" in meta["versions"]


def test_it_learns_what_can_be_learned(domains, tmp_path):
    """Seven blobs of fixed colour and place: a few epochs on the images tell them apart."""
    settings = TrainingSettings("emotion", image_size=32, epochs=16, batch=9, dropout=0.0)
    log = train(tmp_path / "emotion.pt", domains, settings, device=CPU)
    assert log[-1]["loss"] < 0.6 * log[0]["loss"]


def test_settings_that_diverge_stop_with_advice(domains, tmp_path):
    with pytest.raises(NotFinite, match="smaller --rate"):
        train(
            tmp_path / "emotion.pt",
            domains,
            TrainingSettings("emotion", image_size=32, epochs=3, batch=8, rate=1e30),
            device=CPU,
        )
    assert not list(tmp_path.iterdir())


def test_rows_without_a_label_or_value_are_no_training_rows(domains):
    part, _ = domains["a"]
    part.emotion = part.emotion.copy()
    part.emotion[:2] = -1
    part.valence_arousal = part.valence_arousal.copy()
    part.valence_arousal[2, 0] = np.nan
    assert len(usable(part, "emotion")) == 25 and len(usable(part, "valence-arousal")) == 24


def test_scores_on_the_test_split_are_those_of_scikit_learn(domains, trained):
    from sklearn.metrics import accuracy_score, balanced_accuracy_score

    from extract.training.network_scores import outputs_of

    network, test = checkpoint.load(trained, "emotion").network, domains["a"][1]
    scores = scores_of(network, test, SETTINGS, CPU, np.arange(len(test)))
    _, outputs = outputs_of(network, test, usable(test, "emotion"), device=CPU, precision="float32")
    true = test.emotion[usable(test, "emotion")]
    assert scores["accuracy"] == pytest.approx(accuracy_score(true, outputs.argmax(1)))
    assert scores["mean recall"] == pytest.approx(balanced_accuracy_score(true, outputs.argmax(1)))


def test_class_weights_are_scikit_learns_balanced_ones_and_sum_to_n():
    emotion = np.repeat(np.arange(7), [50, 80, 20, 9, 3, 1, 7])
    np.testing.assert_allclose(
        class_weights(emotion), compute_class_weight("balanced", classes=np.arange(7), y=emotion)
    )
    assert class_weights(emotion)[emotion].sum() == pytest.approx(len(emotion))
    assert class_weights(np.array([0, 0, 2]))[5] == 0


@pytest.mark.parametrize(
    "step, columns", [(affine, slice(4)), (jitter, slice(4, 7)), (cutout, slice(7, 9)), (change, slice(9))]
)
def test_augmentation_is_a_function_of_each_image_and_its_draws(step, columns):
    images = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)).repeat(4, 1, 1, 1)
    draws, others = (draw(4, torch.Generator().manual_seed(seed))[columns] for seed in (5, 6))
    one = step(images.clone(), draws)
    assert one.shape == images.shape and not torch.equal(one[0], one[1])
    assert torch.equal(one, step(images.clone(), draws)) and not torch.equal(one, step(images.clone(), others))
    torch.testing.assert_close(
        one[1:3], step(images[1:3].clone(), draws[:, 1:3])
    )  # a part of a batch, cut from its draws


def test_augmented_images_hang_on_the_generator_alone():
    images = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    one, again, other = (augment(images, torch.Generator().manual_seed(seed)) for seed in (5, 5, 6))
    assert torch.equal(one, again) and not torch.equal(one, other)


def test_the_cutout_is_45_pixels_at_224():
    cut = cutout(torch.ones(200, 1, 224, 224), draw(200, torch.Generator().manual_seed(0))[7:])
    sides = [(plane[0] == 0).any(0).sum().item() for plane in cut]
    assert max(sides) == 45 and all(
        (plane[0] == 0).sum() == (plane[0] == 0).any(0).sum() * (plane[0] == 0).any(1).sum() for plane in cut
    )


@pytest.mark.parametrize(
    "rows, batch, bounds",
    [
        (6, 3, [(0, 3), (3, 6)]),
        (8, 3, [(0, 3), (3, 6), (6, 8)]),
        (7, 3, [(0, 3), (3, 7)]),
        (1, 3, [(0, 1)]),
        (2, 1, [(0, 1), (1, 2)]),
    ],
)
def test_a_last_batch_of_one_row_joins_the_one_before(rows, batch, bounds):
    assert batch_bounds(rows, batch) == bounds


def test_batches_are_the_same_whatever_is_kept_in_memory(aligned):
    kept, fresh = StoredCrops(aligned, "train", 48), StoredCrops(aligned, "train", 48, keep=False)
    order = np.random.default_rng(0).permutation(2 * len(kept))
    for (rows, pixels), (others, again) in zip(batches([kept, kept], order, 7), batches([fresh, fresh], order, 7)):
        assert (rows == others).all() and (pixels == again).all()
        assert (pixels[0] == kept.pixels(int(rows[0] % len(kept)))).all()
    sizes = [pixels.shape for _, pixels in decoded([kept], [order[:3] % len(kept), order[:0]])]
    assert sizes == [(3, 48, 48, 3), (0, 48, 48, 3)]


@pytest.mark.parametrize("rows_kept", [0, 10**6])
def test_pixels_kept_on_the_device_are_those_decoded(aligned, rows_kept, monkeypatch):
    part, decodes = StoredCrops(aligned, "train", 32, keep=False), []
    plain = part.pixels
    monkeypatch.setattr(part, "pixels", lambda index: decodes.append(index) or plain(index))
    places = np.arange(1, len(part), 2)
    kept = KeptPixels(places, 32, CPU, memory=rows_kept * 32 * 32 * 3)
    assert kept.fits == bool(rows_kept)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(places)
        batches = [order[:4], order[4:6], order[6:]]
        missing = (kept.missing(batch) for batch in batches)
        for batch, (new, pixels) in zip(batches, decoded([part], missing)):
            whole = kept.whole(batch, new, torch.from_numpy(pixels)).numpy()
            assert all((image == plain(int(index))).all() for image, index in zip(whole, batch))
    assert len(decodes) == len(places) * (1 if rows_kept else 3)


def test_a_training_that_keeps_its_pixels_finds_the_same_weights(domains, trained, tmp_path, monkeypatch):
    fitting = functools.partial(KeptPixels, memory=10**9)
    monkeypatch.setattr("extract.training.epochs.KeptPixels", fitting)
    train(tmp_path / "emotion.pt", domains, SETTINGS, device=CPU)
    assert (tmp_path / "emotion.pt").read_bytes() == trained.read_bytes()


def test_bad_checkpoints_are_refused(trained, tmp_path):
    good = torch.load(trained, weights_only=True)
    with pytest.raises(FileNotFoundError, match="extract train --dataset NAME --task valence-arousal"):
        checkpoint.load(tmp_path / "valence-arousal.pt", "valence-arousal")
    with pytest.raises(checkpoint.CheckpointError, match="trained for emotion, expected valence-arousal"):
        checkpoint.load(trained, "valence-arousal")

    def refused(state, match):
        torch.save(state, tmp_path / "bad.pt")
        with pytest.raises(checkpoint.CheckpointError, match=match):
            checkpoint.load(tmp_path / "bad.pt", "emotion")

    head = good["weights"]["head.weight"]
    refused({**good, "cake": 99}, "not a checkpoint of this version")
    refused([1, 2], "not a checkpoint of this version")
    refused({**good, "weights": {"head.weight": head}}, "does not hold the weights")
    refused(
        {**good, "weights": {**good["weights"], "head.weight": head[:3]}},
        r"head.weight is .*expected torch.float32 \(7, 512\)",
    )
    refused({**good, "weights": {**good["weights"], "head.weight": head.double()}}, "expected torch.float32")
    refused({**good, "weights": {**good["weights"], "head.weight": head * torch.nan}}, "not finite")
    (tmp_path / "bad.pt").write_bytes(trained.read_bytes()[:5000])
    with pytest.raises(checkpoint.CheckpointError, match="not a readable checkpoint"):
        checkpoint.load(tmp_path / "bad.pt", "emotion")


def test_code_in_a_checkpoint_is_not_run(tmp_path):
    class Hostile:
        def __reduce__(self):
            return (open, (str(tmp_path / "was_run"), "w"))

    torch.save({"cake": 1, "weights": Hostile()}, tmp_path / "hostile.pt")
    with pytest.raises(checkpoint.CheckpointError):
        checkpoint.load(tmp_path / "hostile.pt", "emotion")
    assert not (tmp_path / "was_run").exists()


def test_a_device_that_is_not_there_is_an_error():
    missing = "mps" if not torch.backends.mps.is_available() else "cuda"
    with pytest.raises(ValueError, match=f"device {missing} was asked for"):
        choose_device(missing)


def test_held_out_rows_are_never_looked_at_and_the_checkpoint_names_them(aligned, domains, trained, tmp_path):
    part = domains["a"][0]
    held = set_aside(part, SETTINGS.hold_out)
    rows = TrainingRows(domains, "emotion", SETTINGS.hold_out)
    assert held.sum() == 7 and not set(rows.places) & set(np.flatnonzero(held))
    named = checkpoint.load(trained, "emotion").held_out["a"]
    assert named.tolist() == sorted(units(part.path[held]).tolist())
    black = domains_of(aligned)
    black["a"][0]._kept.update({int(row): np.zeros((32, 32, 3), np.uint8) for row in np.flatnonzero(held)})
    train(tmp_path / "black.pt", black, SETTINGS, device=CPU)
    assert (tmp_path / "black.pt").read_bytes() == trained.read_bytes()


def test_without_a_share_held_out_all_rows_are_trained_on(domains, tmp_path):
    settings = TrainingSettings("emotion", image_size=32, epochs=1, batch=8, hold_out=0.0)
    train(tmp_path / "emotion.pt", domains, settings, device=CPU)
    found = checkpoint.load(tmp_path / "emotion.pt", "emotion")
    assert found.meta["domains"]["a"]["rows"] == 27 and not len(found.held_out["a"])
