"""What this process may use of the machine: its CPUs and its memory, by affinity and by a container's limits."""

import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def available_cpus(cgroup=CGROUP):
    """CPUs this process may keep busy: by affinity, and by the quota of its control group where there is one."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, int(_quota(cgroup))))


def _quota(cgroup):
    """CPUs of the control group's quota, infinity without one. Version 2 keeps it in one file, version 1 in two."""
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()
    except (OSError, ValueError):
        quota, period = _number(cgroup / "cpu/cpu.cfs_quota_us"), _number(cgroup / "cpu/cpu.cfs_period_us")
    if quota in (None, "max") or not period or float(quota) <= 0:
        return float(2**31)
    return float(quota) / float(period)


def available_memory(cgroup=CGROUP):
    """Bytes of memory that can still be had: what the system calls available, or less by the control group's limit."""
    free = [_system_memory()]
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        limit, used = _number(cgroup / limit), _number(cgroup / used)
        if limit is not None and used is not None:
            free.append(max(0, limit - used))
    return min(free)


def _system_memory():
    try:
        lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):  # not Linux: half of what is built in
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _number(path):
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
