"""Listing to aligned cache: one manifest row for each listed image, shards that resume, settings that must agree."""

import dataclasses

import numpy as np
import pytest

from data.cache import STATUSES, CacheError, coverage, damaged, open_cache, read_split
from data.publish import Mismatch
from data.sample import Sample
from extract import crops
from extract.faces import Rule
from tests.extract.made_up import listing

GIVEN = Rule(landmarks="none")


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(crops, "SHARD_ROWS", 8)


def digest(path):
    with open_cache(path, "aligned") as file:
        assert damaged(file) == []
        return file.attrs["digest"]


def test_every_listed_image_has_a_manifest_row_and_labels_follow_their_row(tmp_path):
    made = listing(tmp_path / "images")
    broken = [Sample("nowhere.png", "train", 21, 3), Sample("../outside.png", "train", 22, 3), Sample("empty.png", "train", 23, 3)]
    (tmp_path / "outside.png").write_bytes(b"secret")
    (tmp_path / "images" / "empty.png").write_bytes(b"")
    made = dataclasses.replace(made, samples=made.samples[:21] + tuple(broken) + made.samples[21:])
    crops.align(made, tmp_path / "a.h5", rule=GIVEN, workers=2)
    with open_cache(tmp_path / "a.h5", "aligned") as file:
        train = read_split(file, "train")
    statuses = [STATUSES[status] for status in train["manifest/status"]]
    assert statuses == ["left_out" if row % 9 == 8 else "ok" for row in range(21)] + ["missing", "outside_root", "bad_format"]
    assert train["row"].tolist() == [row for row in range(21) if row % 9 != 8]
    assert (train["emotion"] == train["row"] % 7).all()
    assert len(train["jpeg_offset"]) == len(train["row"]) + 1
    assert train["status_counts"].sum() == 24
    assert coverage(train["status_counts"]) == 19 / 22


def test_an_interrupted_call_goes_on_where_it_stopped(tmp_path):
    made = listing(tmp_path / "images")
    crops.align(made, tmp_path / "whole.h5", rule=GIVEN, workers=1)
    rows = 0

    def interrupt(count, text=""):
        nonlocal rows
        rows += count
        if rows > 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crops.align(made, tmp_path / "b.h5", rule=GIVEN, workers=1, progress=interrupt)
    finished = sorted(path.name for path in (tmp_path / "b.h5.parts").glob("*.h5"))
    assert finished and not (tmp_path / "b.h5").exists()
    assert crops.align(made, tmp_path / "b.h5", rule=GIVEN, workers=2)
    assert digest(tmp_path / "b.h5") == digest(tmp_path / "whole.h5")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.h5", "images", "whole.h5"]


def test_a_finished_cache_is_left_alone_and_other_settings_are_refused(tmp_path):
    made = listing(tmp_path / "images")
    assert crops.align(made, tmp_path / "a.h5", rule=GIVEN, workers=1)
    assert not crops.align(made, tmp_path / "a.h5", rule=GIVEN, workers=1)
    with pytest.raises(Mismatch, match="undetected skip.*whole"):
        crops.align(made, tmp_path / "a.h5", rule=Rule(landmarks="none", undetected="whole"), workers=1)
    relabelled = dataclasses.replace(made.samples[0], emotion=5)
    with pytest.raises(Mismatch, match="list digest"):
        crops.align(dataclasses.replace(made, samples=(relabelled, *made.samples[1:])), tmp_path / "a.h5", rule=GIVEN, workers=1)


def test_a_changed_byte_is_found(tmp_path):
    crops.align(listing(tmp_path / "images"), tmp_path / "a.h5", rule=GIVEN, workers=1)
    import h5py

    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["train/jpeg"][100] ^= 1
    with open_cache(tmp_path / "a.h5", "aligned") as file:
        assert damaged(file) == ["train/jpeg"]


def test_a_file_of_another_kind_or_incomplete_is_refused(tmp_path):
    crops.align(listing(tmp_path / "images"), tmp_path / "a.h5", rule=GIVEN, workers=1)
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
    counts[7, STATUSES.index("ok")], counts[7, STATUSES.index("no_face")], counts[7, STATUSES.index("left_out")] = 3, 1, 50
    assert coverage(counts) == 0.75
