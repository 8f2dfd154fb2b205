"""What a long command says on stderr: click's bar on a terminal, now and then a line in a log file."""

import contextlib
import sys
import time

import click

SECONDS_BETWEEN_LINES = 30.0  # a night's log stays short


@contextlib.contextmanager
def bar(length, label):
    """Yields update(count, text=""): counts of rows done, with their rate and the time left on screen."""
    if sys.stderr.isatty():
        with click.progressbar(length=length, label=label, file=sys.stderr, show_pos=True, item_show_func=lambda text: text) as shown:
            rate = _Rate()
            yield lambda count, text="": shown.update(count, f"{rate.after(count):,.0f} images/s  {text}")
    else:
        yield _Lines(length, label).update


class _Rate:
    """Rows a second of this call; what an earlier call had finished is reported at once and does not count."""

    def __init__(self):
        self.begun, self.count, self.first = time.monotonic(), 0, True

    def after(self, count):
        if not self.first:
            self.count += count
        self.first = False
        return self.count / max(time.monotonic() - self.begun, 1e-9)


class _Lines:
    def __init__(self, length, label):
        self.length, self.label, self.done, self.rate = length, label, 0, _Rate()
        self.last = time.monotonic()

    def update(self, count, text=""):
        rate, self.done = self.rate.after(count), self.done + count
        if time.monotonic() - self.last > SECONDS_BETWEEN_LINES and rate:
            self.last = time.monotonic()
            left = (self.length - self.done) / rate
            click.echo(f"{self.label}: {self.done:,} of {self.length:,}, {rate:,.0f} images/s, {left / 60:.1f} min left  {text}", err=True)
