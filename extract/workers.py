"""Supervised processes, so that an image that kills or hangs its worker costs itself alone.

The usual pools break, or hang for ever, on one segmentation fault, and cannot say which item it was. Pebble's
ProcessPool can, and has a time limit for each item; but (tried with 5.2.3) it takes the whole of `items` before the
first result, gives an item up at the first death of its worker, leaves its workers running when the parent is killed,
and where a worker is killed while it sends its answer, answers no later item: its workers share one pipe and its
lock."""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from dataclasses import dataclass
from multiprocessing.connection import wait

from data.runtime import plugins

PATIENCE_SECONDS = 60.0  # a photograph takes milliseconds
DEATHS_ALLOWED = 2  # a row that kills its worker twice is given up; once may be the machine's fault
HANDED_OUT = 2  # items a worker holds: the one it works on, and the next, so that it never waits for the parent
PR_SET_PDEATHSIG = 1  # of linux/prctl.h


@dataclass(frozen=True)
class Failed:
    """Stands for the result of an item that could not be worked on: "crashed" or "timeout"."""

    status: str
    reason: str


def supervise(work, items, *, workers, patience=PATIENCE_SECONDS):
    """Yield (key, result) for every (key, argument) of `items`, in the order of completion; result is work(argument).

    `work` is a module-level function; an exception in it gives Failed("crashed", ...) for its item. Arguments are small
    (a few KB); results may be of any size."""
    crew = [_Worker(work, patience) for _ in range(workers)]
    queue = iter(items)
    try:
        for worker in crew:
            worker.fill(queue)
        while busy := [worker for worker in crew if worker.items]:
            for worker in _ready(busy):
                answer = worker.answer()
                worker.fill(queue)  # before the caller takes its time
                if answer:
                    yield answer
    finally:
        for worker in crew:
            worker.stop()


def _ready(busy):
    """Workers with an answer, dead (which ends their pipe), or beyond their patience."""
    fired = wait([worker.pipe for worker in busy], max(0.0, min(worker.deadline for worker in busy) - time.monotonic()))
    return [worker for worker in busy if worker.pipe in fired or worker.late()]


class _Worker:
    """One process and the items it holds; the first of them is the one it works on, so the one to blame."""

    def __init__(self, work, patience):
        self.work, self.patience = work, patience
        self.items, self.deaths = deque(), 0
        self._start()

    def _start(self):
        # spawn: a forked copy of a process that runs threads of torch can hang
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(self.work, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.deadline = time.monotonic() + self.patience

    def fill(self, queue):
        """Take items from the queue, up to as many as a worker holds."""
        while len(self.items) < HANDED_OUT and (item := next(queue, None)) is not None:
            if not self.items:
                self.deadline = time.monotonic() + self.patience
            self.items.append(item)
            self._send(item)

    def _send(self, item):
        with contextlib.suppress(BrokenPipeError):  # a worker that is dead is found when its answer is asked for
            self.pipe.send(item[1])

    def answer(self):
        """(key, result) of the first item, or None: its worker died on it, and it is tried again."""
        lost, result = self._received()
        key, _ = self.items[0]
        if result is not None:
            self.items.popleft()
            self.deaths, self.deadline = 0, time.monotonic() + self.patience
        if lost:
            self._replace()
        return None if result is None else (key, result)

    def late(self):
        return time.monotonic() > self.deadline and not self.pipe.poll()

    def _received(self):
        """(whether the worker is lost, the result or None)."""
        if self.late():
            return True, Failed("timeout", f"its worker gave no answer in {self.patience:g} seconds")
        try:
            return False, self.pipe.recv()
        except (EOFError, OSError):  # dead, perhaps in the middle of its answer
            return True, self._death()

    def _death(self):
        """Failed where it was the last one allowed to this item, else None: it is tried again."""
        self.process.join()
        self.deaths += 1
        return (
            Failed("crashed", f"its worker died, exit code {self.process.exitcode}")
            if self.deaths == DEATHS_ALLOWED
            else None
        )

    def _replace(self):
        self.stop()
        self._start()
        for item in self.items:
            self._send(item)

    def stop(self):
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _serve(work, pipe):
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libjpeg and OpenCV print a line for every odd file of a night
    _keep_freed_memory()
    plugins.load()  # a reader or detector of a user's own is known here too
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


def _keep_freed_memory():
    """glibc hands back what a freed image took, and faulting it in again takes as long as decoding. It keeps blocks up
    to the largest that was freed (at most 32 MB); elsewhere this does nothing."""
    bytearray(30_000_000)


def _die_with_parent():
    """Have the kernel kill this process when its parent is killed: one that hangs would stay for ever."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != multiprocessing.parent_process().pid:  # it was killed before that
            os._exit(1)
