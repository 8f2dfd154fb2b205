"""The audit: counts beside official ones, broken files, images that stand in two splits."""

import dataclasses

import pytest

from data.sample import Sample
from extract.check import audit, render
from tests.extract.made_up import listing


@pytest.fixture
def made(tmp_path):
    return listing(tmp_path, {"train": 16, "test": 9})


def test_official_counts_that_agree_raise_no_warning(made):
    found = audit(made, {"train": (3, 2, 2, 2, 2, 2, 2), "test": (2, 1, 1, 1, 1, 1, 1)})
    # rows 0..15 modulo 7, without the left-out row 8 (a 1) in train; rows 0..8 without row 8 in test
    assert found.counts["train"].tolist() == [3, 2, 2, 2, 2, 2, 2]
    assert list(found.warnings()) == []


def test_official_counts_that_differ_are_warnings_with_both_numbers(made):
    found = audit(made, {"train": (300, 2, 2, 2, 2, 2, 2)})
    assert list(found.warnings()) == ["train: neutral 3, officially 300 (-297)"]
    text = render(found)
    assert "warning: train: neutral 3, officially 300" in text and "left out" in text


def test_broken_and_missing_files_are_named_with_their_reason(made, tmp_path):
    (tmp_path / "train_0.png").write_bytes((tmp_path / "train_0.png").read_bytes()[:60])
    (tmp_path / "train_1.png").unlink()
    (tmp_path / "train_2.png").write_bytes(b"hello")
    found = audit(dataclasses.replace(made, samples=(*made.samples, Sample("../x.png", "train", 16, 0))))
    assert {status: [path for path, _ in places] for status, places in found.troubles.items()} == {
        "truncated": ["train_0.png"], "missing": ["train_1.png"], "bad_format": ["train_2.png"], "outside_root": ["../x.png"]}
    assert "train_1.png: no such file" in render(found)


def test_identical_images_across_splits_are_leakage(made, tmp_path):
    (tmp_path / "test_3.png").write_bytes((tmp_path / "train_5.png").read_bytes())
    (tmp_path / "train_7.png").write_bytes((tmp_path / "train_4.png").read_bytes())
    found = audit(made)
    assert found.across == [[("test", "test_3.png"), ("train", "train_5.png")]]
    assert found.within == 1
    assert "LEAKAGE" in render(found)


def test_a_clean_set_says_so(made):
    found = audit(made)
    assert not found.troubles and not found.across and found.within == 0
    assert "identical images in several splits: 0" in render(found)


def test_an_image_listed_twice_is_no_copy(made):
    again = dataclasses.replace(made.samples[0], row=99)
    assert audit(dataclasses.replace(made, samples=(*made.samples, again))).within == 0
