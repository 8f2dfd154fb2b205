"""A list that has changed: every crop that is there is used again, and the cache is the one that would be made anew."""

import dataclasses
import re

import cv2
import pytest

from data.files.cache import damaged, open_cache
from data.files.publish import Mismatch
from data.runtime.failures import Refused
from data.sample import EYE_CENTRES
from extract.crops import aligned_cache
from extract.crops.cropping import Rule, outcome
from extract.workers import supervise
from tests.extract.made_up import listing, picture

GIVEN = Rule(landmarks="none")


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(aligned_cache, "SHARD_ROWS", 8)


@pytest.fixture
def looked_at(monkeypatch):
    """The paths that were looked at since."""
    paths = []

    def supervised(work, items, **options):
        items = list(items)
        paths.extend(sample.path for _, sample in items)
        return supervise(work, items, **options)

    monkeypatch.setattr(aligned_cache, "supervise", supervised)
    return paths


def align(made, path):
    cache = aligned_cache.AlignedCache(made, path, GIVEN)
    assert cache.finish(1, aligned_cache.ALONE, lambda rows, text="": None)
    return cache


def digest(path):
    with open_cache(path, "aligned") as file:
        assert damaged(file) == []
        return file.attrs["digest"]


def with_samples(made, samples):
    """The listing with other samples, numbered anew."""
    count, numbered = {}, []
    for sample in samples:
        row = count[sample.split] = count.get(sample.split, -1) + 1
        numbered.append(dataclasses.replace(sample, row=row))
    return dataclasses.replace(made, samples=tuple(numbered))


def relabelled(made):
    samples = list(made.samples)
    samples[3] = dataclasses.replace(samples[3], emotion=6)
    return samples


def longer(made):
    cv2.imwrite(str(made.root / "another.png"), picture(77))
    return [dataclasses.replace(made.samples[0], path="another.png"), *made.samples]


def shorter(made):
    return made.samples[2:]


def moved(made):
    samples = list(made.samples)
    samples[4] = dataclasses.replace(samples[4], split="test")
    return sorted(samples, key=lambda sample: sample.split == "test")


def annotated(made):
    return [dataclasses.replace(sample, valence=0.5) if sample.row == 2 else sample for sample in made.samples]


def with_people(made):
    groups = (("gender", "female"),)
    return [
        dataclasses.replace(sample, cluster="anna", groups=groups) if sample.row < 2 else sample
        for sample in made.samples
    ]


def turned_round(made):
    return made.samples[::-1]


@pytest.mark.parametrize(
    "change, work, said",
    [
        (relabelled, [], "1 of 35 images differ .*: train_3.png: surprise, now anger$"),
        (longer, ["another.png"], "1 of 36 images differ .*: another.png: new"),
        (shorter, [], "2 of 33 images differ .*: train_0.png: no longer listed; train_1.png: no longer listed"),
        (moved, [], "1 of 35 images differ .*: train_4.png: train, now test"),
        (annotated, [], r"2 of 35 images differ .*: train_2.png: valence and arousal \[ 0.1 -0.2\], now \[ 0.5 -0.2\]"),
        (with_people, [], "4 of 35 images differ .*: train_0.png: person or clip unknown, now anna; train_1.png"),
        (turned_round, [], "the same images in another order"),
    ],
)
def test_only_what_is_new_is_looked_at_and_the_cache_is_as_if_made_anew(tmp_path, looked_at, change, work, said):
    made = listing(tmp_path / "images")
    assert align(made, tmp_path / "a.h5").changes == ""
    changed = with_samples(made, change(made))
    align(changed, tmp_path / "anew.h5")
    assert len(looked_at) > 50  # the control
    looked_at.clear()
    cache = align(changed, tmp_path / "a.h5")
    assert sorted(looked_at) == work
    assert digest(tmp_path / "a.h5") == digest(tmp_path / "anew.h5")
    pytest.raises(AssertionError, align, changed, tmp_path / "a.h5")  # it is there already
    assert re.search(said, cache.changes), cache.changes


def test_a_change_of_box_or_landmarks_is_looked_at_again(tmp_path, looked_at):
    made = listing(tmp_path / "images")
    align(made, tmp_path / "a.h5")
    looked_at.clear()
    samples = list(made.samples)
    samples[0] = dataclasses.replace(samples[0], box=(1, 1, 20, 20))
    samples[1] = dataclasses.replace(samples[1], landmarks="1;2;3;4;5;6;7;8;9;1", scheme=EYE_CENTRES)
    cache = align(dataclasses.replace(made, samples=tuple(samples)), tmp_path / "a.h5")
    assert looked_at == ["train_0.png", "train_1.png"]
    assert "train_0.png: another box, or other landmarks" in cache.changes


def test_an_image_that_was_missing_is_looked_at_again(tmp_path, looked_at):
    made = listing(tmp_path / "images")
    image = (tmp_path / "images" / "train_5.png").read_bytes()
    (tmp_path / "images" / "train_5.png").unlink()
    align(made, tmp_path / "a.h5")
    (tmp_path / "images" / "train_5.png").write_bytes(image)
    looked_at.clear()
    align(with_samples(made, relabelled(made)), tmp_path / "a.h5")
    assert looked_at == ["train_5.png"]


def test_pieces_of_an_alignment_that_was_stopped_are_used_under_another_list(tmp_path, looked_at):
    made = listing(tmp_path / "images")
    for change in (made, with_samples(made, relabelled(made))):  # stopped twice, under two lists
        rows = []

        def interrupt(count, text="", rows=rows):
            rows.append(count)
            if text and sum(rows) > 18:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            aligned_cache.align(change, tmp_path / "a.h5", rule=GIVEN, workers=1, progress=interrupt)
    assert (tmp_path / "a.h5.parts-1").is_dir()
    changed = with_samples(made, longer(made))
    looked_at.clear()
    align(changed, tmp_path / "a.h5")
    assert 0 < len(looked_at) < 24
    align(changed, tmp_path / "anew.h5")
    assert digest(tmp_path / "a.h5") == digest(tmp_path / "anew.h5")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.h5", "anew.h5", "images"]


def test_a_list_without_a_common_image_is_another_data_set(tmp_path):
    made = listing(tmp_path / "images")
    align(made, tmp_path / "a.h5")
    before = (tmp_path / "a.h5").read_bytes()
    other = [dataclasses.replace(sample, path="other_" + sample.path) for sample in made.samples]
    with pytest.raises(Refused, match="no image in common with this one; use another --name"):
        align(with_samples(made, other), tmp_path / "a.h5")
    assert (tmp_path / "a.h5").read_bytes() == before


def test_another_rule_is_refused_whatever_the_list(tmp_path):
    made = listing(tmp_path / "images")
    align(made, tmp_path / "a.h5")
    changed = with_samples(made, relabelled(made))
    with pytest.raises(Mismatch, match="undetected skip.*whole"):
        aligned_cache.align(changed, tmp_path / "a.h5", rule=Rule(landmarks="none", undetected="whole"), workers=1)


def test_a_changed_byte_does_not_come_into_the_new_cache(tmp_path):
    made = listing(tmp_path / "images")
    align(made, tmp_path / "a.h5")
    with open_cache(tmp_path / "a.h5", "aligned") as file:
        place = file["train/jpeg"].id.get_offset() + 40
    data = bytearray((tmp_path / "a.h5").read_bytes())
    data[place] ^= 1
    (tmp_path / "a.h5").write_bytes(data)
    with pytest.raises(Refused, match="a.h5 has changed since it was written; delete it"):
        align(with_samples(made, relabelled(made)), tmp_path / "a.h5")


def killed_at_the_first(sample, root, rule, detector):
    raise AssertionError("nothing is to be looked at")


def test_labels_alone_need_no_photographs(tmp_path, monkeypatch):
    made = listing(tmp_path / "images")
    align(made, tmp_path / "a.h5")
    for path in (tmp_path / "images").iterdir():
        path.unlink()
    monkeypatch.setattr(aligned_cache, "outcome", killed_at_the_first)
    align(with_samples(made, relabelled(made)), tmp_path / "a.h5")
    assert outcome is not killed_at_the_first
