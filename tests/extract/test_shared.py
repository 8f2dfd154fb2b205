"""Two processes over gloo share the images by shards: the caches are those of one process, and a failure is said
once."""

import pytest

from tests.extract.stage_one import digests, finish, left_behind, network, photographs, start


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shared")
    photographs(folder / "images", 43)
    for name in ("one", "two", "full"):
        for task in ("emotion", "valence-arousal"):
            network(folder / name / "checkpoints" / f"{task}.pt", task)
    finish(folder / "one", "run", folder / "images")
    return folder


def said_once(output):
    """Whether one process gave one line; torchrun adds words of its own."""
    return sum(line.startswith("Error: ") for line in output.splitlines()) == 1


def test_two_processes_write_what_one_writes(folder):
    output = finish(folder / "two", "run", folder / "images", torchrun=2, workers=1)
    assert digests(folder / "two") == digests(folder / "one") and len(digests(folder / "one")) == 2
    assert left_behind(folder / "two") == []
    assert output.count("coverage") == 2, "the first process alone speaks, of each cache once"


@pytest.mark.slow
def test_what_fails_on_both_is_said_once_and_the_next_call_goes_on(folder):
    process = start(folder / "full", "run", folder / "images", torchrun=2, FULL_FROM=60)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert said_once(output) and "the disk is full: " in output
    finish(folder / "full", "run", folder / "images", torchrun=2)
    assert digests(folder / "full") == digests(folder / "one") and left_behind(folder / "full") == []


@pytest.mark.slow
def test_a_checkpoint_that_is_missing_ends_both_with_one_line(folder, tmp_path):
    process = start(tmp_path / "none", "run", folder / "images", torchrun=2)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert said_once(output) and "extract train --dataset NAME --task emotion" in output
