"""Training: it learns, resumes to the same weights, refuses other settings, and its checkpoints are checked before use."""

import csv
import io

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight

from data.publish import Mismatch
from extract import checkpoint, crops
from extract.augment import affine, augment, cutout, jitter
from extract.batches import Crops, batches
from extract.device import choose_device
from extract.faces import Rule
from extract.predict import test_scores as scores_on_test
from extract.train import NotFinite, Settings, class_weights, train, usable
from tests.extract.made_up import listing

CPU = torch.device("cpu")
SETTINGS = Settings("emotion", image_size=32, epochs=3, batch=8, dropout=0.1)


@pytest.fixture(scope="module")
def aligned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("train")
    crops.align(listing(folder / "images", {"train": 30, "test": 14}), folder / "a.h5", rule=Rule(landmarks="none"), workers=2)
    return folder / "a.h5"


@pytest.fixture
def domains(aligned):
    return {"a": tuple(Crops(aligned, split, 32) for split in ("train", "test"))}


def weights(path, task="emotion"):
    return checkpoint.load(path, task).network.state_dict()


class Stopped(Exception):
    pass


def stop_in_epoch(number):
    def progress(rows, text=""):
        if text.startswith(f"epoch {number}/"):
            raise Stopped

    return progress


@pytest.mark.parametrize("task", ["emotion", "valence-arousal"])
def test_a_stopped_training_ends_with_the_weights_of_an_undisturbed_one(domains, tmp_path, monkeypatch, task):
    settings = Settings(task, image_size=32, epochs=3, batch=8)
    whole = train(tmp_path / "whole.pt", domains, settings, device=CPU)
    monkeypatch.setattr("extract.train.KEEP_SECONDS", 0)
    for number in (2, 3):  # the second call takes up the state that the first one left
        with pytest.raises(Stopped):
            train(tmp_path / "stopped.pt", domains, settings, device=CPU, progress=stop_in_epoch(number))
    resumed = train(tmp_path / "stopped.pt", domains, settings, device=CPU)
    assert [row["loss"] for row in resumed] == [row["loss"] for row in whole]
    for name, value in weights(tmp_path / "whole.pt", task).items():
        assert torch.equal(value, weights(tmp_path / "stopped.pt", task)[name]), name
    assert (tmp_path / "whole.pt").read_bytes() == (tmp_path / "stopped.pt").read_bytes()
    assert not list(tmp_path.glob("*.state"))


def test_a_finished_checkpoint_is_left_alone_and_others_refused(domains, tmp_path):
    path = tmp_path / "emotion.pt"
    train(path, domains, SETTINGS, device=CPU)
    before = path.stat().st_mtime_ns
    assert len(train(path, domains, SETTINGS, device=CPU)) == 3
    assert path.stat().st_mtime_ns == before
    with pytest.raises(Mismatch, match="epochs 3, this call has 4"):
        train(path, domains, Settings("emotion", image_size=32, epochs=4, batch=8, dropout=0.1), device=CPU)


def test_the_log_is_kept_and_the_checkpoint_says_what_made_it(domains, tmp_path):
    train(tmp_path / "emotion.pt", domains, SETTINGS, device=CPU)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "emotion.csv").read_text())))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"] and all(float(row["loss"]) > 0 for row in rows)
    meta = checkpoint.load(tmp_path / "emotion.pt", "emotion").meta
    assert meta["domains"]["a"]["rows"] == 27 and not meta["toy"] and meta["settings"]["seed"] == 0
    assert meta["emotions"][0] == "neutral" and "torch" in meta["versions"]


def test_it_learns_what_can_be_learned(domains, tmp_path):
    """Seven blobs of fixed colour and place: a few epochs on the images tell them apart."""
    settings = Settings("emotion", image_size=32, epochs=16, batch=9, dropout=0.0)
    log = train(tmp_path / "emotion.pt", domains, settings, device=CPU)
    assert log[-1]["loss"] < 0.6 * log[0]["loss"]


def test_settings_that_diverge_stop_with_advice(domains, tmp_path):
    with pytest.raises(NotFinite, match="smaller --rate"):
        train(tmp_path / "emotion.pt", domains, Settings("emotion", image_size=32, epochs=3, batch=8, rate=1e30), device=CPU)


def test_rows_without_a_label_or_value_are_no_training_rows(domains):
    part, _ = domains["a"]
    part.emotion = part.emotion.copy()
    part.emotion[:2] = -1
    part.valence_arousal = part.valence_arousal.copy()
    part.valence_arousal[2, 0] = np.nan
    assert len(usable(part, "emotion")) == 25 and len(usable(part, "valence-arousal")) == 24


def test_scores_on_the_test_split_are_those_of_scikit_learn(domains, tmp_path):
    from sklearn.metrics import accuracy_score, balanced_accuracy_score

    from extract.predict import outputs_of

    train(tmp_path / "emotion.pt", domains, SETTINGS, device=CPU)
    network, test = checkpoint.load(tmp_path / "emotion.pt", "emotion").network, domains["a"][1]
    scores = scores_on_test(network, test, SETTINGS, CPU)
    [(_, outputs)] = outputs_of([network], test, usable(test, "emotion"), device=CPU, precision="float32")
    true = test.emotion[usable(test, "emotion")]
    assert scores["accuracy"] == pytest.approx(accuracy_score(true, outputs.argmax(1)))
    assert scores["mean recall"] == pytest.approx(balanced_accuracy_score(true, outputs.argmax(1)))


def test_class_weights_are_scikit_learns_balanced_ones_and_sum_to_n():
    emotion = np.repeat(np.arange(7), [50, 80, 20, 9, 3, 1, 7])
    np.testing.assert_allclose(class_weights(emotion), compute_class_weight("balanced", classes=np.arange(7), y=emotion))
    assert class_weights(emotion)[emotion].sum() == pytest.approx(len(emotion))
    assert class_weights(np.array([0, 0, 2]))[5] == 0


@pytest.mark.parametrize("step", [affine, jitter, cutout, augment])
def test_augmentation_draws_for_each_image_from_its_generator(step):
    images = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)).repeat(4, 1, 1, 1)
    one, again = (step(images.clone(), torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(one, again) and one.shape == images.shape
    assert not torch.equal(one[0], one[1])
    assert not torch.equal(one, step(images.clone(), torch.Generator().manual_seed(6)))


def test_the_cutout_is_45_pixels_at_224():
    cut = cutout(torch.ones(200, 1, 224, 224), torch.Generator().manual_seed(0))
    sides = [(plane[0] == 0).any(0).sum().item() for plane in cut]
    assert max(sides) == 45 and all((plane[0] == 0).sum() == (plane[0] == 0).any(0).sum() * (plane[0] == 0).any(1).sum() for plane in cut)


def test_batches_are_the_same_whatever_is_kept_in_memory(aligned):
    kept, fresh = Crops(aligned, "train", 48), Crops(aligned, "train", 48, keep=False)
    order = np.random.default_rng(0).permutation(2 * len(kept))
    for (rows, pixels), (others, again) in zip(batches([kept, kept], order, 7), batches([fresh, fresh], order, 7)):
        assert (rows == others).all() and (pixels == again).all()
        assert (pixels[0] == kept.pixels(int(rows[0] % len(kept)))).all()


def test_bad_checkpoints_are_refused(domains, tmp_path):
    train(tmp_path / "emotion.pt", domains, SETTINGS, device=CPU)
    good = torch.load(tmp_path / "emotion.pt", weights_only=True)
    with pytest.raises(FileNotFoundError, match="extract train --dataset NAME --task valence-arousal"):
        checkpoint.load(tmp_path / "valence-arousal.pt", "valence-arousal")
    with pytest.raises(checkpoint.CheckpointError, match="trained for emotion, expected valence-arousal"):
        checkpoint.load(tmp_path / "emotion.pt", "valence-arousal")

    def refused(state, match):
        torch.save(state, tmp_path / "bad.pt")
        with pytest.raises(checkpoint.CheckpointError, match=match):
            checkpoint.load(tmp_path / "bad.pt", "emotion")

    head = good["weights"]["head.weight"]
    refused({**good, "cake": 99}, "no checkpoint of this version")
    refused([1, 2], "no checkpoint of this version")
    refused({**good, "weights": {"head.weight": head}}, "does not hold the weights")
    refused({**good, "weights": {**good["weights"], "head.weight": head[:3]}}, r"head.weight is .*expected torch.float32 \(7, 512\)")
    refused({**good, "weights": {**good["weights"], "head.weight": head.double()}}, "expected torch.float32")
    refused({**good, "weights": {**good["weights"], "head.weight": head * torch.nan}}, "not finite")
    (tmp_path / "bad.pt").write_bytes((tmp_path / "emotion.pt").read_bytes()[:5000])
    with pytest.raises(checkpoint.CheckpointError, match="no readable checkpoint"):
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
