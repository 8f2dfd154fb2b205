"""Several processes, on one machine or many, that share one command: each does its part, the first one writes and
speaks.

torchrun starts them; without it there is one, and nothing here does anything. What is told here are small objects in
main memory, over gloo; what networks exchange on GPUs goes over nccl."""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from data.runtime.failures import Refused, explained
from data.runtime.machine import available_cpus


class Stopped(Exception):
    """Another process has failed, and says why: this one leaves in silence, with exit code 1."""


class Told(Refused):
    """A failure of another process, by its text: an exception itself need not survive the way. errno: that of an
    OSError, else None."""

    def __init__(self, text: str, errno: int | None = None):
        super().__init__(text)
        self.errno = errno


@dataclass(frozen=True)
class _Failure:
    """What a process tells the others of its exception."""

    rank: int
    line: str
    errno: int | None = None
    stopped: bool = False  # another process says why


class Ranks:
    """This process among all. rank: its number, 0 for the one that writes; local: its number on this machine."""

    def __init__(self, rank: int = 0, world: int = 1, local: int = 0):
        self.rank, self.world, self.local = rank, world, local

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and speaks."""
        return self.rank == 0

    def part(self, count: int) -> slice:
        """The slice of `count` rows that this process takes; the parts of all cover them in order, some may be
        empty."""
        return slice(count * self.rank // self.world, count * (self.rank + 1) // self.world)

    def together(self, call: Callable[[], Any]) -> Any:
        """call() on every process, its own result back when all are done.

        Where it is refused on one or more, all leave: the first raises its own exception, or Told with what another one
        found, and the others raise Stopped. Any other exception leaves at once, and ends the others by the connection
        that it closes: they may wait for this process inside of their call."""
        if self.world == 1:
            return call()
        result, failure = None, None
        try:
            result = call()
        except (Refused, OSError, Stopped) as error:
            failure = error
        self._leave_where_one_failed(failure)
        return result

    def on_first(self, call: Callable[[], Any]) -> Any:
        """call() on the first process alone, its result on all; a failure as in `together`."""
        return self.tell(self.together(lambda: call() if self.first else None))

    def gather(self, item: Any) -> list:
        """The items of all processes, in their order, on the first; an empty list on the others."""
        if self.world == 1:
            return [item]
        import torch.distributed as dist

        found = [None] * self.world if self.first else None
        dist.gather_object(item, found, dst=0)
        return found or []

    def tell(self, item: Any) -> Any:
        """The first process' item on all."""
        if self.world == 1:
            return item
        import torch.distributed as dist

        box = [item]
        dist.broadcast_object_list(box, src=0)
        return box[0]

    def _leave_where_one_failed(self, error):
        failures = [failure for failure in self.gather(self._failure(error)) if failure]
        failures.sort(key=lambda failure: failure.stopped)  # a reason before those who left for it
        told = self.tell(failures[0] if failures else None)
        if told is None:
            return
        if told.stopped or not self.first:
            raise Stopped(told.line)
        if self.rank == told.rank:
            raise error
        raise Told(f"process {told.rank}: {told.line}", told.errno)

    def _failure(self, error):
        if error is None:
            return None
        if isinstance(error, Stopped):
            return _Failure(self.rank, str(error), stopped=True)
        return _Failure(self.rank, explained(error), getattr(error, "errno", None))


ALONE = Ranks()


@contextlib.contextmanager
def joined() -> Iterator[Ranks]:
    """The Ranks of this process, connected with the others where torchrun has started several; to be entered once.

    Raises Stopped where the connection to another process broke, since that one has ended and said why, and where
    several leave by an exception, on all but one."""
    world = int(os.environ.get("WORLD_SIZE", 1))
    if world == 1:
        yield ALONE
        return
    import torch
    import torch.distributed as dist

    # Entered again, gloo would at times find the addresses of before, at which nobody listens any more.
    # A process waits for the slowest, and on a lock of the file system; a dead one is noticed by its closed connection.
    dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=timedelta(days=7))
    try:
        yield Ranks(dist.get_rank(), world, int(os.environ.get("LOCAL_RANK", 0)))
    except Stopped:
        raise
    except Exception as error:
        if isinstance(error, RuntimeError) and (isinstance(error, dist.DistError) or "gloo/transport" in str(error)):
            raise Stopped(f"the connection to another process is lost ({error})") from error
        if not _is_first_to_fail():
            raise Stopped(f"another process has failed, too ({error})") from error
        raise
    finally:
        dist.destroy_process_group()


def _is_first_to_fail():
    """Whether no other process has asked before. The store that the processes met at answers whoever else is there."""
    import torch.distributed as dist

    try:
        return dist.distributed_c10d._get_default_store().add("failed", 1) == 1
    except dist.DistError:  # the machine that keeps it is gone
        return True


def own_cpus() -> int:
    """CPUs that this process may keep busy: its share of those available where torchrun has started several here."""
    return max(1, available_cpus() // int(os.environ.get("LOCAL_WORLD_SIZE", 1)))
