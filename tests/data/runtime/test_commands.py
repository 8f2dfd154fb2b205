"""How a command ends: one line for what a user can mend, the traceback of a fault, the codes of the signals."""

import errno
import os
import platform
import signal
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from data.runtime import commands
from data.runtime.commands import Terminated, expected_failures, version_option
from data.runtime.failures import Refused
from data.runtime.ranks import Stopped
from tests.places import ROOT


def ended(call):
    """The result of a command that does `call`."""

    @click.command()
    @expected_failures
    def command():
        call()

    return CliRunner().invoke(command, [])


def raising(error):
    def call():
        raise error

    return call


@pytest.mark.parametrize(
    "error, line",
    [
        (Refused("a.h5 is incomplete; make it again"), "a.h5 is incomplete; make it again"),
        (FileNotFoundError(errno.ENOENT, "No such file", "a.h5"), "[Errno 2] No such file: 'a.h5'"),
        (MemoryError(), "out of memory on this machine; try again while other programs are closed"),
        (
            ModuleNotFoundError("No module named 'dlib'", name="dlib"),
            "the package dlib is missing; install it with: pip install 'cake-emotion[extract]'",
        ),
    ],
)
def test_what_a_user_can_mend_is_one_line(error, line):
    result = ended(raising(error))
    assert (result.exit_code, result.output) == (1, f"Error: {line}\n")


@pytest.mark.parametrize(
    "error", [ValueError("odd rows"), KeyError("odd"), ZeroDivisionError("odd"), RuntimeError("odd")]
)
def test_a_fault_shows_its_traceback_and_asks_for_a_report(error):
    result = ended(raising(error))
    *trace, last = result.stderr.splitlines()
    assert result.exit_code == 1 and not result.stdout
    assert (
        trace[0].startswith("Traceback") and f"{type(error).__name__}: {error}" in trace and "in call" in result.stderr
    )
    assert "report it" in last and "cake-emotion " in last and last.endswith(f"python {platform.python_version()}")


def test_the_cause_of_a_fault_is_shown_too():
    def call():
        try:
            raise OSError("the file is gone")
        except OSError as error:
            raise ValueError("no rows") from error

    assert "OSError: the file is gone" in ended(call).stderr


def test_a_version_that_was_not_installed_is_no_obstacle(monkeypatch):
    monkeypatch.setattr(commands.metadata, "version", lambda name: raising(commands.metadata.PackageNotFoundError())())
    assert "cake-emotion of unknown version, python" in ended(raising(ValueError("a"))).stderr


def test_where_another_process_speaks_this_one_is_silent():
    result = ended(raising(Stopped("process 0 says why")))
    assert (result.exit_code, result.output) == (1, "")


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_command_with_its_code_and_what_is_kept(number, code):
    before = signal.getsignal(signal.SIGTERM)
    # a shell starts what runs in its background with Ctrl-C ignored
    interrupted = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        result = ended(lambda: os.kill(os.getpid(), number))
    finally:
        signal.signal(signal.SIGINT, interrupted)
    assert result.exit_code == code
    assert result.stderr == "stopped; what was finished is kept, and the same command goes on from there\n"
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize("interrupt, code", [(KeyboardInterrupt, 130), (Terminated, 143)])
def test_what_an_interrupt_says_is_what_is_kept(interrupt, code):
    result = ended(raising(interrupt("nothing is kept yet")))
    assert result.exit_code == code and result.stderr == "stopped; nothing is kept yet\n"


def test_the_handler_of_before_is_back_after_any_end():
    def handler(number, frame):
        raise AssertionError("not in a command")

    before = signal.signal(signal.SIGTERM, handler)
    try:
        for call in (lambda: None, raising(Refused("a")), raising(ValueError("a")), raising(KeyboardInterrupt())):
            ended(call)
            assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_wrong_call_is_click_s_to_tell():
    result = ended(raising(click.UsageError("--dataset manifest needs --manifest")))
    assert result.exit_code == 2 and "Error: --dataset manifest needs --manifest" in result.output


def test_a_reader_that_has_left_is_no_failure_of_ours():
    result = ended(raising(BrokenPipeError(errno.EPIPE, "Broken pipe")))
    assert (result.exit_code, result.output) == (1, "")


def test_the_version_is_answered_before_anything_else(monkeypatch):
    @click.group()
    @version_option()
    @expected_failures
    def main():
        raise AssertionError("the version needs no command")

    monkeypatch.setattr(commands.metadata, "version", lambda name: "1.2.3")
    result = CliRunner().invoke(main, ["--version"])
    assert (result.exit_code, result.output) == (0, "cake-emotion 1.2.3\n")


def test_a_closed_pipe_is_no_traceback():
    """`command | head`: whoever reads has left before the answer comes."""
    code = "from evaluate.cli import main; main(['--help'])"
    reader, writer = os.pipe()
    os.close(reader)
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (found.returncode, found.stderr) == (1, "")
