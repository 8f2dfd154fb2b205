"""Starts a script or module in several processes, as a user does with torchrun."""

import os
import subprocess
import sys

from tests.places import ROOT


def start(processes, *arguments, **environment):
    """A running torchrun of so many processes; of one, plain Python. Its output is text in pipes."""
    several = (
        ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)] if processes > 1 else []
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), **environment}
    return subprocess.Popen(
        [sys.executable, *several, *map(str, arguments)],
        env=environment,
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def call(processes, *arguments, **environment):
    """(exit code, stdout, stderr) of `start`, waited for; what hangs is killed and fails the test."""
    running = start(processes, *arguments, **environment)
    try:
        out, said = running.communicate(timeout=120)
    finally:
        running.kill()
    return running.returncode, out, said
