"""CPUs and memory by a container's limits, on made-up control groups."""

import pytest

from data.runtime.machine import available_cpus, available_memory


def group(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_max", ".max").replace("_current", ".current")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_without_limits_it_is_the_affinity(tmp_path, monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda process: set(range(6)), raising=False)
    assert available_cpus(tmp_path) == 6
    assert available_cpus(group(tmp_path, cpu_max="max 100000")) == 6


@pytest.mark.parametrize("quota, expected", [("200000 100000", 2), ("50000 100000", 1), ("990000 100000", 6)])
def test_a_quota_of_version_2(tmp_path, monkeypatch, quota, expected):
    monkeypatch.setattr("os.sched_getaffinity", lambda process: set(range(6)), raising=False)
    assert available_cpus(group(tmp_path, cpu_max=quota)) == expected


@pytest.mark.parametrize("quota, expected", [("300000", 3), ("-1", 6)])
def test_a_quota_of_version_1(tmp_path, monkeypatch, quota, expected):
    monkeypatch.setattr("os.sched_getaffinity", lambda process: set(range(6)), raising=False)
    folder = tmp_path / "cpu"
    folder.mkdir()
    (folder / "cpu.cfs_quota_us").write_text(quota)
    (folder / "cpu.cfs_period_us").write_text("100000")
    assert available_cpus(tmp_path) == expected


def test_memory_is_what_the_group_leaves(tmp_path):
    free = available_memory(tmp_path)
    assert free > 2**20
    assert available_memory(group(tmp_path, memory_max="3000", memory_current="1000")) == 2000
    assert available_memory(group(tmp_path, memory_max="max", memory_current="1000")) == pytest.approx(free, rel=0.2)
