"""Workers that die or hang cost the item they had, and no other."""

import ctypes
import os
import signal
import time

import pytest

from extract.workers import Failed, supervise

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
    return dict(supervise(work, list(enumerate(items)), workers=workers, patience=3.0))


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_only_the_item_at_fault_is_marked(accident):
    items = ["one", "two", accident, "three", "four"]
    found = results(items)
    expected = {0: "done one", 1: "done two", 3: "done three", 4: "done four"}
    assert {key: found[key] for key in expected} == expected
    assert found[2].status == ("timeout" if accident == "hang" else "crashed")
    assert found[2].reason


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
