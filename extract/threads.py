"""Work that runs in threads ahead of whoever takes its results, in order and bounded."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor


class Threads(ThreadPoolExecutor):
    """A pool that is left at once: what has not begun is dropped."""

    def __exit__(self, *failure):
        self.shutdown(cancel_futures=True)


def ahead(pool, work, items, *, depth):
    """Yield work(item) in the order of the items, at most `depth` of them under way or waiting to be taken."""
    waiting = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) == depth:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
