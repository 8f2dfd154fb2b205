"""The lock on an output: one holder, whose name a second one is told; no end of a process leaves it held."""

import errno
import os
import signal
import subprocess
import sys

import pytest

from data.files import lock as locks
from data.files import publish
from data.files.lock import Busy, NoLocks, lock
from tests.places import ROOT

# Where there is no flock, filelock takes a file that stands for the lock: SOFT makes it do so here.
HOLDER = """
import os, sys, time, warnings
warnings.simplefilter("ignore")
if sys.argv[2] == "soft":
    sys.modules["fcntl"] = None
from data.files.lock import Busy, lock
try:
    with lock(sys.argv[1]):
        print("held", flush=True)
        sys.stdin.read()
    print("released")
except Busy as busy:
    print(busy)
"""


def start(path, how):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path), how],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    process.said = process.stdout.readline().strip()
    return process


def let_go(process):
    return process.communicate(timeout=60)[0].strip()


HOW = pytest.mark.parametrize("how", ["flock", "soft"])


@HOW
def test_a_second_process_is_told_who_holds_it_and_may_have_it_afterwards(tmp_path, how):
    first = start(tmp_path / "a.h5", how)
    second = start(tmp_path / "a.h5", how)
    assert first.said == "held"
    assert second.said.startswith(f"{tmp_path / 'a.h5'} is being written by process {first.pid} on ")
    let_go(second)
    other = start(tmp_path / "b.h5", how)
    assert other.said == "held", "another output is another lock"
    assert let_go(first) == let_go(other) == "released"
    third = start(tmp_path / "a.h5", how)
    assert third.said == "held" and let_go(third) == "released"
    assert list(tmp_path.iterdir()) == []


@HOW
def test_a_killed_holder_blocks_nobody_and_what_it_left_is_swept(tmp_path, how):
    first = start(tmp_path / "a.h5", how)
    (tmp_path / f".a.h5.{first.pid}.tmp").write_text("half-written")
    (tmp_path / f".ab.h5.{first.pid}.tmp").write_text("another's")
    os.kill(first.pid, signal.SIGKILL)
    let_go(first)
    second = start(tmp_path / "a.h5", how)
    assert second.said == "held"
    assert sorted(path.name for path in tmp_path.glob("*.tmp")) == [f".ab.h5.{first.pid}.tmp"]
    assert let_go(second) == "released"
    assert [path.name for path in tmp_path.iterdir()] == [f".ab.h5.{first.pid}.tmp"]


def test_the_same_process_does_not_get_it_twice(tmp_path):
    with lock(tmp_path / "a.h5"):
        with pytest.raises(Busy, match=f"by process {os.getpid()} on .*; wait for it to end"):
            with lock(tmp_path / "a.h5"):
                pass
    with lock(tmp_path / "a.h5"):
        pass


def test_an_error_inside_frees_it(tmp_path):
    with pytest.raises(KeyError):
        with lock(tmp_path / "a.h5"):
            raise KeyError
    assert list(tmp_path.iterdir()) == []


RACE = """
import sys
from pathlib import Path
from data.files.lock import Busy, lock
folder, held = Path(sys.argv[1]), 0
while held < 25:
    try:
        with lock(folder / "a.h5"):
            (folder / "inside").touch(exist_ok=False)  # raises where another process is inside, too
            (folder / "inside").unlink()
            held += 1
    except Busy:
        pass
"""


def test_no_two_are_inside_though_each_holder_removes_the_name_of_the_lock(tmp_path):
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(tmp_path)],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    ends = [racer.communicate(timeout=120)[1] for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * 4, ends
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_without_locks_is_said_in_one_line(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks.FileLock, "acquire", refuse)
    with pytest.raises(NoLocks, match="gives no locks .No locks available.*--workdir"):
        with lock(tmp_path / "a.h5"):
            pass


# Windows has neither fcntl nor folders that can be opened; the rest of what is done here it has.
AS_ON_WINDOWS = """
import os, sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
sys.modules["fcntl"] = None
import h5py, numpy as np
from data.files import publish
from data.files.hdf5 import intact, publish_hdf5
from data.files.lock import lock

publish.FOLDERS_SYNC = False
plain = os.open
def no_folder(path, flags, *rest, **options):
    if os.path.isdir(path):
        raise PermissionError(path)
    return plain(path, flags, *rest, **options)
os.open = no_folder
path = Path(sys.argv[1]) / "results" / "a.h5"
with lock(path):
    publish_hdf5(path, lambda file: file.create_dataset("x", data=np.arange(5)))
with h5py.File(path) as file:
    print(intact(path), file["x"][()].tolist(), os.listdir(path.parent))
"""


def test_without_fcntl_and_folders_to_sync_files_are_locked_published_and_read(tmp_path):
    found = subprocess.run(
        [sys.executable, "-c", AS_ON_WINDOWS, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == "True [0, 1, 2, 3, 4] ['a.h5']"
    assert publish.FOLDERS_SYNC, "the control: elsewhere folders are synced"
