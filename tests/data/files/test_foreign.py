"""HDF5 files from somewhere: what is whole opens, what is not is refused in one line, and no other file is opened on
the way."""

import ctypes
import json
import os
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest

from data.files import foreign
from data.files.cache import CacheError, damaged, open_cache
from data.files.schema import fields
from tests.data.made_up_files import HOSTILE, array, write
from tests.embed.made_up_caches import write_cache
from tests.places import ROOT

KINDS = ("aligned", "features", "runs")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Dict kind -> bytes of a whole file."""
    folder = tmp_path_factory.mktemp("whole")
    return {kind: write(folder, kind).read_bytes() for kind in KINDS}


def spoilt(folder, whole, kind, how):
    path = folder / f"{kind}.h5"
    path.write_bytes(whole[kind])
    with h5py.File(path, "r+") as file:
        how(file)
    return path


@pytest.fixture
def watched(tmp_path):
    """A function that says whether secret.h5 was opened, by the kernel's own account, which sees HDF5's opens as
    well."""
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["x"] = np.ones((12, 1, 512), np.float16)
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "inotify_init1"):
        pytest.skip("needs inotify to see what is opened")
    watch = library.inotify_init1(os.O_NONBLOCK)
    library.inotify_add_watch(watch, bytes(tmp_path / "secret.h5"), 0x20)  # IN_OPEN

    def opened():
        try:
            return bool(os.read(watch, 4096))
        except BlockingIOError:
            return False

    yield opened
    os.close(watch)


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_file_opens(tmp_path, whole, kind):
    path = spoilt(tmp_path, whole, kind, lambda file: None)
    with open_cache(path, kind) as file:
        assert damaged(file) == [] and foreign.not_finite(file, kind) == []


def test_a_block_before_the_file_and_another_format_of_hdf5_are_no_obstacle(tmp_path):
    with open_cache(write(tmp_path, "aligned", userblock_size=512, libver=("v110", "v110")), "aligned") as file:
        assert file.userblock_size == 512


@pytest.mark.parametrize("kind, name, how, match", HOSTILE, ids=[f"{kind}: {name}" for kind, name, _, _ in HOSTILE])
def test_a_hostile_file_is_refused_in_one_line_and_leads_nowhere(
    tmp_path, whole, watched, monkeypatch, kind, name, how, match
):
    monkeypatch.chdir(tmp_path)
    path = spoilt(tmp_path, whole, kind, how)
    watched()
    begun = time.monotonic()
    with pytest.raises(CacheError, match=match) as caught:
        open_cache(path, kind)
    assert time.monotonic() - begun < 1 and not watched()
    text = str(caught.value)
    assert text.startswith(str(path)) and "make it again with" in text and "\n" not in text and len(text) < 400


@pytest.mark.parametrize("name", ["external link", "external storage", "virtual dataset"])
def test_the_watch_sees_what_h5py_would_have_opened(tmp_path, whole, watched, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    how = next(how for kind, other, how, _ in HOSTILE if (kind, other) == ("features", name))
    path = spoilt(tmp_path, whole, "features", how)
    watched()
    with h5py.File(path) as file:
        assert file["test/feature"][()].size
    assert watched()


def test_packed_counts_may_not_unfold_without_bound(tmp_path, whole, monkeypatch):
    path = spoilt(tmp_path, whole, "runs", lambda file: None)
    monkeypatch.setattr(foreign, "UNPACKED_BYTES", 5_000)
    with pytest.raises(CacheError, match="holds confusion of"):
        open_cache(path, "runs")


@pytest.mark.parametrize("kind", KINDS)
def test_every_dataset_of_the_table_is_there_and_each_one_missed(tmp_path, whole, kind):
    path = spoilt(tmp_path, whole, kind, lambda file: None)
    with h5py.File(path) as file:
        names = []
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
    needed = {pattern for pattern, field in fields(kind).items() if field.needed}
    by_pattern = {foreign.place(kind, name)[0]: name for name in names}
    assert needed <= by_pattern.keys()
    for pattern in needed:
        with pytest.raises(CacheError, match=by_pattern[pattern].rsplit("/", 1)[-1]):
            open_cache(spoilt(tmp_path, whole, kind, lambda file: file.__delitem__(by_pattern[pattern])), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_every_dataset_is_refused_with_another_type_or_another_dimension(tmp_path, whole, kind):
    with h5py.File(spoilt(tmp_path, whole, kind, lambda file: None)) as file:
        shapes = {}
        file.visititems(
            lambda name, item: (
                shapes.setdefault(foreign.place(kind, name)[0], (name, item.shape))
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    for name, shape in shapes.values():
        for value in (np.zeros(shape, np.complex64), np.zeros((*shape, 1), np.int8)):
            with pytest.raises(CacheError, match=f"holds {name} of"):
                open_cache(spoilt(tmp_path, whole, kind, array(name, value)), kind)


def test_a_split_without_crops_has_its_counts_alone(tmp_path):
    def counts(split, arrays):
        return arrays if split == "train" else {name: arrays[name] for name in ("status_counts", "try_counts")}

    open_cache(write_cache(tmp_path / "a.h5", change=counts), "features").close()


def test_features_that_are_not_finite_are_found_with_digests_that_fit(tmp_path):
    def spoil(split, arrays):
        arrays["feature"][3, 0, 100] = np.inf if split == "test" else 0
        return arrays

    with open_cache(write_cache(tmp_path / "a.h5", change=spoil), "features") as file:
        assert damaged(file) == [] and foreign.not_finite(file, "features") == ["test/feature"]


# A process for each file: of 1,200 damaged ones HDF5 2.0 itself crashed on one and hung on two, where it reads text of
# variable length.
CHILD = """
import json, os, signal, sys
import numpy as np
from pathlib import Path
from data.files.cache import CacheError, damaged, open_cache

def read(path, kind):
    signal.alarm(20)
    try:
        file = open_cache(path, kind)
    except CacheError:
        return 1
    try:
        return 2 if damaged(file) else 3
    except Exception:  # of HDF5, where the data are read
        return 4

folder, count = Path(sys.argv[1]), int(sys.argv[2])
generator, found = np.random.default_rng(0), {}
for kind in ("aligned", "features", "runs"):
    whole = (folder / f"{kind}.h5").read_bytes()
    for turn in range(count):
        broken = bytearray(whole)
        for place in generator.integers(0, min(len(whole), (len(whole), 12000)[turn % 2]), 4):
            broken[place] = generator.integers(256)
        path = folder / "broken.h5"
        path.write_bytes(broken if turn % 8 else whole[: int(generator.integers(len(whole)))])
        process = os.fork()
        if not process:
            os._exit(read(path, kind))
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        what = {1: "refused", 2: "seen", 3: "unseen", 4: "unreadable", 0: "wrong"}.get(code, "died")
        found[f"{kind} {what}"] = found.get(f"{kind} {what}", 0) + 1
json.dump(found, sys.stdout)
"""


@pytest.mark.parametrize("count", [30, pytest.param(400, marks=pytest.mark.slow)])
def test_damage_anywhere_ends_in_a_refusal(tmp_path, count):
    for kind in KINDS:
        write(tmp_path, kind)
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path), str(count)], cwd=ROOT, capture_output=True, text=True, timeout=500
    )
    assert child.returncode == 0, child.stderr[-2000:]
    found = json.loads(child.stdout)
    assert sum(found.values()) == 3 * count and all(found.get(f"{kind} refused", 0) > count / 8 for kind in KINDS)
    assert sum(number for what, number in found.items() if what.endswith("died")) <= 3 * count / 100
    assert not any(what.endswith("wrong") for what in found) and "Traceback" not in child.stderr
