"""kill -9 at any moment, publishes among them: the resumed caches are those of an undisturbed call, and nothing stays
behind."""

import os
import random
import signal
import time

import pytest

from data.files.cache import open_cache
from tests.extract.stage_one import digests, finish, left_behind, network, photographs, start

IMAGES = 58  # and two broken ones: eight shards of eight
# Publishes of `extract run`, as PAUSE counts them: 1 the header of the alignment, 2 to 9 its shards, 10 aligned/x.h5,
# 11 the header of the features, 12 to 19 their shards, 20 features/x.h5.
ALIGN_POINTS = ["fsync 1", "replace 4", "fsync 10", "replace 10", 0.3, 0.8]
RUN_POINTS = ["fsync 15", "replace 20", 0.5, 0.9]
HEAVY = [f"{name} {number}" for name in ("fsync", "replace") for number in (1, 3, 9, 10, 11, 12, 16, 19, 20)] + [
    random.Random(number).random() for number in range(32)
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A folder with pictures and a checkpoint, the digests of an undisturbed call, and how long each command took."""
    folder = tmp_path_factory.mktemp("kill")
    photographs(folder / "images", IMAGES)
    network(folder / "emotion.pt")
    seconds = {}
    for command in ("align", "run"):
        workdir = prepared(folder, f"whole_{command}")
        begun = time.monotonic()
        finish(workdir, command, folder / "images")
        seconds[command] = time.monotonic() - begun
    return folder, digests(workdir), seconds


def prepared(folder, name):
    workdir = folder / name
    (workdir / "checkpoints").mkdir(parents=True)
    os.link(folder / "emotion.pt", workdir / "checkpoints" / "emotion.pt")
    return workdir


def kill(process, point, seconds, paused):
    """Kill the command, and it alone, at a publish it has paused in, or at a share of its time."""
    if isinstance(point, str):
        while not paused.exists():
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.005)
    else:
        time.sleep(point * seconds)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()  # returns when the workers are gone too: they hold the other end of its output


def killed_and_resumed(whole, command, point):
    folder, expected, seconds = whole
    workdir = prepared(folder, f"{command}_{point}".replace(" ", "_"))
    paused = workdir / "paused"
    process = start(
        workdir, command, folder / "images", **({"PAUSE": point, "PAUSED": paused} if isinstance(point, str) else {})
    )
    kill(process, point, seconds[command], paused)
    finish(workdir, command, folder / "images")
    assert digests(workdir) == {
        kind: digest for kind, digest in expected.items() if command == "run" or kind == "aligned"
    }
    assert left_behind(workdir) == []
    for kind in digests(workdir):
        with open_cache(workdir / kind / "x.h5", kind) as file:
            assert file["test/status_counts"][()].sum() == IMAGES + 2
            assert file["test/row"][()].tolist() == list(range(IMAGES)), "each crop once, in its order"


@pytest.mark.parametrize("point", ALIGN_POINTS)
def test_a_killed_align_resumes_to_the_same_digest(whole, point):
    killed_and_resumed(whole, "align", point)


@pytest.mark.parametrize("point", RUN_POINTS)
def test_a_killed_run_resumes_to_the_same_digest(whole, point):
    killed_and_resumed(whole, "run", point)


@pytest.mark.slow
@pytest.mark.parametrize("point", HEAVY)
def test_fifty_points(whole, point):
    killed_and_resumed(whole, "run", point)


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_command_says_so_and_leaves_no_process(whole, number, code):
    folder, expected, _ = whole
    workdir = prepared(folder, f"stopped_{code}")
    process = start(workdir, "align", folder / "images", SLOW=0.1)
    while not (workdir / "aligned" / "x.h5.parts" / "000002.h5").exists():
        time.sleep(0.005)
    os.kill(process.pid, number)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == code
    assert "stopped at " in output and "the same command goes on from there" in output and "Traceback" not in output
    finish(workdir, "align", folder / "images")
    assert digests(workdir)["aligned"] == expected["aligned"] and left_behind(workdir) == []


def test_a_second_call_on_the_same_output_names_the_first(tmp_path):
    from data.files.lock import Busy, lock

    with lock(tmp_path / "a.h5"):
        with pytest.raises(Busy, match="is being written by process"):
            with lock(tmp_path / "a.h5"):
                pass
    with lock(tmp_path / "a.h5"):
        pass
    assert list(tmp_path.iterdir()) == []
