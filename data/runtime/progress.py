"""What a long command says on stderr: click's bar on a terminal, now and then a line in a log file."""

import contextlib
import shutil
import sys
import time
from collections.abc import Callable, Iterator

BAR = 12  # columns


def say(text: str) -> None:
    """Progress goes to stderr; stdout is for the answer."""
    import click

    click.echo(text, err=True)


@contextlib.contextmanager
def bar(length: int, label: str, quiet: bool = False) -> Iterator[Callable]:
    """Yield advance(count, text="") of a Progress over `length` images."""
    with shown(label, quiet=quiet) as progress:
        progress.begin(length)
        yield progress.advance


@contextlib.contextmanager
def shown(label: str, unit: str = "images", *, quiet: bool = False) -> Iterator["Silent"]:
    """Yield the Progress of a command, which begins once its work is known; Silent where quiet."""
    if quiet:
        yield Silent()
        return
    with contextlib.ExitStack() as stack:
        progress = Progress(label, unit, stack)
        try:
            yield progress
        except KeyboardInterrupt:
            if progress.done:
                say(f"\n{label}: stopped at {progress.done:,.0f} of {progress.total:,} {unit}")
            raise
        progress.finish()


class Silent:
    """Progress that nobody watches."""

    def begin(self, total: int) -> None:
        """Say how much work there is."""

    def advance(self, count: float, text: object = "") -> None:
        """Count work that was done."""


class Progress(Silent):
    """Work done, its rate and the time left. The rate is that of the work of this call: what was done before has no
    part in it, nor has the first piece, which took the start of the processes."""

    def __init__(self, label: str, unit: str, stack: contextlib.ExitStack):
        self.label, self.unit, self._stack = label, unit, stack
        self.total, self.done, self._unrated, self._text = 0, 0, 0, ""
        self._first = None  # when the first piece was done

    def begin(self, total: int) -> None:
        """Draw the bar, or begin to count the time to the next line."""
        self.total, self._last = total, time.monotonic()
        show = _Bar if sys.stderr.isatty() else _Lines
        self._shown = show(self.label, self.unit, total, self._stack)

    def advance(self, count: float, text: object = "") -> None:
        """Count work that was done, in parts of one where need be. text, made a str when it is shown, says more; None
        marks work that was done before."""
        self.done += count
        if text is None or self._first is None:
            self._unrated += count
        if text is not None and self._first is None:
            self._first = time.monotonic()
        self._text = text or self._text
        if time.monotonic() - self._last > self._shown.seconds_between:
            self._show()

    def finish(self) -> None:
        """Show on a terminal how it ended; a log file's last line is near enough."""
        if self.total and isinstance(self._shown, _Bar):
            self._show()

    def _show(self):
        self._last = time.monotonic()
        self._shown.update(self.done, "  ".join(filter(None, [self._speed(), str(self._text)])))

    def _speed(self):
        """Rate and time left, once there is a rate."""
        rate = (self.done - self._unrated) / max(self._last - (self._first or self._last), 1e-9)
        if not rate:
            return ""
        left = f", {_time((self.total - self.done) / rate)} left" if self.done < self.total else ""
        return f"{in_short(rate)} {self.unit}/s{left}"


class _Bar:
    """On a terminal."""

    seconds_between = 0.2  # drawing the bar for every image would cost as much as decoding it

    def __init__(self, label, unit, total, stack):
        import click

        self._drawn = 0
        self._bar = stack.enter_context(
            click.progressbar(
                length=total,
                label=label,
                file=sys.stderr,
                width=BAR,
                show_pos=True,
                show_eta=False,
                show_percent=False,
                update_min_steps=0,  # a new text is drawn where parts of one do not move the bar
                item_show_func=lambda text: text and text[: _columns_left(label, total)],
            )
        )

    def update(self, done, text):
        self._bar.update(round(done) - self._drawn, text)
        self._drawn = round(done)


class _Lines:
    """In a log file."""

    seconds_between = 30.0  # a night's log stays short

    def __init__(self, label, unit, total, stack):
        self._label, self._of = label, f"{total:,} {unit}"

    def update(self, done, text):
        say(f"{self._label}: {done:,.0f} of {self._of}{text and ', '}{text}")


def _columns_left(label, total):
    """What one line of the terminal has left behind the label, the bar and the count."""
    return max(0, shutil.get_terminal_size().columns - len(label) - BAR - 2 * len(str(total)) - 9)


def counted(number: int, what: str) -> str:
    """So many of what has a plain plural."""
    return f"{number:,} {what}{'s' * (number != 1)}"


def in_short(rate: float) -> str:
    """A rate: heads come at fractions of one in a second, images by the thousand."""
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"


def _time(seconds):
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
