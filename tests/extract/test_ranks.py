"""Several processes: parts that cover everything once, and a failure on one that ends all, said once."""

import json

import pytest

from data.runtime.machine import available_cpus
from extract.network.precision import choose_device, use_own_cpus
from extract.ranks import ALONE, Ranks, Stopped, joined, own_cpus
from tests.extract.torchrun import call

# Each process writes what it saw; on request the second one ends without a word, as a killed one does.
SCRIPT = """
import json, os, sys
from pathlib import Path
from extract.ranks import Stopped, joined

def fails_on(rank, number, error):
    if rank == number:
        raise error

def outcome(ranks, call):
    try:
        return ranks.together(call)
    except (ValueError, OSError, ArithmeticError, Stopped) as error:
        return [type(error).__name__, str(error)]

def write(seen):
    Path(sys.argv[1], f"{seen['rank']}.json").write_text(json.dumps(seen))

try:
    with joined() as ranks:
        seen = {"rank": ranks.rank, "told": ranks.tell(f"from {ranks.rank}"), "gathered": ranks.gather(10 * ranks.rank),
                "own": ranks.together(lambda: ranks.rank), "first": ranks.on_first(lambda: f"computed by {ranks.rank}"),
                "second fails": outcome(ranks, lambda: fails_on(ranks.rank, 1, ValueError("bad rows"))),
                "first fails": outcome(ranks, lambda: fails_on(ranks.rank, 0, FileNotFoundError("no file")))}
        write(seen)
        if ranks.rank == 1:
            os._exit(0)
        ranks.gather(None)
except Stopped as error:
    write({**seen, "ended": str(error)})
"""


def test_what_one_process_says_all_know_and_a_failure_ends_all(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    code, _, said = call(2, script, tmp_path)
    assert code == 0, said
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1))
    assert first["told"] == second["told"] == "from 0"
    assert first["gathered"] == [0, 10] and second["gathered"] == []
    assert (first["own"], second["own"]) == (0, 1)
    assert first["first"] == second["first"] == "computed by 0"
    assert first["second fails"] == ["ValueError", "process 1: bad rows"] and second["second fails"][0] == "Stopped"
    assert first["first fails"] == ["FileNotFoundError", "no file"] and second["first fails"] == ["Stopped", "no file"]
    assert "connection to another process is lost" in first["ended"]


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
    assert not issubclass(Stopped, (ValueError, OSError))


def test_the_cpus_are_divided_over_the_processes_of_a_machine(monkeypatch):
    monkeypatch.setattr("extract.ranks.available_cpus", lambda: 8)
    assert own_cpus() == 8
    for processes, cpus in (("1", 8), ("2", 4), ("3", 2), ("16", 1)):
        monkeypatch.setenv("LOCAL_WORLD_SIZE", processes)
        assert own_cpus() == cpus
    monkeypatch.undo()
    assert 1 <= own_cpus() <= available_cpus()


def test_a_process_takes_its_own_gpu(monkeypatch):
    taken = []
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("torch.cuda.set_device", taken.append)
    assert [choose_device(None, local=local).index for local in (0, 1)] == [0, 1] and taken == [0, 1]
    assert choose_device("cpu", local=2).type == "cpu"
    with pytest.raises(ValueError, match="3 processes were started here, each takes a GPU, and torch finds 2"):
        choose_device("cuda", local=2)


def test_a_user_s_own_number_of_threads_stands(monkeypatch):
    taken = []
    monkeypatch.setattr("torch.set_num_threads", taken.append)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    use_own_cpus()
    monkeypatch.delenv("OMP_NUM_THREADS")
    use_own_cpus()
    assert taken == [own_cpus()]
