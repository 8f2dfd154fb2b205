"""The number of threads follows what a machine has to spare, told by counts that are made up."""

import pytest

from data.runtime import spare_cpus
from data.runtime.spare_cpus import SpareCpus, used


class Machine:
    """Two CPUs under a clock of its own: each look shows what was used since the last one."""

    def __init__(self, monkeypatch):
        self.now, self.own, self.idle = 0.0, 0.0, 0.0
        monkeypatch.setattr(spare_cpus.time, "monotonic", lambda: self.now)
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)

    def usage(self):
        return self.now, self.own, self.idle

    def passes(self, seconds, own, idle):
        self.now, self.own, self.idle = self.now + seconds, self.own + own * seconds, self.idle + idle * seconds


@pytest.fixture
def machine(monkeypatch):
    return Machine(monkeypatch)


def following(machine, most=2):
    changes = []
    return SpareCpus(most, set_threads=changes.append, usage=machine.usage), changes


def test_it_gives_way_to_others_and_comes_back(machine):
    spare, changes = following(machine)
    for own, idle in [(1.9, 0.1), (1.0, 0.0), (0.7, 0.0), (1.0, 0.9), (1.9, 0.0)]:
        machine.passes(2, own, idle)
        spare.follow()
    assert changes == [1, 2]


@pytest.mark.parametrize("own, idle, threads", [(16, 0, 16), (9, 7, 16), (11.6, 0, 12), (0.2, 0.0, 1)])
def test_what_it_had_or_nobody_had(machine, own, idle, threads):
    spare, _ = following(machine, most=16)
    machine.passes(3, own, idle)
    spare.follow()
    assert spare.threads == threads


def test_it_looks_now_and_then_only(machine):
    spare, changes = following(machine)
    machine.passes(0.3, 0.3, 0.0)
    spare.follow()
    assert not changes
    machine.passes(0.4, 0.3, 0.0)
    spare.follow()
    assert changes == [1]


def test_a_users_own_number_stands(machine, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    spare, changes = following(machine)
    machine.passes(5, 0.5, 0.0)
    spare.follow()
    assert not changes and spare.threads == 2


def test_a_system_that_does_not_say_leaves_the_threads_alone(tmp_path, monkeypatch):
    assert used(tmp_path / "missing") is None
    (tmp_path / "stat").write_text("cpu0 1 2\n")
    assert used(tmp_path / "stat") is None
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    spare = SpareCpus(2, set_threads=pytest.fail, usage=lambda: None)
    spare.follow()


def test_idle_seconds_are_those_of_the_cpus_it_may_use(tmp_path, monkeypatch):
    monkeypatch.setattr(spare_cpus.os, "sched_getaffinity", lambda _: {0, 2})
    (tmp_path / "stat").write_text(
        "cpu 0 0 0 999 9\ncpu0 1 1 1 400 20 0\ncpu1 5 5 5 50000 5 0\ncpu2 1 1 1 80 0 0\nintr 7\n"
    )
    monkeypatch.setattr(spare_cpus, "TICK", 100)
    assert used(tmp_path / "stat")[2] == pytest.approx(5.0)
