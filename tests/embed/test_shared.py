"""Two processes over gloo share a sweep: the file is that of one process, and what fails on one is said once."""

import os
import subprocess
import sys

import pytest

from data.files.cache import open_cache
from data.files.runs import read_runs
from tests.embed.made_up_caches import write_cache
from tests.places import ROOT

SHORT = (
    "import embed.settings as s, functools; "
    "s.HeadSettings = functools.partial(s.HeadSettings, steps=25, epochs=1, largest_batch=64); "
)
SWEEP = SHORT + "from embed.cli import main; main()"
ARGUMENTS = ["sweep", "--k", "1..14", "--runs", "2"]


@pytest.fixture
def script(tmp_path):
    """embed.cli with a short training, as a file: torchrun starts files and modules."""
    path = tmp_path / "short_embed.py"
    path.write_text(SWEEP)
    for name, seed in (("a", 0), ("b", 7)):
        write_cache(tmp_path / "features" / f"{name}.h5", seed=seed, annotated=True)
    return path


def call(script, processes, results, *further):
    """One CPU thread in every process, as torchrun sets it: products of other thread counts differ in their last
    bits."""
    start = (
        [sys.executable]
        if processes == 1
        else [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    workdir = ["--workdir", str(script.parent), "--results", str(results)]
    return subprocess.run(
        [*start, str(script), *ARGUMENTS, *workdir, *further],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def digest(path):
    with open_cache(path, "runs") as file:
        return file.attrs["digest"]


def test_two_processes_write_what_one_writes(script, tmp_path):
    one, two = tmp_path / "one.h5", tmp_path / "two.h5"
    alone, shared = call(script, 1, one), call(script, 2, two)
    assert alone.returncode == 0, alone.stderr
    assert shared.returncode == 0, shared.stderr
    assert shared.stdout.strip() == str(two)
    assert len(read_runs(two).outcomes) == len(read_runs(one).outcomes) > 60
    assert digest(one) == digest(two)


def test_what_one_process_finds_wrong_stops_all_with_one_line(script, tmp_path):
    results = tmp_path / "runs.h5"
    assert call(script, 1, results).returncode == 0
    before = results.read_bytes()
    refused = call(script, 2, results, "--seed", "5")
    assert refused.returncode == 1 and results.read_bytes() == before
    said = [line for line in refused.stderr.splitlines() if line.startswith("Error:")]
    assert len(said) == 1 and "seed 0, this call has 5" in said[0]
