"""How every command ends: with its answer, with one line, or with the traceback of a fault and where it belongs."""

import contextlib
import functools
import platform
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from importlib import metadata

from data.runtime.failures import explained
from data.runtime.progress import say
from data.runtime.ranks import Stopped


class Terminated(KeyboardInterrupt):
    """SIGTERM, handled as Ctrl-C is."""


@contextlib.contextmanager
def sigterm_as_ctrl_c() -> Iterator[None]:
    """SIGTERM raises Terminated inside; what handled it before does so again afterwards."""
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(number, frame):
    raise Terminated


def expected_failures(command: Callable) -> Callable:
    """Turn what a user can mend into one line and exit code 1; Ctrl-C and SIGTERM into 130 and 143, with what is kept.

    What an interrupt says is taken for what is kept, and how to go on. Any other exception shows its traceback and asks
    for a report."""

    @functools.wraps(command)
    def wrapped(*arguments, **options):
        import click

        try:
            with sigterm_as_ctrl_c():
                return command(*arguments, **options)
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise  # click ends a wrong call, and a call whose reader has left, as it should be
        except Stopped:
            sys.exit(1)
        except KeyboardInterrupt as stopped:  # what Terminated is, too
            say(f"stopped; {str(stopped) or 'what was finished is kept, and the same command goes on from there'}")
            sys.exit(128 + (signal.SIGTERM if isinstance(stopped, Terminated) else signal.SIGINT))
        except Exception as error:
            line = explained(error)
            if line is not None:
                raise click.ClickException(line) from error
            say(f"{''.join(traceback.format_exception(error))}{_report()}")
            sys.exit(1)

    return wrapped


def installed_version() -> str:
    """Version of this project as it is installed."""
    try:
        return metadata.version("cake-emotion")
    except metadata.PackageNotFoundError:  # run from its source
        return "of unknown version"


def version_option() -> Callable:
    """The option --version of a command."""
    import click

    def answer(context, parameter, asked):
        if asked and not context.resilient_parsing:
            click.echo(f"cake-emotion {installed_version()}")
            context.exit()

    return click.option(
        "--version", is_flag=True, is_eager=True, expose_value=False, callback=answer, help="Say the version and exit."
    )


def coordinates_option() -> Callable:
    """The option --coordinates of a command, which is given `raw`: whether those that were trained are asked for."""
    import click

    return click.option(
        "--coordinates",
        "raw",
        type=click.Choice(("canonical", "raw")),
        default="canonical",
        show_default=True,
        callback=lambda context, parameter, value: value == "raw",
        help="Axes that runs share, or those that were trained, as in the paper.",
    )


def _report():
    return (
        f"This is a fault of the program; please report it with the lines above: cake-emotion {installed_version()}, "
        f"python {platform.python_version()}"
    )
