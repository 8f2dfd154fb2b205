"""A disk that fills up at any moment: one clear line, no crash, and the same caches after the next call."""

import pytest

from tests.extract.stage_one import digests, finish, left_behind, network, photographs, start

IMAGES = 30


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A folder with pictures, the digests of an undisturbed call, and its number of storage calls, for each command."""
    folder = tmp_path_factory.mktemp("full")
    photographs(folder / "images", IMAGES)
    found = {}
    for command in ("align", "run"):
        workdir = folder / command
        network(workdir / "checkpoints" / "emotion.pt")
        finish(workdir, command, folder / "images", COUNTED=folder / "counted")
        found[command] = digests(workdir), int((folder / "counted").read_text().split()[1])
    return folder, found


def filled_and_resumed(whole, command, share):
    folder, found = whole
    expected, calls = found[command]
    workdir = folder / f"{command}_{share}"
    network(workdir / "checkpoints" / "emotion.pt")
    process = start(workdir, command, folder / "images", FULL_FROM=1 + int(share * (calls - 1)))
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 1, output
    assert "the disk is full: " in output and "free some space" in output and "Traceback" not in output
    finish(workdir, command, folder / "images")
    assert digests(workdir) == expected and left_behind(workdir) == []


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_an_align_on_a_full_disk(whole, share):
    filled_and_resumed(whole, "align", share)


@pytest.mark.parametrize("share", [0.85])
def test_a_run_on_a_full_disk(whole, share):
    filled_and_resumed(whole, "run", share)


@pytest.mark.slow
@pytest.mark.parametrize("share", [number / 40 for number in range(41)])
def test_a_run_on_a_disk_full_at_every_moment(whole, share):
    filled_and_resumed(whole, "run", share)
