"""What a sweep says while it runs: heads done, heads a second and the time left, on a bar or now and then in a log
file."""

import contextlib
import sys
import time

import click

SECONDS_BETWEEN_LINES = 30.0
GRAINS = 1000  # of the bar


class Silent:
    """begin(heads) once the work is known, advance(heads) as parts of heads are trained."""

    def begin(self, heads):
        self.total, self.done, self.begun = heads, 0.0, time.monotonic()

    def advance(self, heads):
        self.done += heads

    def text(self):
        rate = self.done / max(time.monotonic() - self.begun, 1e-9)
        return f"{self.done:,.0f} of {self.total:,} heads, {rate:.3g} heads/s"


class Bar(Silent):
    """On a terminal: click's progress bar."""

    def __init__(self, stack):
        self.stack, self.shown = stack, 0

    def begin(self, heads):
        super().begin(heads)
        bar = click.progressbar(length=GRAINS, label="training", file=sys.stderr, item_show_func=lambda text: text)
        self.bar = self.stack.enter_context(bar)

    def advance(self, heads):
        super().advance(heads)
        grains = round(GRAINS * self.done / self.total)
        self.bar.update(grains - self.shown, self.text())
        self.shown = grains


class Lines(Silent):
    """In a log file: a line now and then."""

    def begin(self, heads):
        super().begin(heads)
        self.last = self.begun

    def advance(self, heads):
        super().advance(heads)
        now = time.monotonic()
        if now - self.last > SECONDS_BETWEEN_LINES:
            self.last = now
            left = (now - self.begun) * (self.total - self.done) / self.done
            click.echo(f"training: {self.text()}, {left / 60:.1f} min left", err=True)


@contextlib.contextmanager
def shown(quiet=False):
    """The fitting one of the three."""
    with contextlib.ExitStack() as stack:
        yield Silent() if quiet else Bar(stack) if sys.stderr.isatty() else Lines()
