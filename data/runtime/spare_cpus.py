"""How many threads a step may use on a machine that others use too, looked at again as it goes.

A step is many small parallel regions, and each ends when its last thread does: where another program holds one of two
CPUs, two threads are several times slower than one. The number of threads has no part in what is computed but the order
of some sums, so two runs are the same to the bit where OMP_NUM_THREADS fixes it."""

import os
import time
from collections.abc import Callable
from pathlib import Path

LOOK_SECONDS = 0.5  # between two looks; the counts of the system are in hundredths of a second
STAT = Path("/proc/stat")
TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class SpareCpus:
    """Threads for this process: as many as the CPUs that it had or that nobody had, between two looks."""

    def __init__(self, most: int, *, set_threads: Callable, usage: Callable | None = None):
        """most: threads where all CPUs are free; set_threads(n) is called when the number changes; usage: as
        `used`."""
        self.most, self.threads, self.set_threads = most, most, set_threads
        self.usage = usage or used
        self.last = self.usage() if most > 1 and "OMP_NUM_THREADS" not in os.environ else None

    def follow(self) -> None:
        """Look, where the last look is a while ago; to be called after each step."""
        if self.last is None or time.monotonic() - self.last[0] < LOOK_SECONDS:
            return
        before, self.last = self.last, self.usage()
        passed, own, idle = (now - then for now, then in zip(self.last, before))
        threads = max(1, min(self.most, int((own + idle) / passed + 0.5)))
        if threads != self.threads:
            self.threads = threads
            self.set_threads(threads)


def used(stat: Path = STAT) -> tuple | None:
    """(time, CPU seconds of this process, idle seconds of the CPUs it may use) so far; None where the system does not
    say (Linux does)."""
    try:
        lines = [line.split() for line in stat.read_text().splitlines() if line.startswith("cpu")]
        allowed = {f"cpu{number}" for number in os.sched_getaffinity(0)}
        # of each CPU: user, nice, system, idle, waiting for a disk
        idle = sum(int(fields[4]) + int(fields[5]) for fields in lines if fields[0] in allowed)
    except (OSError, ValueError, IndexError, AttributeError):
        return None
    return time.monotonic(), time.process_time(), idle / TICK
