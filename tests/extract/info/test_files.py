"""`extract info` and `extract verify` have an answer for every file of the project, and one line for any other."""

import functools
import hashlib
import json
import shutil

import h5py
import numpy as np
import pytest
import torch

from data.coverage import STATUSES
from data.files.runs import write_runs
from data.runtime.ranks import ALONE
from extract.cli import main
from extract.info.results import ranges
from extract.network import checkpoint
from extract.network.backbone import Backbone
from extract.training.backbone_training import TrainingSettings
from extract.training.step import Step
from tests import commands
from tests.data.files.test_version_1 import FOLDER, SAID
from tests.data.made_up_files import write
from tests.embed.made_up_caches import write_cache
from tests.evaluate.made_up_runs import make
from tests.extract.network.test_checkpoint import META

SETTINGS = {"task": "emotion", "epochs": 30, "image_size": 32}


call = functools.partial(commands.call, main)


def said(path):
    return commands.fine(main, "info", path).stdout


def refused(command, path):
    """The one line that a call ends with."""
    result = call(command, path)
    assert result.exit_code == 1 and "Traceback" not in result.output
    assert len(result.output.strip().splitlines()) == 1
    return result.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A checkpoint and the state of a training."""
    folder = tmp_path_factory.mktemp("files")
    meta = {**META, "settings": SETTINGS, "domains": {"affectnet": {"rows": 1234}}, "toy": True, "versions": {"a": "1"}}
    checkpoint.save(folder / "emotion.pt", Backbone("emotion"), meta)
    step = Step(TrainingSettings(**SETTINGS), None, torch.device("cpu"), ALONE)
    state = {
        "cake": checkpoint.SCHEMA,
        "meta": json.dumps(meta),
        "log": json.dumps([{"epoch": 1, "loss": 0.5}]),
        "network": step.network.state_dict(),
        "optimizer": step.optimizer.state_dict(),
    }
    checkpoint.write_state(folder / "emotion.pt.state", state)
    return folder


@pytest.mark.parametrize("kind", ["aligned", "features"])
def test_of_a_cache_it_says_splits_settings_and_digest(kind):
    text = said(FOLDER / f"{kind}.h5")
    assert f"{kind} cache, schema version 1" in text and "coverage" in text
    assert text.strip().endswith(f"digest: {SAID[kind]['digest']}")


def test_of_results_it_says_heads_test_sets_settings_and_digest():
    text = said(FOLDER / "runs.h5")
    assert "runs.h5: results, schema version 1  TOY DATA" in text
    assert "cake: k 1..3, runs 0..1, 6 in all" in text and "baseline: k 0, runs 0..1, 2 in all" in text
    assert "kept: weights or predictions of 22 heads" in text
    assert "tested on affectnet: 24 rows, coverage 82.8% of 29 listed images" in text
    assert "seed: 0" in text and text.strip().endswith(f"digest: {SAID['runs']['digest']}")


def test_of_other_classes_it_says_the_names(tmp_path):
    classes = ("negative", "neutral", "positive")
    cache = write_cache(tmp_path / "mine.h5", train=20, test=10, features=4, classes=classes)
    write_runs(tmp_path / "runs.h5", make(runs=1, sizes=(20, 9, 9), classes=classes))
    for path in (cache, tmp_path / "runs.h5"):
        assert "\n3 classes: negative, neutral, positive\n" in said(path)
        assert call("verify", path).exit_code == 0
    assert not any("classes:" in said(FOLDER / f"{kind}.h5") for kind in ("aligned", "features", "runs"))


def test_of_results_it_says_what_failed_and_what_was_left_out(tmp_path):
    shutil.copy(FOLDER / "runs.h5", tmp_path / "runs.h5")
    with h5py.File(tmp_path / "runs.h5", "r+") as file:
        file["heads/failure"][6] = "diverged: training loss nan"
        file["heads/family"][0] = "mine"
        provenance = {**json.loads(file.attrs["provenance"]), "left_out": {"av-true": "no annotated arousal-valence"}}
        file.attrs["provenance"] = json.dumps(provenance)
    text = said(tmp_path / "runs.h5")
    assert "failed: 1, av k 0 run 0 (diverged: training loss nan)" in text
    assert "left out: av-true, no annotated arousal-valence" in text
    assert "unknown here: heads of the family 'mine'" in text and "mine: k 1, runs 0, 1 in all" in text


def test_of_a_checkpoint_it_says_training_settings_and_sha256(folder):
    text = said(folder / "emotion.pt")
    assert "emotion.pt: checkpoint  TOY DATA" in text and "task: emotion" in text
    assert "trained on affectnet: 1,234 rows" in text and "epochs: 30" in text and "image size: 32" in text
    assert text.strip().endswith(hashlib.sha256((folder / "emotion.pt").read_bytes()).hexdigest())


def test_of_a_training_under_way_it_says_how_far_it_came(folder):
    assert "state of a training under way, 1 of 30 epochs" in said(folder / "emotion.pt.state")


@pytest.mark.parametrize("name", ["emotion.pt", "emotion.pt.state"])
def test_verify_reads_a_checkpoint_and_a_state_with_all_their_checks(folder, tmp_path, name):
    assert "is whole" in call("verify", folder / name).output
    state = torch.load(folder / name, weights_only=True)
    weights = state["weights" if name.endswith(".pt") else "network"]
    weights["head.bias"][2] = torch.nan
    checkpoint.write_state(tmp_path / name, state)
    assert "head.bias holds values that are not finite" in refused("verify", tmp_path / name)
    data = (folder / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) // 2])
    for command in ("info", "verify"):
        assert "is not a readable checkpoint" in refused(command, tmp_path / name)


@pytest.mark.parametrize("changes", [{"dropout": "much"}, {"task": "chess"}, {"depth": 3}])
def test_a_state_of_settings_that_no_training_has_is_refused(folder, tmp_path, changes):
    state = torch.load(folder / "emotion.pt.state", weights_only=True)
    meta = json.loads(state["meta"])
    state["meta"] = json.dumps({**meta, "settings": {**meta["settings"], **changes}})
    checkpoint.write_state(tmp_path / "a.state", state)
    assert "settings that no training has" in refused("verify", tmp_path / "a.state")


@pytest.mark.parametrize("kind, command", [("aligned", "align"), ("features", "run"), ("runs", "sweep")])
def test_verify_finds_what_changed_in_files_of_every_kind_and_names_their_command(tmp_path, kind, command):
    path = write(tmp_path, kind)
    asked = {"run": "`extract run --dataset NAME`", "align": "`extract align --dataset manifest --name NAME` and"}
    asked |= {"sweep": f"`embed sweep --results {path}`"}
    assert "is whole" in call("verify", path).output
    changed = "heads/loss" if kind == "runs" else "test/valence_arousal"
    with h5py.File(path, "r+") as file:
        file[changed][0] = 0.125
    assert f"is damaged in {changed}; delete it and make it again with {asked[command]}" in refused("verify", path)
    with h5py.File(path, "r+") as file:
        file.attrs["schema_version"] = 99
    found = refused("info", path)
    assert "schema version 99" in found and f"make it again with {asked[command]}" in found


def test_the_digest_of_results_is_held_against_their_content(tmp_path):
    shutil.copy(FOLDER / "runs.h5", tmp_path / "runs.h5")
    with open(tmp_path / "runs.h5", "r+b") as file:
        file.write(bytes(512))  # without the stamp, the digests of the datasets are what is left
    assert "is whole" in call("verify", tmp_path / "runs.h5").output
    with h5py.File(tmp_path / "runs.h5", "r+") as file:
        file["confusion"][3, 0, 0, 0, 0] += 1
    assert "is damaged in confusion" in refused("verify", tmp_path / "runs.h5")


def test_any_other_file_is_refused_in_one_line(tmp_path):
    (tmp_path / "a.txt").write_text("something")
    (tmp_path / "empty").touch()
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 3
    for command in ("info", "verify"):
        for name in ("a.txt", "empty", "other.h5"):
            assert f"{name} is not a file of this project; there are aligned/NAME.h5" in refused(
                command, tmp_path / name
            )
        assert "is a folder" in refused(command, tmp_path)
        assert "is missing" in refused(command, tmp_path / "nowhere.h5")


def test_whole_numbers_in_short():
    assert ranges({3}) == "3" and ranges({0, 1, 2, 8, 10, 11}) == "0..2, 8, 10..11"


@pytest.mark.parametrize(
    "name, hint", [("results/runs.h5", "`embed sweep"), ("features/a.h5", "`extract run --dataset a")]
)
def test_the_hint_is_that_of_the_folder_where_a_file_no_longer_says_what_it_is(tmp_path, name, hint):
    path = tmp_path / name
    path.parent.mkdir()
    shutil.copy(FOLDER / "runs.h5", path)
    data = np.fromfile(path, np.uint8)
    data[512:] = 0
    data.tofile(path)
    for command in ("info", "verify"):
        found = refused(command, path)
        assert "damaged" in found and hint in found and found.count("make it again with") == 1


@pytest.mark.parametrize("content", [b"", b"PK\3\4 no archive", b"half"])
def test_the_hint_of_a_damaged_checkpoint_is_to_train(tmp_path, content):
    (tmp_path / "emotion.pt").write_bytes(content)
    for command in ("info", "verify"):
        assert "train it again with `extract train`" in refused(command, tmp_path / "emotion.pt")


def test_a_whole_file_of_another_kind_is_not_to_be_made_again(tmp_path):
    path = write(tmp_path, "features")
    found = refused("show", path)
    assert "is a file of kind features, expected kind aligned, which `extract align` makes" in found


@pytest.mark.parametrize(
    "by_try, without, said",
    [
        ([105] + [0] * 6, 105, "  no face in 105"),
        ([0, 4, 2, 0, 0, 0, 0], 0, "  face found by: as_is 4, upsampled 2"),
        ([1, 0, 0, 9, 0, 0, 0], 1, "  face found by: enlarged 9; no face in 1"),
        ([3, 0, 0, 9, 0, 0, 0], 0, "  face found by: enlarged 9"),  # three that were left out, or could not be read
        ([0] * 7, 0, "  no image was looked at"),
    ],
)
def test_how_faces_were_found(tmp_path, by_try, without, said):
    def counted(split, arrays):
        statuses = np.zeros((8, len(STATUSES)), np.int64)
        statuses[0, STATUSES.index("no_face")] = without
        return {**arrays, "try_counts": np.array(by_try), "status_counts": statuses}

    path = write_cache(tmp_path / "a.h5", train=30, test=12, change=counted)
    assert call("info", path).stdout.splitlines()[3] == said
