"""Work that runs in threads ahead of whoever takes its results, in order and bounded."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor


class Threads(ThreadPoolExecutor):
    """A pool that drops at its end what has not begun, rather than working through it."""

    def __exit__(self, *failure):
        self.shutdown(cancel_futures=True)


def ahead(pool: Executor, work: Callable, items: Iterable, *, depth: int) -> Iterator:
    """Yield work(item) in the order of the items, at most `depth` of them under way or waiting to be taken."""
    waiting = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) == depth:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
