"""Hostile HDF5 files as a user's commands meet them: one line, exit code 1, no traceback."""

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

from data.emotions import EMOTIONS
from embed.cli import main as embed
from extract.cli import main as extract
from extract.network import backbone, checkpoint
from tests.data.made_up_files import HOSTILE, write
from tests.embed.made_up_caches import write_cache
from tests.places import ROOT

META = {
    "task": "emotion",
    "image_size": 32,
    "alignment_version": 1,
    "toy": False,
    "settings": {},
    "domains": {"a": {}},
    "emotions": list(EMOTIONS),
}
CHOSEN = [
    case
    for case in HOSTILE
    if case[1]
    in (
        "external link",
        "external storage",
        "virtual dataset",
        "circle of groups",
        "2 ** 40 rows",
        "expands a thousandfold",
        "wrong type",
        "rows disagree",
        "endless JSON",
        "offsets beyond the images",
        "status out of range",
        "missing dataset",
    )
]


def refused(main, *arguments):
    """The one line in which a command refuses."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    lines = [line for line in result.output.splitlines() if line.startswith("Error: ")]
    assert result.exit_code == 1 and len(lines) == 1 and "Traceback" not in result.output, result.output
    return lines[0]


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    """A working folder with a checkpoint that was never trained."""
    folder = tmp_path_factory.mktemp("hostile")
    checkpoint.save(
        folder / "checkpoints" / "emotion.pt", backbone.make("emotion", dropout=0.0, init="scratch", seed=0), META
    )
    return folder


@pytest.mark.parametrize("kind, name, how, match", CHOSEN, ids=[f"{kind}: {name}" for kind, name, _, _ in CHOSEN])
def test_every_command_that_opens_it_refuses_it(workdir, tmp_path, monkeypatch, kind, name, how, match):
    monkeypatch.chdir(tmp_path)
    folder = {"aligned": workdir / "aligned", "features": tmp_path / "features", "runs": tmp_path / "results"}[kind]
    folder.mkdir(exist_ok=True)
    path = write(folder, kind)
    with h5py.File(path, "r+") as file:
        how(file)
    commands = {
        "aligned": [
            (extract, "info", path),
            (extract, "verify", path),
            (extract, "show", path),
            (extract, "run", "--workdir", workdir, "--dataset", "aligned"),
        ],
        "features": [
            (extract, "info", path),
            (extract, "verify", path),
            (embed, "sweep", "--workdir", tmp_path, "--k", "3"),
        ],
        "runs": [(embed, "apply", path, "--results", path)],
    }[kind]
    for command in commands:
        assert str(path) in refused(*command)


def test_features_that_are_not_finite_fail_verification(tmp_path):
    def spoil(split, arrays):
        arrays["feature"][3, 0, 100] = np.nan
        return arrays

    path = write_cache(tmp_path / "a.h5", change=spoil)
    assert "not finite in test/feature, train/feature;" in refused(extract, "verify", path)


CHILD = """
import re, sys
from pathlib import Path
from data.files.cache import CacheError, open_cache
before = Path("/proc/self/status").read_text()
try:
    open_cache(sys.argv[1], "features")
except CacheError as error:
    print(error)
peak = [int(re.search("VmHWM:\\\\s+([0-9]+)", text)[1]) for text in (before, Path("/proc/self/status").read_text())]
print(peak[1] - peak[0])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read in /proc")
@pytest.mark.parametrize("name", ["2 ** 40 rows", "2 ** 40 rows in pieces", "expands a thousandfold"])
def test_what_claims_to_be_huge_costs_no_memory(tmp_path, name):
    how = next(how for kind, other, how, _ in HOSTILE if (kind, other) == ("features", name))
    path = write(tmp_path, "features")
    with h5py.File(path, "r+") as file:
        how(file)
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    message, kilobytes = child.stdout.strip().splitlines()
    assert str(path) in message and int(kilobytes) < 30_000
