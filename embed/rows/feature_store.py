"""The features of many rows, in memory or on disk, as the one order of an epoch asks for them.

A row's position counts through all parts laid end to end; it has V views. Both kinds give the same rows to the bit."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from data.files.cache import CacheError, open_cache
from data.runtime.device import feature_memory
from data.runtime.failures import Refused
from data.runtime.transfers import room
from embed.rows.feature_caches import CacheSplit

RUN_ROWS = 256  # neighbouring rows that are read, and moved about by a shuffle in pools, together
PIECE_ROWS = 8192  # rows worked on at a time where all are passed once
SPANS = 3  # pieces of a file in memory at once: one in use, one being read, one being put in order


def row_bytes(parts: list[CacheSplit]) -> int:
    """Bytes of one row with all its views, as cached."""
    return parts[0].views * parts[0].feature_size * parts[0].dtype.itemsize


@dataclass(frozen=True)
class Order:
    """Rows, each in one of its views, in consecutive batches."""

    places: np.ndarray  # (n,) int64, row x V + view
    index: torch.Tensor  # the same on the device
    ends: list  # where the batches end


def _type(parts: list[CacheSplit]) -> torch.dtype:
    """That of the features of caches that are swept together."""
    return torch.from_numpy(np.empty(0, parts[0].dtype)).dtype


def store(parts: list[CacheSplit], *, memory: float, device: torch.device | str) -> "Resident | OnDisk":
    """Resident where all rows fit into `memory` bytes of the device, else OnDisk, in no more of main memory."""
    device, size = torch.device(device), sum(map(len, parts)) * row_bytes(parts)
    if size <= memory:
        return Resident(read(parts, device), parts[0].views)
    if device.type == "cuda":  # whose memory may be larger
        memory = min(memory, feature_memory(torch.device("cpu")))
    return OnDisk(parts, memory, device)


def read(parts: list[CacheSplit], device: torch.device | str = "cpu") -> torch.Tensor:
    """(rows * V, F) of all labelled rows, in the type of the caches, on the device. Raises as `pieces` does."""
    views = parts[0].views
    shape = sum(map(len, parts)) * views, parts[0].feature_size
    tensor = torch.empty(shape, dtype=_type(parts), device=device)
    for start, piece in pieces(parts):
        tensor[start * views : (start + len(piece)) * views] = piece.flatten(0, 1)
    return tensor


class Resident:
    """All rows in one tensor (rows * V, F), in the type of the caches; batches are widened as they are gathered."""

    def __init__(self, tensor: torch.Tensor, views: int):
        self.tensor, self.views = tensor, views

    def stream(self, order: Order) -> Iterator[torch.Tensor]:
        """Yield (n, F) features of consecutive batches."""
        for start, end in zip([0, *order.ends], order.ends):
            yield self.tensor.index_select(0, order.index[start:end])


class OnDisk:
    """Rows that stay in their files: read span by span, each span's rows run by run in the order of the file."""

    def __init__(self, parts: list[CacheSplit], memory: float, device: torch.device = torch.device("cpu")):
        self.parts, self.views, self.feature_size = parts, parts[0].views, parts[0].feature_size
        self.device, self.starts = device, np.cumsum([0, *map(len, parts)])
        self.dtype = _type(parts)
        self.span_rows = int(memory / SPANS / (self.feature_size * self.dtype.itemsize))

    def stream(self, order: Order) -> Iterator[torch.Tensor]:
        """As Resident.stream; the rows lie in main memory, from where the device copies them."""
        spans = list(_spans(order.ends, self.span_rows))
        with ExitStack() as stack, ThreadPoolExecutor(1) as pool:  # the reader is one span ahead
            datasets = [stack.enter_context(_opened(part)) for part in self.parts]
            read = lambda span: self._read(datasets, *divmod(order.places[span[0] : span[-1]], self.views))
            coming = [pool.submit(read, span) for span in spans[:1]]
            for number, span in enumerate(spans):
                rows = coming.pop().result()
                coming += [pool.submit(read, later) for later in spans[number + 1 : number + 2]]
                yield from rows.split(np.diff(span).tolist())

    def _read(self, datasets, position, view):
        rows = room((len(position), self.feature_size), self.dtype, self.device)
        order = np.argsort(position, kind="stable")
        runs = np.split(order, np.flatnonzero(np.diff(position[order] // RUN_ROWS)) + 1)
        for run in runs:
            own = position[run]
            found = self._between(datasets, own[0], own[-1] + 1)
            rows[run] = found[own - own[0], view[run]]
        return rows

    def _between(self, datasets, low, high):
        """(high - low, V, F) rows of neighbouring positions, which may lie in several files."""
        found = []
        for dataset, part, start in zip(datasets, self.parts, self.starts):
            first, last = max(low - start, 0), min(high - start, len(part))
            if first < last:
                found.append(_between(dataset, part, first, last))
        return torch.cat(found)


def _spans(ends, rows):
    """Lists of the ends of neighbouring batches (the first entry is where a span begins) that hold up to `rows`
    rows."""
    span = [0]
    for end in ends:
        if len(span) > 1 and end - span[0] > rows:
            yield span
            span = span[-1:]
        span.append(end)
    yield span


def pieces(parts: list[CacheSplit]) -> Iterator[tuple]:
    """Yield (position of the first row, (n, V, F) as cached) over all rows once. Raises ValueError where one is not
    finite."""
    start = 0
    for part in parts:
        with _opened(part) as dataset:
            for low in range(0, len(part), PIECE_ROWS):
                piece = _between(dataset, part, low, min(low + PIECE_ROWS, len(part)))
                if not torch.isfinite(piece).all():
                    raise Refused(
                        f"{part.path} holds features that are not finite in {part.split}; run `extract run` again"
                    )
                yield start + low, piece
        start += len(part)


@contextmanager
def _opened(part):
    """The dataset (rows, V, F) of a part's split, while its file is open."""
    with open_cache(part.path, "features") as file:
        dataset, needed = file[part.split]["feature"], int(part.position[-1]) + 1
        if dataset.dtype != part.dtype or dataset.shape[0] < needed or dataset.shape[2] != part.feature_size:
            raise CacheError(
                f"{part.path} has features {dataset.dtype} {dataset.shape}, expected {part.dtype}, at least "
                f"{needed} rows and {part.feature_size} columns; run `extract run` again"
            )
        yield dataset


def _between(dataset, part, first, last):
    """(n, V, F) of labelled rows first..last of one part, as cached."""
    low, high = int(part.position[first]), int(part.position[last - 1]) + 1
    rows, kept = dataset[low:high], part.position[first:last] - low
    return torch.from_numpy(rows if len(kept) == len(rows) else rows[kept])


def moments(passed: Iterable[torch.Tensor]) -> tuple:
    """Mean and deviation (F,) float64 over all rows and views, in one pass (Chan, Golub and LeVeque 1979).

    passed: pieces (n, V, F) of any float type."""
    count, mean, square = 0, 0.0, 0.0
    for piece in passed:
        own = piece.flatten(0, 1).double()
        own_mean = own.mean(0)
        step, total = own_mean - mean, count + len(own)
        square = square + ((own - own_mean) ** 2).sum(0) + step**2 * (count * len(own) / total)
        mean = mean + step * (len(own) / total)
        count = total
    return mean.numpy(), np.sqrt(square.numpy() / count)
