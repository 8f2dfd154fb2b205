"""What a long command says on stderr: click's bar on a terminal, now and then a line in a log file."""

import contextlib
import shutil
import sys
import time

import click

SECONDS_BETWEEN_LINES = 30.0  # a night's log stays short
BAR = 12  # columns
SECONDS_BETWEEN_DRAWINGS = 0.2  # drawing the bar for every image would cost as much as decoding it


@contextlib.contextmanager
def bar(length, label, quiet=False):
    """Yields update(count, text=""): counts of rows done, with their rate and the time left. `text` is made a str when
    shown; None marks rows that were done before, which have no part in the rate."""
    if quiet:
        yield lambda count, text="": None
        return
    with contextlib.ExitStack() as stack:
        if sys.stderr.isatty():
            shown = stack.enter_context(
                click.progressbar(
                    length=length,
                    label=label,
                    file=sys.stderr,
                    width=BAR,
                    show_pos=True,
                    show_eta=False,
                    show_percent=False,
                    item_show_func=lambda text: text and text[: _columns_left(label, length)],
                )
            )
            progress = _Progress(length, shown.update, SECONDS_BETWEEN_DRAWINGS)
        else:
            progress = _Progress(length, _Lines(length, label).update, SECONDS_BETWEEN_LINES)
        try:
            yield progress.update
        except KeyboardInterrupt:
            click.echo(f"\n{label}: stopped at {progress.done:,} of {length:,} images", err=True)
            raise
        if sys.stderr.isatty():
            progress.show()


def say(text):
    """Progress goes to stderr; stdout is for the answer."""
    click.echo(text, err=True)


class _Progress:
    """Rows done, and the rate of those that this call worked on."""

    def __init__(self, length, show, seconds_between):
        self.length, self._show, self.between = length, show, seconds_between
        self.done, self.before, self.shown, self.text = 0, 0, 0, ""
        self.begun, self.last = None, time.monotonic()

    def update(self, count, text=""):
        self.done += count
        if text is None or self.begun is None:  # the first row of all took the start of the processes
            self.before += count
        if text is not None and self.begun is None:
            self.begun = time.monotonic()
        self.text = text or self.text
        if time.monotonic() - self.last > self.between:
            self.show()

    def show(self):
        self.last = time.monotonic()
        rate = (self.done - self.before) / max(self.last - (self.begun or self.last), 1e-9)
        left = f", {_time((self.length - self.done) / rate)} left" if rate and self.done < self.length else ""
        self._show(self.done - self.shown, f"{rate:,.0f} images/s{left}  {self.text}" if rate else self.text)
        self.shown = self.done


class _Lines:
    def __init__(self, length, label):
        self.length, self.label, self.done = length, label, 0

    def update(self, count, text):
        self.done += count
        click.echo(f"{self.label}: {self.done:,} of {self.length:,}, {text}", err=True)


def _columns_left(label, length):
    """What one line of the terminal has left behind the label, the bar and the count."""
    return max(0, shutil.get_terminal_size().columns - len(label) - BAR - 2 * len(str(length)) - 9)


def _time(seconds):
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
