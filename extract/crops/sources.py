"""Aligned crops, shard by shard: from a finished cache, or from an alignment that is under way."""

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import h5py
import numpy as np

from data.files.cache import header_of, provenance_of, read_split
from data.files.hdf5 import mapped, read_array, read_rows
from data.runtime.ranks import Ranks
from data.sample import SPLITS
from extract.crops.hold_out import units
from extract.crops.people import PEOPLE
from extract.crops.stored import LABELS
from extract.stage_times import StageTimes

if TYPE_CHECKING:
    from extract.crops.aligned_cache import AlignedCache

CROPS = (*LABELS, "jpeg", "jpeg_length")


class FinishedCrops:
    """An open aligned/NAME.h5, cut into the shards that it was made from."""

    def __init__(self, file: h5py.File):
        self.file, self.header, self.toy = file, header_of(file), bool(file.attrs["toy"])
        self.digest, self.provenance = file.attrs["digest"], provenance_of(file)
        self._bounds, self._contents = [], []  # (split, first crop, end) and content of each shard
        for split in SPLITS:
            if split in file:
                self._add(split, file[split])

    def _add(self, split, group):
        crops = np.concatenate([[0], np.cumsum(group["manifest/crops"][()])])
        edges = crops[[*range(0, len(crops) - 1, self.header["shard_rows"]), len(crops) - 1]]
        self._bounds += [(split, int(start), int(end)) for start, end in zip(edges, edges[1:])]
        if "shard_content" in group:
            self._contents += list(read_array(group["shard_content"]))
        else:
            self._contents += [self.digest] * (len(edges) - 1)

    @property
    def splits(self) -> list[str]:
        """The split of each shard; its position is the shard's number."""
        return [split for split, _, _ in self._bounds]

    def in_turn(self, ranks: Ranks) -> range:
        """The numbers of the shards that this process takes."""
        return range(ranks.rank, len(self._bounds), ranks.world)

    def content(self, number: int) -> str:
        """What identifies the values of one shard: its sha256, or that of the whole cache where it has none."""
        return self._contents[number]

    def load(self, number: int) -> dict:
        """Dict of the CROPS arrays of one shard, and of those of PEOPLE that there are."""
        split, start, end = self._bounds[number]
        group = self.file[split]
        offset = group["jpeg_offset"][start : end + 1]
        return {
            **{name: read_rows(group[name], start, end) for name in (*LABELS, *PEOPLE) if name in group},
            "jpeg": mapped(group["jpeg"])[offset[0] : offset[-1]],
            "jpeg_length": np.diff(offset),
        }

    def size(self, number: int) -> int:
        """Number of crops of one shard."""
        _, start, end = self._bounds[number]
        return end - start

    def counts(self, split: str) -> dict:
        """The arrays of a split that coverage is computed from."""
        names = ("status_counts", "try_counts", "official_counts")
        return read_split(self.file, split, [name for name in names if name in self.file[split]])

    def units(self, split: str) -> np.ndarray:
        """(n,) int64 of each crop of a split, as extract.crops.hold_out has them."""
        arrays = read_split(self.file, split, [name for name in ("path", "cluster") if name in self.file[split]])
        return units(arrays.get("path", np.zeros(0)), arrays.get("cluster", ()))


class CropsUnderWay:
    """An AlignedCache that is made in a thread; its shards are taken as they are finished."""

    def __init__(self, alignment: "AlignedCache", workers: int, meter: StageTimes, progress: Callable):
        self.alignment, self.workers, self.meter, self.progress = alignment, workers, meter, progress
        self.header, self.toy = alignment.header, alignment.listing.toy
        self.splits = [split for split, _ in alignment.plan]
        self.content = alignment.shards.content

    def size(self, number: int) -> int:
        """Number of crops of one finished shard."""
        return len(self.alignment.shards.load(number, ["row"])["row"])

    def load(self, number: int) -> dict:
        """Dict of the CROPS arrays of one finished shard, and of those of PEOPLE that the list tells."""
        return self.alignment.shards.load(number, (*CROPS, *self.alignment.people))

    def in_turn(self, ranks: Ranks) -> Iterator[int]:
        """Yield the numbers of this process' shards; left early, it ends the alignment."""
        ready, stop = queue.SimpleQueue(), threading.Event()
        thread = threading.Thread(target=self._produce, args=(ranks, ready, stop), daemon=True)
        thread.start()
        try:
            while (number := ready.get()) is not None:
                if isinstance(number, BaseException):
                    raise number
                yield number
        finally:
            stop.set()
            thread.join()

    def _produce(self, ranks, ready, stop):
        def progress(rows, text=""):
            if stop.is_set():
                raise InterruptedError
            self.progress(rows, text)

        try:
            finished = self.alignment.shards_in_turn(self.workers, ranks, progress, self.meter)
            with contextlib.closing(finished) as numbers:
                for number in numbers:
                    ready.put(number)
            ready.put(None)
        except BaseException as error:
            ready.put(error)
