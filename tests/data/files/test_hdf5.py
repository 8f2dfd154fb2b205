"""HDF5 files that carry their own sha256: any flipped bit is seen, a failed write is an error and no crash."""

import errno
import os
import subprocess
import sys

import h5py
import numpy as np
import pytest

from data.files.cache import CacheError, open_cache
from data.files.hdf5 import Unreadable, intact, mapped, open_hdf5, publish_hdf5, read_rows, write_array
from data.files.publish import DiskFull
from data.files.shards import DamagedShard, Shards, remove_parts
from tests.embed.made_up_caches import write_cache
from tests.places import ROOT

ARRAYS = {
    "a/number": np.arange(12_000),
    "empty": np.zeros((0, 3)),
    "text": np.array(["ü" * (length % 40) for length in range(2000)], object),
}  # HDF5 keeps text apart, and reads it back


def fill(file):
    for name, array in ARRAYS.items():
        write_array(file, name, array)


@pytest.fixture
def path(tmp_path):
    publish_hdf5(tmp_path / "x.h5", fill)
    return tmp_path / "x.h5"


def test_what_was_written_is_read_whole_in_rows_and_mapped(path):
    with h5py.File(path, "r") as file:
        assert (mapped(file["a/number"]) == ARRAYS["a/number"]).all() and isinstance(
            mapped(file["a/number"]), np.memmap
        )
        assert mapped(file["empty"]).shape == (0, 3)
        assert read_rows(file["text"], 3, 5).tolist() == ["üüü", "üüüü"]


def test_any_flipped_bit_and_any_cut_is_seen(path):
    assert intact(path) is True
    whole = path.read_bytes()
    for place in [12, 70, *np.random.default_rng(0).integers(512, len(whole), 200)]:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        assert intact(path) is False
    for cut in (1, 100, len(whole) // 2):
        path.write_bytes(whole[:-cut])
        assert intact(path) is False
    path.write_bytes(whole)
    assert intact(path) is True


def test_a_file_without_a_stamp_is_of_unknown_health(tmp_path):
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        fill(file)
    assert intact(tmp_path / "plain.h5") is None


FULL = """
import errno, sys
import data.files.hdf5 as hdf5
from data.files.publish import DiskFull
from tests.data.files.test_hdf5 import fill
from pathlib import Path

calls, plain = 0, hdf5.write_all
def hindered(file, data):
    global calls
    calls += 1
    if calls >= int(sys.argv[2]):
        raise OSError(errno.ENOSPC, "No space left on device")
    plain(file, data)
hdf5.write_all = hindered
try:
    hdf5.publish_hdf5(Path(sys.argv[1]), fill)
    print("written in", calls, "calls")
except DiskFull as error:
    print(error)
"""


def on_a_full_disk(path, call):
    found = subprocess.run([sys.executable, "-c", FULL, path, str(call)], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr  # HDF5 itself would crash here, at the exit of the process
    return found.stdout


def test_a_full_disk_at_any_write_is_an_error_that_leaves_nothing(tmp_path):
    calls = int(on_a_full_disk(tmp_path / "whole.h5", 10_000).split()[2])
    assert calls > 12
    for call in [1, 3, *np.linspace(4, calls, 3).astype(int)]:
        assert "the disk is full: " in on_a_full_disk(tmp_path / "x.h5", call)
        assert os.listdir(tmp_path) == ["whole.h5"]


def test_an_error_of_another_kind_is_passed_on(tmp_path, monkeypatch):
    def broken(file, data):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("data.files.hdf5.write_all", broken)
    with pytest.raises(OSError, match="Input/output error") as caught:
        publish_hdf5(tmp_path / "x.h5", fill)
    assert not isinstance(caught.value, DiskFull)


def test_shards_are_done_when_they_are_there_and_refused_when_they_changed(tmp_path):
    shards = Shards(tmp_path / "x.h5", {"size": 3})
    shards.publish(0, ARRAYS, source="abc")
    assert shards.done(0) and not shards.done(1)
    assert (shards.load(0, ["a/number"])["a/number"] == ARRAYS["a/number"]).all()
    shards.refuse_damaged(0)
    shards.refuse_other_source(0, "abc")
    with pytest.raises(DamagedShard, match="computed from other crops"):
        shards.refuse_other_source(0, "abd")
    with pytest.raises(DamagedShard, match="000001.h5 is missing"):
        shards.refuse_damaged(1)
    path = shards.path(0)
    data = bytearray(path.read_bytes())
    data[-5] ^= 4
    path.write_bytes(data)
    with pytest.raises(DamagedShard, match="000000.h5 has changed"):
        shards.refuse_damaged(0)
    path.write_bytes(data[:600])
    with pytest.raises(DamagedShard, match="000000.h5 cannot be read"):
        shards.content(0)
    remove_parts(tmp_path / "x.h5")
    assert os.listdir(tmp_path) == []


def test_the_content_of_a_shard_hangs_on_every_value_and_on_nothing_else(tmp_path):
    contents = set()
    for number, change in enumerate(
        ({}, {}, {"a/number": np.arange(12_000)[::-1]}, {"text": np.array(["x"] * 2000, object)}, {"more": np.ones(1)})
    ):
        shards = Shards(tmp_path / f"{number}.h5", {})
        shards.publish(0, {**ARRAYS, **change}, source=str(number))
        contents.add(shards.content(0))
    assert len(contents) == 4


@pytest.mark.parametrize("content", ["", "{", "[1]"])
def test_pieces_whose_header_is_damaged_are_refused_with_what_to_do(tmp_path, content):
    (Shards(tmp_path / "x.h5", {"size": 3}).folder / "header.json").write_text(content)
    with pytest.raises(DamagedShard, match="header.json does not hold the settings of its pieces; delete"):
        Shards(tmp_path / "x.h5", {"size": 3})


@pytest.fixture
def cache(tmp_path):
    return write_cache(tmp_path / "features" / "a.h5", train=30, test=12)


def test_reading_takes_no_lock(cache):
    fcntl = pytest.importorskip("fcntl")
    with open(cache) as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        with pytest.raises(OSError, match="unable to lock file"):  # the control: as h5py reads by itself
            h5py.File(cache, "r", locking=True)
        with open_cache(cache, "features") as file:
            assert len(file["train/feature"]) == 30


@pytest.fixture
def nobody(monkeypatch, tmp_path):
    """A user whom permissions hinder, in the folder of the test."""
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path, tmp_path / "features"):
        folder.chmod(0o755)
    if not hasattr(os, "seteuid"):
        pytest.skip("needs Unix's users")
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    yield
    os.seteuid(before)


def test_what_may_not_be_read_is_not_called_damaged(cache, nobody):
    os.seteuid(os.getuid())
    cache.chmod(0)
    os.seteuid(65534 if os.getuid() == 0 else os.getuid())
    with pytest.raises(Unreadable, match=r"a.h5 cannot be read \(permission denied\)$"):
        open_cache(cache.relative_to(os.getcwd()), "features")


@pytest.mark.parametrize("number, said", [(errno.EIO, "input/output error"), (errno.ESTALE, "stale file handle")])
def test_a_disk_that_fails_is_not_the_file_s_fault(cache, monkeypatch, number, said):
    def fails(*arguments, **options):
        raise OSError(number, "Unable to synchronously open file")

    with monkeypatch.context() as patch:
        patch.setattr("data.files.hdf5.h5py.File", fails)
        with pytest.raises(Unreadable, match=said):
            open_hdf5(cache)
    with monkeypatch.context() as patch:  # as late as when its attributes are read
        patch.setattr("data.files.cache._validate", fails)
        with pytest.raises(Unreadable, match=said):
            open_cache(cache, "features")
    cache.write_bytes(b"no HDF5")
    with pytest.raises(CacheError, match="is not a readable HDF5 file .*; make it again with `extract run --dataset a"):
        open_cache(cache, "features")
