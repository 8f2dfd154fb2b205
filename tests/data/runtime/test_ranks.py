"""Several processes: parts that cover everything once, and a failure on one that ends all, said once."""

import json

import pytest

from data.runtime.failures import Refused
from data.runtime.machine import available_cpus
from data.runtime.ranks import ALONE, Ranks, Stopped, Told, joined, own_cpus
from tests.torchrun import call

# Each process writes what it saw of every failure; at last the second one ends without a word, as a killed one does.
SCRIPT = """
import errno, json, os, sys
from pathlib import Path
from data.runtime.failures import Refused
from data.runtime.ranks import Stopped, joined

class Odd(Refused):
    def __init__(self, one, other):
        super().__init__(f"{one} and {other}")

class NotFinite(Refused, ArithmeticError):
    pass

def fails(number, error):
    '''What process `number` does in place of its work.'''
    def work():
        if ranks.rank in number:
            raise error
    return work

def outcome(call):
    try:
        return ranks.together(call)
    except Exception as error:
        return [type(error).__name__, str(error), getattr(error, "errno", None)]

def within(number, error):
    return lambda: ranks.together(fails(number, error))

def write(seen):
    Path(sys.argv[1], f"{seen['rank']}.json").write_text(json.dumps(seen))

try:
    with joined() as ranks:
        seen = {"rank": ranks.rank, "told": ranks.tell(f"from {ranks.rank}"), "gathered": ranks.gather(10 * ranks.rank),
                "own": ranks.together(lambda: ranks.rank), "first": ranks.on_first(lambda: f"computed by {ranks.rank}"),
                "second refuses": outcome(fails([1], Refused("bad rows"))),
                "first lacks a file": outcome(fails([0], FileNotFoundError(errno.ENOENT, "No such file", "a.h5"))),
                "second lacks a file": outcome(fails([1], FileNotFoundError(errno.ENOENT, "No such file", "a.h5"))),
                "an odd constructor": outcome(fails([1], Odd("one", "other"))),
                "memory": outcome(fails([1], OSError(errno.ENOMEM, "Cannot allocate memory"))),
                "not finite": outcome(fails([1], NotFinite("the loss is nan"))),
                "both refuse": outcome(fails([0, 1], Refused("bad rows"))),
                "within": outcome(within([1], Refused("bad rows")))}
        write(seen)
        if ranks.rank == 1:
            os._exit(0)
        ranks.gather(None)
except Stopped as error:
    write({**seen, "ended": str(error)})
"""
# A command as users know it: what the processes named do while the others wait for them, inside of the same call.
COMMAND = """
import json, sys
import click
from data.runtime.commands import expected_failures
from data.runtime.ranks import joined

def not_json():
    json.loads("{")

def division():
    1 / 0

def memory():
    raise MemoryError

@click.command()
@click.argument("accident")
@click.argument("processes")
@expected_failures
def main(accident, processes):
    with joined() as ranks:
        ranks.together(lambda: globals()[accident]() if str(ranks.rank) in processes else ranks.gather(0))

main()
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What the first and the second of two processes saw."""
    folder = tmp_path_factory.mktemp("ranks")
    (folder / "script.py").write_text(SCRIPT)
    code, _, said = call(2, folder / "script.py", folder)
    assert code == 0, said
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in (0, 1)]


def test_what_one_process_says_all_know(seen):
    first, second = seen
    assert first["told"] == second["told"] == "from 0"
    assert first["gathered"] == [0, 10] and second["gathered"] == []
    assert (first["own"], second["own"]) == (0, 1)
    assert first["first"] == second["first"] == "computed by 0"


@pytest.mark.parametrize(
    "what, expected",
    [
        ("second refuses", ["Told", "process 1: bad rows", None]),
        ("first lacks a file", ["FileNotFoundError", "[Errno 2] No such file: 'a.h5'", 2]),
        ("second lacks a file", ["Told", "process 1: [Errno 2] No such file: 'a.h5'", 2]),
        ("an odd constructor", ["Told", "process 1: one and other", None]),
        ("not finite", ["Told", "process 1: the loss is nan", None]),
        ("both refuse", ["Refused", "bad rows", None]),
        ("within", ["Told", "process 1: bad rows", None]),
    ],
)
def test_the_first_says_what_another_found_whatever_its_exception(seen, what, expected):
    first, second = seen
    assert first[what] == expected and second[what][0] == "Stopped"


def test_a_process_without_memory_is_told_with_what_helps(seen):
    first, second = seen
    assert first["memory"][0] == "Told" and first["memory"][2] == 12
    assert first["memory"][1].startswith("process 1: out of memory on this machine") and "; try" in first["memory"][1]
    assert second["memory"][0] == "Stopped"


def test_a_lost_process_stops_the_others(seen):
    assert "connection to another process is lost" in seen[0]["ended"] and "ended" not in seen[1]


@pytest.mark.parametrize(
    "accident, processes, said_once",
    [
        ("not_json", "1", ("json.decoder.JSONDecodeError: ", "please report it")),
        ("division", "01", ("ZeroDivisionError: division by zero", "please report it")),
        ("memory", "1", ("Error: out of memory on this machine",)),
    ],
)
def test_what_nobody_expected_ends_all_and_is_shown_once(tmp_path, accident, processes, said_once):
    (tmp_path / "command.py").write_text(COMMAND)
    code, out, said = call(2, tmp_path / "command.py", accident, processes)
    assert code == 1 and not out
    lines = said.splitlines()
    for words in said_once:
        assert sum(words in line for line in lines) == 1, said
    assert sum(line.startswith("Error:") for line in lines) == ("memory" in accident)


@pytest.mark.parametrize("count", [0, 1, 2, 7, 128])
def test_the_parts_of_all_cover_every_row_once_in_order(count):
    for world in (1, 2, 3, 8):
        parts = [range(count)[Ranks(rank, world).part(count)] for rank in range(world)]
        assert [row for part in parts for row in part] == list(range(count))
        assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_one_process_is_alone_and_its_errors_are_its_own(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined() as ranks:
        assert ranks is ALONE and ranks.first and ranks.gather(3) == [3] and ranks.tell(4) == 4
        error = ZeroDivisionError("a")
        with pytest.raises(ZeroDivisionError) as found:
            ranks.together(lambda: (_ for _ in ()).throw(error))
        assert found.value is error
    assert issubclass(Told, Refused) and not issubclass(Stopped, (ValueError, OSError))


def test_the_cpus_are_divided_over_the_processes_of_a_machine(monkeypatch):
    monkeypatch.setattr("data.runtime.ranks.available_cpus", lambda: 8)
    assert own_cpus() == 8
    for processes, cpus in (("1", 8), ("2", 4), ("3", 2), ("16", 1)):
        monkeypatch.setenv("LOCAL_WORLD_SIZE", processes)
        assert own_cpus() == cpus
    monkeypatch.undo()
    assert 1 <= own_cpus() <= available_cpus()
