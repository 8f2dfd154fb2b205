"""kill -9 of a sweep at any moment, and in the middle of a publish: the resumed file is that of an undisturbed call."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from data.files.cache import open_cache
from data.files.runs import read_runs
from tests.embed.made_up_caches import write_cache
from tests.places import ROOT

SHORT = """
import functools, os, sys, time
import data.files.publish as publish
import embed.plan
import embed.sweep
import embed.settings as settings

embed.plan.K_A_BLOCK = 2
embed.sweep.WRITING = 0
settings.HeadSettings = functools.partial(settings.HeadSettings, steps=25, epochs=1, largest_batch=64)
publishes = 0


def pausing(name):
    plain = getattr(publish.os, name)

    def paused(*arguments):
        # Only this script pauses: at a chosen publish, before the sync or before the rename, for the test to kill it.
        global publishes
        publishes += name == "replace"
        if os.environ.get("PAUSE") == f"{name} {publishes + (name != 'replace')}":
            open(os.environ["PAUSED"], "w").close()
            time.sleep(600)
        return plain(*arguments)

    return paused


publish.os.fsync, publish.os.replace = pausing("fsync"), pausing("replace")
from embed.cli import main
main()
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A folder with feature caches and the results of an undisturbed call, and how long that took."""
    folder = tmp_path_factory.mktemp("whole")
    for name, seed in (("a", 0), ("b", 7)):
        write_cache(folder / "features" / f"{name}.h5", seed=seed)
    begun = time.monotonic()
    assert ended(start(folder, folder / "whole.h5")) == 0
    return folder, time.monotonic() - begun


def start(folder, results, **environment):
    arguments = ["sweep", "--k", "1..12", "--runs", "2", "--workdir", folder, "--results", results]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **{name: str(value) for name, value in environment.items()}}
    return subprocess.Popen(
        [sys.executable, "-c", SHORT, *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # what runs in the background of a shell ignores Ctrl-C, and so does what it starts
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def ended(process):
    """Its exit code; what it said on stderr is read meanwhile, and kept as `said`."""
    process.said = process.communicate(timeout=300)[1]
    return process.returncode


def check_resumed(whole, results):
    """Call again, then hold the file against the undisturbed one."""
    found = read_runs(results).outcomes if results.exists() else {}
    assert ended(start(whole, results)) == 0
    with open_cache(whole / "whole.h5", "runs") as expected, open_cache(results, "runs") as resumed:
        assert resumed.attrs["digest"] == expected.attrs["digest"]
        heads = list(zip(*(resumed[f"heads/{name}"][()] for name in ("family", "k", "run"))))
    assert len(set(heads)) == len(heads)
    after = read_runs(results).outcomes
    assert all((after[head].confusion == outcome.confusion).all() for head, outcome in found.items())
    assert not [path.name for path in results.parent.iterdir() if path.name.startswith(".")]


def check_killed_after(whole, results, seconds):
    process = start(whole, results)
    time.sleep(seconds)
    process.kill()
    ended(process)
    check_resumed(whole, results)


@pytest.mark.parametrize("share", [0.6, 0.9])
def test_a_killed_sweep_resumes_to_the_same_file(whole, tmp_path, share):
    check_killed_after(whole[0], tmp_path / "runs.h5", share * whole[1])


@pytest.mark.slow
def test_killed_at_twenty_random_points(whole, tmp_path):
    for number, share in enumerate(np.random.default_rng(0).uniform(0.3, 1.0, 20)):
        check_killed_after(whole[0], tmp_path / f"{number}" / "runs.h5", share * whole[1])


@pytest.mark.parametrize("pause", ["fsync 1", "replace 3"])
def test_killed_in_the_middle_of_a_publish(whole, tmp_path, pause):
    marker, results = tmp_path / "paused", tmp_path / "results" / "runs.h5"
    process = start(whole[0], results, PAUSE=pause, PAUSED=marker)
    while not marker.exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    ended(process)
    assert any(path.name.endswith(".tmp") for path in results.parent.iterdir())
    check_resumed(whole[0], results)


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_sweep_that_is_asked_to_stop_says_what_it_leaves(whole, tmp_path, number, code):
    results = tmp_path / "runs.h5"
    process = start(whole[0], results)
    while not results.exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    assert ended(process) == code
    assert (
        f"finished blocks are kept in {results}, and the same command goes on from there" in process.said
        and "Traceback" not in process.said
    )
    check_resumed(whole[0], results)
