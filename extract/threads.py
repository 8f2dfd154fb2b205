"""Work that runs in threads ahead of whoever takes its results, in order and bounded."""

import functools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor


class Threads(ThreadPoolExecutor):
    """A pool that drops at its end what has not begun, rather than working through it."""

    def __exit__(self, *failure):
        self.shutdown(cancel_futures=True)


def one_a_thread(make: Callable) -> Callable:
    """The same function, called once in each thread that asks: for what two threads may not use at the same time."""
    own = threading.local()

    @functools.wraps(make)
    def made():
        if not hasattr(own, "value"):
            own.value = make()
        return own.value

    return made


def ahead(pool: Executor, work: Callable, items: Iterable, *, depth: int) -> Iterator:
    """Yield work(item) in the order of the items, at most `depth` of them under way or waiting to be taken."""
    waiting = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) == depth:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
