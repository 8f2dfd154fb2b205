"""Listing to aligned cache: one manifest row for each listed image, shards that resume, settings that must agree."""

import dataclasses
import functools
import os
import signal
import time

import numpy as np
import pytest

from data.coverage import STATUSES, coverage
from data.files.cache import CacheError, damaged, open_cache, read_split
from data.files.publish import Mismatch
from data.files.shards import DamagedShard
from data.sample import POINTS_68, Sample
from extract.crops import aligned_cache
from extract.crops.cropping import Rule, outcome
from extract.workers import supervise
from tests.extract.made_up import listing

GIVEN = Rule(landmarks="none")


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(aligned_cache, "SHARD_ROWS", 8)


def digest(path):
    with open_cache(path, "aligned") as file:
        assert damaged(file) == []
        return file.attrs["digest"]


def test_every_listed_image_has_a_manifest_row_and_labels_follow_their_row(tmp_path):
    made = listing(tmp_path / "images")
    broken = [
        Sample("nowhere.png", "train", 21, 3),
        Sample("../outside.png", "train", 22, 3),
        Sample("empty.png", "train", 23, 3),
    ]
    (tmp_path / "outside.png").write_bytes(b"secret")
    (tmp_path / "images" / "empty.png").write_bytes(b"")
    made = dataclasses.replace(made, samples=made.samples[:21] + tuple(broken) + made.samples[21:])
    aligned_cache.align(made, tmp_path / "a.h5", rule=GIVEN, workers=2)
    with open_cache(tmp_path / "a.h5", "aligned") as file:
        train = read_split(file, "train")
    statuses = [STATUSES[status] for status in train["manifest/status"]]
    assert statuses == ["left_out" if row % 9 == 8 else "ok" for row in range(21)] + [
        "missing",
        "outside_root",
        "bad_format",
    ]
    assert train["row"].tolist() == [row for row in range(21) if row % 9 != 8]
    assert (train["emotion"] == train["row"] % 7).all()
    assert len(train["jpeg_offset"]) == len(train["row"]) + 1
    assert train["status_counts"].sum() == 24
    assert coverage(train["status_counts"]) == 19 / 22


def test_an_interrupted_call_goes_on_where_it_stopped(tmp_path):
    made = listing(tmp_path / "images")
    aligned_cache.align(made, tmp_path / "whole.h5", rule=GIVEN, workers=1)
    rows = 0

    def interrupt(count, text=""):
        nonlocal rows
        rows += count
        if rows > 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        aligned_cache.align(made, tmp_path / "b.h5", rule=GIVEN, workers=1, progress=interrupt)
    finished = sorted(path.name for path in (tmp_path / "b.h5.parts").glob("*.h5"))
    assert finished and not (tmp_path / "b.h5").exists()
    assert aligned_cache.align(made, tmp_path / "b.h5", rule=GIVEN, workers=2)
    assert digest(tmp_path / "b.h5") == digest(tmp_path / "whole.h5")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.h5", "images", "whole.h5"]


def test_a_finished_cache_is_left_alone_and_other_settings_are_refused(tmp_path):
    made = listing(tmp_path / "images")
    assert aligned_cache.align(made, tmp_path / "a.h5", rule=GIVEN, workers=1)
    assert not aligned_cache.align(made, tmp_path / "a.h5", rule=GIVEN, workers=1)
    with pytest.raises(Mismatch, match="undetected skip.*whole"):
        aligned_cache.align(made, tmp_path / "a.h5", rule=Rule(landmarks="none", undetected="whole"), workers=1)


def test_a_changed_byte_is_found(tmp_path):
    aligned_cache.align(listing(tmp_path / "images"), tmp_path / "a.h5", rule=GIVEN, workers=1)
    import h5py

    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["train/jpeg"][100] ^= 1
    with open_cache(tmp_path / "a.h5", "aligned") as file:
        assert damaged(file) == ["train/jpeg"]


def test_a_file_of_another_kind_or_incomplete_is_refused(tmp_path):
    aligned_cache.align(listing(tmp_path / "images"), tmp_path / "a.h5", rule=GIVEN, workers=1)
    with pytest.raises(CacheError, match="kind aligned, expected kind features"):
        open_cache(tmp_path / "a.h5", "features")
    import h5py

    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file.attrs["complete"] = False
    with pytest.raises(CacheError, match="incomplete"):
        open_cache(tmp_path / "a.h5", "aligned")


def test_unlabelled_rows_count_for_coverage_where_nothing_is_labelled():
    counts = np.zeros((8, len(STATUSES)), np.int64)
    assert np.isnan(coverage(counts))
    counts[7, STATUSES.index("ok")], counts[7, STATUSES.index("no_face")], counts[7, STATUSES.index("left_out")] = (
        3,
        1,
        50,
    )
    assert coverage(counts) == 0.75


@pytest.mark.parametrize("workers, resumes", [(1, 0), (2, 1), (8, 5)])
def test_workers_and_resumes_do_not_change_a_bit(tmp_path, workers, resumes):
    same_digest(tmp_path, workers, resumes)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2, 8])
@pytest.mark.parametrize("resumes", [0, 1, 5])
def test_every_number_of_workers_and_resumes(tmp_path, workers, resumes):
    same_digest(tmp_path, workers, resumes)


def same_digest(folder, workers, resumes):
    made = listing(folder / "images", {"train": 60, "test": 20})
    aligned_cache.align(made, folder / "plain.h5", rule=GIVEN, workers=1)
    for resume in range(resumes):
        rows = []

        def interrupt(count, text=""):
            rows.append(count)
            if text and len(rows) > 14:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            aligned_cache.align(made, folder / "b.h5", rule=GIVEN, workers=1 + resume % workers, progress=interrupt)
    aligned_cache.align(made, folder / "b.h5", rule=GIVEN, workers=workers)
    assert digest(folder / "b.h5") == digest(folder / "plain.h5")


def accident(sample, root, rule, detector):
    """The work of a worker that some images kill, or hang for longer than it is waited."""
    if sample.row % 8 == 3:
        os.kill(os.getpid(), signal.SIGSEGV)
    if sample.row == 5:
        time.sleep(60)
    return outcome(sample, root, rule, detector)


def test_only_the_rows_that_kill_their_worker_are_marked_and_the_rest_is_unharmed(tmp_path, monkeypatch):
    made = listing(tmp_path / "images", {"train": 24})
    aligned_cache.align(made, tmp_path / "plain.h5", rule=GIVEN, workers=2)
    monkeypatch.setattr(aligned_cache, "outcome", accident)
    monkeypatch.setattr(aligned_cache, "supervise", functools.partial(supervise, patience=6.0))
    aligned_cache.align(made, tmp_path / "a.h5", rule=GIVEN, workers=2)
    with open_cache(tmp_path / "plain.h5", "aligned") as file:
        plain = read_split(file, "train")
    with open_cache(tmp_path / "a.h5", "aligned") as file:
        found = read_split(file, "train")
    statuses = [STATUSES[status] for status in found["manifest/status"]]
    assert statuses == [
        "left_out" if row % 9 == 8 else "crashed" if row % 8 == 3 else "timeout" if row == 5 else "ok"
        for row in range(24)
    ]
    assert "exit code -11" in found["manifest/reason"][3] and "no answer in 6 seconds" in found["manifest/reason"][5]
    for place, row in enumerate(found["row"]):
        same = int(np.flatnonzero(plain["row"] == row)[0])
        assert (jpeg(found, place) == jpeg(plain, same)).all()


def test_landmarks_of_the_data_set_that_are_no_numbers_are_a_reason_and_no_crash(tmp_path):
    made = listing(tmp_path / "images", {"train": 3})
    odd = dataclasses.replace(made.samples[1], landmarks="1;2;x;4", scheme=POINTS_68)
    aligned_cache.align(
        dataclasses.replace(made, samples=(made.samples[0], odd, made.samples[2])),
        tmp_path / "a.h5",
        rule=Rule(landmarks="dataset", undetected="whole"),
        workers=1,
    )
    with open_cache(tmp_path / "a.h5", "aligned") as file:
        reason = file["train/manifest/reason"].asstr()[1]
    assert reason.startswith("landmarks of the data set: could not convert")


def jpeg(arrays, place):
    return arrays["jpeg"][arrays["jpeg_offset"][place] : arrays["jpeg_offset"][place + 1]]


def broken_installation(sample, root, rule, detector):
    raise FileNotFoundError("landmark weights are missing")


def test_a_broken_installation_stops_the_run_and_leaves_no_row_marked(tmp_path, monkeypatch):
    monkeypatch.setattr(aligned_cache, "SHARD_ROWS", 40)
    made = listing(tmp_path / "images", {"train": 60})
    monkeypatch.setattr(aligned_cache, "outcome", broken_installation)
    with pytest.raises(
        ChildProcessError, match="11 of 40 images .* landmark weights are missing.* points to the installation"
    ):
        aligned_cache.align(made, tmp_path / "a.h5", rule=GIVEN, workers=2)
    assert not list((tmp_path / "a.h5.parts").glob("*.h5"))
    monkeypatch.setattr(aligned_cache, "outcome", outcome)
    assert aligned_cache.align(made, tmp_path / "a.h5", rule=GIVEN, workers=2)
    with open_cache(tmp_path / "a.h5", "aligned") as file:
        assert STATUSES.index("crashed") not in file["train/manifest/status"][()]


def test_a_shard_that_is_lost_or_changed_before_it_is_packed_is_named(tmp_path, monkeypatch):
    made = listing(tmp_path / "images")
    monkeypatch.setattr(aligned_cache, "pack", lambda *arguments, **options: None)
    aligned_cache.align(made, tmp_path / "a.h5", rule=GIVEN, workers=2)  # all shards, and no joining
    monkeypatch.undo()
    monkeypatch.setattr(aligned_cache, "SHARD_ROWS", 8)
    shard = tmp_path / "a.h5.parts" / "000002.h5"
    whole = shard.read_bytes()
    shard.write_bytes(whole[:1500] + bytes([whole[1500] ^ 8]) + whole[1501:])
    with pytest.raises(DamagedShard, match="000002.h5"):
        aligned_cache.align(made, tmp_path / "a.h5", rule=GIVEN, workers=2)
    shard.unlink()
    assert aligned_cache.align(made, tmp_path / "a.h5", rule=GIVEN, workers=2)


def test_the_parts_of_a_call_killed_after_its_last_step_are_cleared_away(tmp_path):
    made = listing(tmp_path / "images")
    aligned_cache.align(made, tmp_path / "a.h5", rule=GIVEN, workers=2)
    (tmp_path / "a.h5.parts").mkdir()
    (tmp_path / "a.h5.parts" / "000000.h5").write_bytes(b"")
    assert not aligned_cache.align(made, tmp_path / "a.h5", rule=GIVEN, workers=2)
    assert not (tmp_path / "a.h5.parts").exists()
