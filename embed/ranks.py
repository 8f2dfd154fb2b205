"""Several processes, on one machine or many, that share a sweep: blocks are divided over them, the first one writes.

They are started by torchrun; without it there is one, and nothing here does anything. Only small objects travel."""

import contextlib
import os
from datetime import timedelta

import torch.distributed as dist


class Stopped(Exception):
    """Another process has failed, and says why."""


class Ranks:
    """This process among all. rank: its number, 0 for the one that writes; local: its number on this machine."""

    def __init__(self, rank=0, world=1, local=0):
        self.rank, self.world, self.local = rank, world, local

    @property
    def first(self):
        return self.rank == 0

    def together(self, call):
        """call() on every process; where it fails on one, all stop: the first raises what is said, the others
        Stopped."""
        result, failure = None, None
        try:
            result = call()
        except (ValueError, OSError) as error:
            failure = error
        failures = self.gather(None if failure is None else (type(failure), f"{self._who()}{failure}"))
        told = self.tell(next((found for found in failures if found), None) if self.first else None)
        if told:
            raise told[0](told[1]) if self.first else Stopped(told[1])
        return result

    def on_first(self, call):
        """call() on the first process alone, its result on all."""
        return self.tell(self.together(lambda: call() if self.first else None))

    def gather(self, item):
        """The items of all processes, in their order, on the first; an empty list on the others."""
        if self.world == 1:
            return [item]
        found = [None] * self.world if self.first else None
        dist.gather_object(item, found, dst=0)
        return found or []

    def tell(self, item):
        """The first process' item on all."""
        if self.world == 1:
            return item
        box = [item]
        dist.broadcast_object_list(box, src=0)
        return box[0]

    def _who(self):
        return "" if self.first else f"process {self.rank}: "


@contextlib.contextmanager
def joined():
    """The Ranks of this process, connected over gloo where torchrun has started several."""
    world = int(os.environ.get("WORLD_SIZE", 1))
    if world == 1:
        yield Ranks()
        return
    # What travels are pickled results in main memory, on GPUs too; a process waits as long as another's block takes.
    dist.init_process_group("gloo", timeout=timedelta(days=7))
    try:
        yield Ranks(dist.get_rank(), world, int(os.environ.get("LOCAL_RANK", 0)))
    finally:
        dist.destroy_process_group()
