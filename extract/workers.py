"""Supervised processes with one item in flight each, so that an image that kills or hangs its worker costs itself alone.

The usual pools break, or hang for ever, on one segmentation fault, and cannot say which item it was."""

import contextlib
import multiprocessing
import signal
import time
from dataclasses import dataclass
from multiprocessing.connection import wait

PATIENCE_SECONDS = 60.0  # a photograph takes milliseconds
DEATHS_ALLOWED = 2  # a row that kills its worker twice is given up; once may be the machine's fault


@dataclass(frozen=True)
class Failed:
    """Stands for the result of an item that could not be worked on: "crashed" or "timeout"."""

    status: str
    reason: str


def supervise(work, items, *, workers, patience=PATIENCE_SECONDS):
    """Yield (key, result) for every (key, argument) of `items`, in the order of completion; result is work(argument).

    `work` is a module-level function; an exception in it gives Failed("crashed", ...) for its item."""
    crew = [_Worker(work) for _ in range(workers)]
    queue = iter(items)
    try:
        for worker in crew:
            worker.give(next(queue, None))
        while busy := [worker for worker in crew if worker.item is not None]:
            for worker in _ready(busy, patience):
                yield from worker.collect(queue)
    finally:
        for worker in crew:
            worker.stop()


def _ready(busy, patience):
    """Workers with an answer, dead, or beyond their patience."""
    oldest = min(worker.since for worker in busy)
    signals = [worker.pipe for worker in busy] + [worker.process.sentinel for worker in busy]
    fired = set(wait(signals, timeout=max(0.0, oldest + patience - time.monotonic())))
    for worker in busy:
        late = time.monotonic() - worker.since > patience
        if worker.pipe in fired or worker.process.sentinel in fired or late:
            worker.late = late and worker.pipe not in fired
            yield worker


class _Worker:
    """One process and the item it is working on."""

    def __init__(self, work):
        self.work = work
        self.item, self.deaths, self.late = None, 0, False
        self._start()

    def _start(self):
        # spawn: a forked copy of a process that runs threads of torch can hang
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(self.work, theirs), daemon=True)
        self.process.start()
        theirs.close()

    def give(self, item):
        self.item, self.deaths = item, 0
        self._send()

    def _send(self):
        self.since = time.monotonic()
        if self.item is not None:
            with contextlib.suppress(BrokenPipeError):  # a worker that died idle is found by its sentinel
                self.pipe.send(self.item[1])

    def collect(self, queue):
        """Yield the finished item, if it is finished, and take the next."""
        result = self._result()
        if result is None:
            self._send()
            return
        key = self.item[0]
        self.give(next(queue, None))
        yield key, result

    def _result(self):
        if self.late:
            self._replace()
            return Failed("timeout", "its worker gave no answer in time")
        try:
            return self.pipe.recv()
        except (EOFError, ConnectionResetError):
            self.process.join()
            code = self.process.exitcode
            self.deaths += 1
            self._replace()
            return Failed("crashed", f"its worker died with exit code {code}") if self.deaths >= DEATHS_ALLOWED else None

    def _replace(self):
        self.stop()
        self._start()

    def stop(self):
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _serve(work, pipe):
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    while True:
        try:
            argument = pipe.recv()
        except EOFError:
            return
        try:
            result = work(argument)
        except Exception as error:
            result = Failed("crashed", f"{type(error).__name__}: {error}")
        try:
            pipe.send(result)
        except BrokenPipeError:  # the parent was killed
            return
