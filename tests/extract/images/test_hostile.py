"""Broken and hostile image files on the path that `extract align` takes: each is reported, none costs another one
anything."""

import json
import os
import subprocess
import sys
import time
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data.coverage import STATUSES
from data.files.cache import open_cache, read_split
from data.sample import Listing, Sample
from extract.crops import aligned_cache
from extract.crops.cropping import Rule
from extract.images.decode import MOST_BYTES, read
from extract.images.limits import Undecodable
from tests.data.hostile_paths import make
from tests.extract.broken_files import bombs, chunk, forms, mutated, png
from tests.extract.made_up import picture
from tests.places import ROOT

GIVEN = Rule(landmarks="none")
ENDINGS = ("jpg", "png", "bmp", "tiff", "webp", "ppm")


def spoilt(folder, count, seed=0):
    """(Listing of `count` broken files among 24 good ones, dict row -> what was done). Every sixth has another ending
    than its format."""
    folder.mkdir()
    generator, whole, done, samples = np.random.default_rng(seed), forms(picture(5, (40, 48))), {}, []
    del whole["jpeg of two pictures"]  # cut behind its first picture it is whole
    for row in range(count + 24):
        name, data = list(whole.items())[row % len(whole)]
        if row >= 24:
            done[row], data = mutated(data, generator)
        path = f"{row}.{ENDINGS[row % 6]}"
        (folder / path).write_bytes(data)
        samples.append(Sample(path, "train", row, row % 7))
    order = np.random.default_rng(seed + 1).permutation(len(samples))
    return Listing(
        "manifest", folder, "spoilt files", tuple(samples[place] for place in order), aligned=True, splits=("train",)
    ), done


def aligned(listing, target):
    aligned_cache.align(listing, target, rule=GIVEN, workers=2)
    with open_cache(target, "aligned") as file:
        return read_split(file, "train")


def jpegs(train):
    """Dict row -> bytes of its crop."""
    offset = train["jpeg_offset"]
    return {
        int(row): train["jpeg"][offset[place] : offset[place + 1]].tobytes() for place, row in enumerate(train["row"])
    }


@pytest.mark.parametrize("count", [100, pytest.param(500, marks=pytest.mark.slow)])
def test_broken_files_are_each_reported_and_change_nothing_else(tmp_path, count, capfd):
    listing, done = spoilt(tmp_path / "images", count)
    good = replace(listing, samples=tuple(sample for sample in listing.samples if sample.row not in done))
    found, alone = aligned(listing, tmp_path / "all.h5"), aligned(good, tmp_path / "good.h5")
    status = {int(row): STATUSES[number] for row, number in zip(found["manifest/row"], found["manifest/status"])}
    reason = dict(zip(found["manifest/row"].tolist(), found["manifest/reason"]))
    assert len(status) == count + 24 and all(status[row] == "ok" for row in range(24))
    assert set(status.values()) <= {
        "ok",
        "truncated",
        "unreadable",
        "bad_format",
        "too_large",
        "too_small",
    }  # none crashed or hung
    assert all(status[row] in ("truncated", "bad_format") for row, how in done.items() if how == "cut")
    assert all(reason[row] for row in done if status[row] != "ok")
    assert sum(status[row] != "ok" for row in done) > count / 2
    own = jpegs(found)
    assert {row: own[row] for row in range(24)} == jpegs(alone)
    assert capfd.readouterr().err.count("\n") < count / 4  # what is refused early floods no log


def test_files_are_known_by_their_bytes_whatever_their_ending(tmp_path):
    listing, _ = spoilt(tmp_path / "images", 0)
    again = tmp_path / "again"
    again.mkdir()
    for sample in listing.samples:
        (again / (sample.path + ".png")).write_bytes((listing.root / sample.path).read_bytes())
    other = replace(
        listing, root=again, samples=tuple(replace(sample, path=sample.path + ".png") for sample in listing.samples)
    )
    assert jpegs(aligned(other, tmp_path / "b.h5")) == jpegs(aligned(listing, tmp_path / "a.h5"))


# The peak is the kernel's own count for the new program; that of getrusage begins at the parent's.
CHILD = """
import re, sys, time
from pathlib import Path
from extract.images.decode import decode, read
from extract.images.limits import Undecodable
for path in sorted(Path(sys.argv[1]).iterdir()):
    begun = time.monotonic()
    try:
        decode(read(path))
        print(path.name, "was decoded")
    except Undecodable as error:
        print(path.name, error.status, time.monotonic() - begun, sep="|")
print(re.search("VmHWM:\\s+([0-9]+)", Path("/proc/self/status").read_text())[1])
"""


in_linux = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read in /proc")


@in_linux
def test_bombs_are_refused_in_little_time_and_memory(tmp_path):
    for name, data in bombs().items():
        (tmp_path / name.replace(" ", "_")).write_bytes(data)
    with open(tmp_path / "sparse.jpg", "wb") as file:
        file.truncate(10 * 2**30)
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    *lines, memory = child.stdout.strip().splitlines()
    assert len(lines) == len(bombs()) + 1, child.stdout + child.stderr
    for name, status, seconds in (line.split("|") for line in lines):
        assert status == "too_large" and float(seconds) < 1, name
    assert int(memory) < 300 * 1024, memory  # all together, with the interpreter and OpenCV


@in_linux
def test_a_packed_text_in_a_png_is_not_unfolded(tmp_path):
    packer = zlib.compressobj()
    packed = b"".join(packer.compress(bytes(2**20)) for _ in range(400)) + packer.flush()
    rows = b"".join(b"\0" + bytes(192) for _ in range(64))
    for name, kind in (("text", b"zTXt"), ("profile", b"iCCP")):
        (tmp_path / name).write_bytes(png(64, 64, chunk(kind, b"name\0\0" + packed), rows=rows))
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert child.stdout.count("was decoded") == 2 and int(child.stdout.split()[-1]) < 300 * 1024, (
        child.stdout + child.stderr
    )


def test_reading_takes_regular_files_of_a_sane_size_alone(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"bytes")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "a.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    assert read(tmp_path / "a.jpg") == b"bytes"
    with open(tmp_path / "large.jpg", "wb") as file:
        file.truncate(MOST_BYTES + 1)
    begun = time.monotonic()
    for name, status in (("large.jpg", "too_large"), ("pipe.jpg", "bad_format")):
        with pytest.raises(Undecodable) as caught:
            read(tmp_path / name)
        assert caught.value.status == status
    for name in ("link.jpg", "nowhere.jpg", "."):
        with pytest.raises((OSError, Undecodable)):
            read(tmp_path / name)
    assert time.monotonic() - begun < 1


HOOKED = """
import json, sys
from pathlib import Path
from data.sample import Sample
from extract.crops.cropping import Rule, outcome
from tests.data.hostile_paths import make
root, paths = make(Path(sys.argv[1]))
opened = []
sys.addaudithook(lambda event, arguments: opened.append(str(arguments[0])) if event == "open" else None)
rule = Rule(landmarks="none")
found = {path: outcome(Sample(path, "test", 0), root, rule, None).status for path in [*paths, "in.jpg"]}
outside = ("/proc", "/dev", sys.argv[1])
json.dump([found, [path for path in opened if "secret" in path or path.startswith(outside)]], sys.stdout)
"""


def test_hostile_paths_get_their_status_and_open_nothing(tmp_path):
    child = subprocess.run(
        [sys.executable, "-c", HOOKED, str(tmp_path / "child")], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert child.returncode == 0, child.stderr
    found, opened = json.loads(child.stdout)
    assert found.pop("in.jpg") == "bad_format" and {Path(path).name for path in opened} == {"in.jpg", "x.jpg"}
    assert not [path for path in opened if "secret" in path]
    _, expected = make(tmp_path / "own")
    statuses = {"outside": "outside_root", "linked": "bad_format"}
    assert sorted(found.values()) == sorted(statuses.get(what, what) for what in expected.values())
