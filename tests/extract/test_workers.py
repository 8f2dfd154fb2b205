"""Workers that die or hang cost the item they had, and no other."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from extract.workers import Failed, supervise
from tests.places import ROOT

ACCIDENTS = {
    "segfault": lambda: ctypes.string_at(0),
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda: os._exit(0),
    "error": lambda: 1 / 0,
    "hang": lambda: time.sleep(600),
}


def work(item):
    accident = ACCIDENTS.get(item)
    if accident:
        accident()
    return f"done {item}"


def results(items, workers=2):
    return dict(supervise(work, list(enumerate(items)), workers=workers, patience=6.0))


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_only_the_item_at_fault_is_marked(accident):
    items = ["one", "two", accident, "three", "four"]
    found = results(items)
    expected = {0: "done one", 1: "done two", 3: "done three", 4: "done four"}
    assert {key: found[key] for key in expected} == expected
    assert found[2].status == ("timeout" if accident == "hang" else "crashed")
    assert found[2].reason


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_forty_accidents_among_others(seed):
    """Twenty in each of two lists, side by side and one after the other: exactly these are marked."""
    items = [f"fine {number}" for number in range(60)]
    places = np.random.default_rng(seed).choice(60, 20, replace=False)
    for number, place in enumerate(places):
        items[place] = list(ACCIDENTS)[number % len(ACCIDENTS)]
    found = results(items, workers=3)
    assert len(found) == 60
    for key, item in enumerate(items):
        if item in ACCIDENTS:
            assert found[key].status == ("timeout" if item == "hang" else "crashed")
        else:
            assert found[key] == f"done {item}"


def once(path):
    """Dies on the first call alone."""
    if not os.path.exists(path):
        open(path, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def test_an_item_whose_worker_died_once_is_tried_again(tmp_path):
    items = [(number, str(tmp_path / str(number))) for number in range(3)]
    assert dict(supervise(once, items, workers=1)) == dict.fromkeys(range(3), "done")


def large(size):
    return b"x" * size


def test_large_results_do_not_block_the_parent_that_hands_out_the_next(tmp_path):
    items = [(number, 3_000_000 + number) for number in range(12)]
    assert {key: len(result) for key, result in supervise(large, items, workers=2, patience=20.0)} == dict(items)


PARENT = """
import os, sys, time
from tests.extract.test_workers import work
from extract.workers import supervise
if __name__ == "__main__":
    import multiprocessing
    stream = supervise(work, [(0, "one"), (1, "hang"), (2, "hang")], workers=2)
    next(stream)
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal at the parent's death is Linux'")
def test_a_killed_parent_leaves_no_worker_even_where_one_hangs(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    root = ROOT
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as parent:
        workers = [int(word) for word in parent.stdout.readline().split()]
        assert len(workers) == 2
        parent.kill()
    deadline = time.monotonic() + 10
    while any(os.path.exists(f"/proc/{worker}") and _state(worker) != "Z" for worker in workers):
        assert time.monotonic() < deadline, "a worker lives on"
        time.sleep(0.05)


def _state(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return "Z"


def test_fewer_items_than_workers_and_none_at_all():
    assert results(["one"], workers=3) == {0: "done one"}
    assert results([], workers=2) == {}


def test_the_same_results_whatever_the_number_of_workers():
    items = [str(number) for number in range(20)]
    assert results(items, 1) == results(items, 3)


def test_workers_are_gone_when_the_caller_stops_early():
    import multiprocessing

    stream = supervise(work, [(number, "one") for number in range(50)], workers=2)
    next(stream)
    stream.close()
    assert multiprocessing.active_children() == []


def test_failed_says_what_and_why():
    assert Failed("crashed", "exit code -11") == Failed("crashed", "exit code -11")
