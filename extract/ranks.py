"""Several processes, on one machine or many, that share one command: each does its part, the first one writes and
speaks.

torchrun starts them; without it there is one, and nothing here does anything. What is told here are small objects in
main memory, over gloo; what networks exchange on GPUs goes over nccl."""

import contextlib
import os
from datetime import timedelta

from data.runtime.machine import available_cpus

EXPECTED = (ValueError, OSError, ArithmeticError)  # what may go wrong with a user's files, settings and machine


class Stopped(Exception):
    """Another process has failed, and says why: this one leaves in silence, with exit code 1."""


class Ranks:
    """This process among all. rank: its number, 0 for the one that writes; local: its number on this machine."""

    def __init__(self, rank=0, world=1, local=0):
        self.rank, self.world, self.local = rank, world, local

    @property
    def first(self):
        return self.rank == 0

    def part(self, count):
        """The slice of `count` rows that this process takes; the parts of all cover them in order, some may be
        empty."""
        return slice(count * self.rank // self.world, count * (self.rank + 1) // self.world)

    def together(self, call):
        """call() on every process, its own result back when all are done.

        Where it fails in an expected way on one or more, all leave: the first raises what was said, the others
        Stopped."""
        result, failure = None, None
        try:
            result = call()
        except EXPECTED as error:
            if self.world == 1:
                raise
            failure = error
        failures = self.gather(None if failure is None else (type(failure), f"{self._who()}{failure}"))
        told = self.tell(next((found for found in failures if found), None) if self.first else None)
        if told:
            raise told[0](told[1]) if self.first else Stopped(told[1])
        return result

    def on_first(self, call):
        """call() on the first process alone, its result on all; a failure as in `together`."""
        return self.tell(self.together(lambda: call() if self.first else None))

    def gather(self, item):
        """The items of all processes, in their order, on the first; an empty list on the others."""
        if self.world == 1:
            return [item]
        import torch.distributed as dist

        found = [None] * self.world if self.first else None
        dist.gather_object(item, found, dst=0)
        return found or []

    def tell(self, item):
        """The first process' item on all."""
        if self.world == 1:
            return item
        import torch.distributed as dist

        box = [item]
        dist.broadcast_object_list(box, src=0)
        return box[0]

    def _who(self):
        return "" if self.first else f"process {self.rank}: "


ALONE = Ranks()


@contextlib.contextmanager
def joined():
    """The Ranks of this process, connected with the others where torchrun has started several; to be entered once.

    Raises Stopped where the connection to another process broke, since that one has ended and said why."""
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
    except RuntimeError as error:
        if isinstance(error, dist.DistError) or "gloo/transport" in str(error):
            raise Stopped(f"the connection to another process is lost ({error})") from error
        raise
    finally:
        dist.destroy_process_group()


def own_cpus():
    """CPUs that this process may keep busy: its share of those available where torchrun has started several here."""
    return max(1, available_cpus() // int(os.environ.get("LOCAL_WORLD_SIZE", 1)))
