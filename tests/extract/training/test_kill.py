"""kill -9 at any moment of a training: the resumed checkpoint is that of an undisturbed one, and nothing else stays
behind."""

import subprocess
import sys
import time

import numpy as np
import pytest
import torch

import extract.training.backbone_training
from extract.crops import aligned_cache
from extract.crops.cropping import Rule
from extract.crops.stored import StoredCrops
from extract.training.backbone_training import TrainingSettings, train
from tests.extract.made_up import listing
from tests.places import ROOT

SETTINGS = TrainingSettings("emotion", image_size=32, epochs=3, batch=8)
# A state after every epoch: the 1st and 2nd file renamed; then the log, then the checkpoint. At PAUSE the child waits
# before renaming.
CHILD = """
import os, sys, time
from pathlib import Path
import tests.extract.training.test_kill as test

aligned, path, pause = sys.argv[1:]
plain, renamed = os.replace, 0

def replace(*arguments):
    global renamed
    renamed += 1
    if renamed == int(pause):
        Path(path).with_name("paused").touch()
        time.sleep(600)
    return plain(*arguments)

os.replace = replace
test.train_here(aligned, path)
"""


def train_here(aligned, path):
    """The training of these tests, in this process: one thread and a state after every epoch."""
    threads, seconds = torch.get_num_threads(), extract.training.backbone_training.KEEP_SECONDS
    torch.set_num_threads(1)
    extract.training.backbone_training.KEEP_SECONDS = 0
    train(
        path,
        {"a": tuple(StoredCrops(aligned, split, 32) for split in ("train", "test"))},
        SETTINGS,
        device=torch.device("cpu"),
    )
    torch.set_num_threads(threads)
    extract.training.backbone_training.KEEP_SECONDS = seconds


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """(aligned crops, checkpoint of an undisturbed training)."""
    folder = tmp_path_factory.mktemp("whole")
    aligned_cache.align(
        listing(folder / "images", {"train": 30}), folder / "a.h5", rule=Rule(landmarks="none"), workers=1
    )
    train_here(folder / "a.h5", folder / "whole.pt")
    return folder / "a.h5", folder / "whole.pt"


def start(aligned, path, pause=0):
    return subprocess.Popen([sys.executable, "-c", CHILD, str(aligned), str(path), str(pause)], cwd=ROOT)


def kill(process):
    process.kill()
    process.wait()


def check_resumed(whole, path):
    aligned, expected = whole
    train_here(aligned, path)
    assert path.read_bytes() == expected.read_bytes()
    assert sorted(file.name for file in path.parent.iterdir()) == [path.with_suffix(".csv").name, path.name]


@pytest.mark.parametrize("pause", [2, 4])  # the second state, when one is there already; the log
def test_killed_while_a_file_is_published(whole, tmp_path, pause):
    path = tmp_path / "emotion.pt"
    process = start(whole[0], path, pause)
    while not (tmp_path / "paused").exists():
        assert process.poll() is None
        time.sleep(0.01)
    kill(process)
    (tmp_path / "paused").unlink()
    assert [file for file in tmp_path.iterdir() if file.name.endswith(".tmp")]
    check_resumed(whole, path)


@pytest.mark.slow
def test_killed_at_ten_random_points(whole, tmp_path):
    begun = time.monotonic()
    assert start(whole[0], tmp_path / "undisturbed.pt").wait() == 0
    seconds = time.monotonic() - begun
    for number, share in enumerate(np.random.default_rng(0).uniform(0.4, 1.0, 10)):
        path = tmp_path / str(number) / "emotion.pt"
        process = start(whole[0], path)
        time.sleep(share * seconds)
        kill(process)
        path.parent.mkdir(exist_ok=True)
        check_resumed(whole, path)
