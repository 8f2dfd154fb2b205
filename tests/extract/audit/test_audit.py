"""The audit: counts beside official ones, broken files, pictures that stand in two splits."""

import csv
import dataclasses

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from data.emotions import EMOTIONS
from data.sample import Listing, Sample
from extract.audit.audit import SHOWN, audit, render
from extract.audit.leakage import KINDS
from extract.cli import main
from tests.extract.made_up import listing, scene


@pytest.fixture
def made(tmp_path):
    return listing(tmp_path, {"train": 16, "test": 9})


def test_official_counts_that_agree_raise_no_warning(made):
    found = audit(made, {"train": (3, 2, 2, 2, 2, 2, 2), "test": (2, 1, 1, 1, 1, 1, 1)}, workers=1)
    # rows 0..15 modulo 7, without the left-out row 8 (a 1) in train; rows 0..8 without row 8 in test
    assert found.counts["train"].tolist() == [3, 2, 2, 2, 2, 2, 2]
    assert list(found.warnings()) == []


def test_official_counts_that_differ_are_warnings_with_both_numbers(made):
    found = audit(made, {"train": (300, 2, 2, 2, 2, 2, 2)}, workers=1)
    assert list(found.warnings()) == ["train: neutral 3, officially 300 (-297)"]
    text = render(found)
    assert "warning: train: neutral 3, officially 300" in text and "left out" in text
    found = audit(made, {"validation": (10, 2, 2, 2, 2, 2, 2)}, workers=1)
    assert list(found.warnings()) == ["validation: no image, officially 22"]


def test_broken_and_missing_files_are_named_with_their_reason(made, tmp_path):
    (tmp_path / "train_0.png").write_bytes((tmp_path / "train_0.png").read_bytes()[:60])
    (tmp_path / "train_1.png").unlink()
    (tmp_path / "train_2.png").write_bytes(b"hello")
    found = audit(dataclasses.replace(made, samples=(*made.samples, Sample("../x.png", "train", 16, 0))), workers=1)
    assert {status: [path for path, _ in places] for status, places in found.troubles.items()} == {
        "truncated": ["train_0.png"],
        "missing": ["train_1.png"],
        "bad_format": ["train_2.png"],
        "outside_root": ["../x.png"],
    }
    assert "train_1.png: no such file" in render(found)


def pairs(found):
    return [
        (found.places[one][1], found.places[other][1], KINDS[kind])
        for one, other, kind in zip(found.pairs.one, found.pairs.other, found.pairs.kind)
    ]


@pytest.fixture
def scenes(tmp_path):
    """Eight unlike pictures in train, three in validation, five in test; the emotion is the row."""
    counts = {"train": 8, "validation": 3, "test": 5}
    samples = [
        Sample(f"{split}_{row}.png", split, row, row % 7) for split, count in counts.items() for row in range(count)
    ]
    for number, sample in enumerate(samples):
        cv2.imwrite(str(tmp_path / sample.path), scene(number))
    return Listing("manifest", tmp_path, "made-up scenes", tuple(samples), splits=tuple(counts))


def test_identical_images_across_splits_are_leakage(scenes, tmp_path):
    (tmp_path / "test_3.png").write_bytes((tmp_path / "train_5.png").read_bytes())
    (tmp_path / "test_2.png").write_bytes((tmp_path / "validation_2.png").read_bytes())
    (tmp_path / "train_7.png").write_bytes((tmp_path / "train_4.png").read_bytes())
    found = audit(scenes, workers=1)
    assert pairs(found) == [("train_5.png", "test_3.png", "identical"), ("validation_2.png", "test_2.png", "identical")]
    assert found.within == 1 and found.labelled_otherwise(found.pairs) == 1
    text = render(found)
    assert "identical images in several splits: 2 pairs, 1 of them with different emotions  LEAKAGE" in text
    assert "train train_5.png = test test_3.png" in text


def test_copies_made_again_are_near_identical_and_mirrored_ones_mirrored(scenes, tmp_path):
    image = scene(6)
    cv2.imwrite(
        str(tmp_path / "test_0.png"), cv2.resize(image[2:, 2:], None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    )
    cv2.imwrite(str(tmp_path / "test_1.png"), cv2.cvtColor(scene(1), cv2.COLOR_BGR2GRAY) // 2)
    cv2.imwrite(str(tmp_path / "validation_0.png"), scene(2)[:, ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 0])
    found = audit(scenes, workers=1)
    assert sorted(pairs(found)) == [
        ("train_1.png", "test_1.png", "near-identical"),
        ("train_2.png", "validation_0.png", "mirrored"),
        ("train_6.png", "test_0.png", "near-identical"),
    ]
    assert found.pairs.distance.tolist() == sorted(found.pairs.distance)
    text = render(found)
    assert (
        "near-identical images in several splits: 2 pairs, 1 of them with different emotions\n" in text
        and "LEAKAGE" not in text
    )
    assert "train train_1.png ~ test test_1.png  (" in text


def test_flat_images_are_no_near_copies_of_one_another_but_copies_are_found(scenes, tmp_path):
    for name, grey in (("train_0", 90), ("train_1", 91), ("test_0", 92), ("test_1", 90)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((60, 50, 3), grey, np.uint8))
    found = audit(scenes, workers=1)
    assert pairs(found) == [("train_0.png", "test_1.png", "identical")] and found.flat == 4
    assert "flat images, compared by their bytes alone: 4" in render(found)


def test_a_clean_set_says_so(scenes):
    found = audit(scenes, workers=1)
    assert not found.troubles and not len(found.pairs) and found.within == 0
    assert "identical images in several splits: 0" in render(found) and "flat" not in render(found)


def test_nothing_that_can_be_read(scenes, tmp_path):
    for sample in scenes.samples:
        (tmp_path / sample.path).unlink()
    found = audit(scenes, workers=1)
    assert len(found.troubles["missing"]) == 16 and not len(found.pairs) and not found.places


def test_one_file_in_two_splits_is_identical_with_itself_and_its_labels_are_compared(scenes):
    samples = (
        *scenes.samples,
        *(Sample("train_0.png", "test", row, emotion) for row, emotion in ((5, 0), (6, 3), (7, 3))),
    )
    found = audit(dataclasses.replace(scenes, samples=samples), workers=1)
    assert pairs(found) == [("train_0.png", "train_0.png", "identical")] * 2 and found.within == 0
    assert found.labelled_otherwise(found.pairs) == 1


def test_images_that_the_list_itself_holds(scenes):
    held = [cv2.cvtColor(scene(number, (48, 48)), cv2.COLOR_BGR2GRAY) for number in range(3)]
    samples = [
        Sample(f"a.csv#{row}", split, 0, 0, pixels=pixels)
        for row, (split, pixels) in enumerate(
            (("train", held[0]), ("train", held[1]), ("test", held[2]), ("test", held[1]))
        )
    ]
    assert pairs(audit(dataclasses.replace(scenes, samples=tuple(samples)), workers=1)) == [
        ("a.csv#1", "a.csv#3", "identical")
    ]


def test_an_image_listed_twice_is_no_copy(made):
    again = dataclasses.replace(made.samples[0], row=99)
    assert audit(dataclasses.replace(made, samples=(*made.samples, again)), workers=1).within == 0


def test_the_command_writes_every_pair_to_a_csv(scenes, tmp_path):
    for row in range(5):
        (tmp_path / f"test_{row}.png").write_bytes((tmp_path / "train_5.png").read_bytes())
    (tmp_path / "validation_1.png").write_bytes((tmp_path / "train_5.png").read_bytes())
    table, target = tmp_path / "made.csv", tmp_path / "out" / "pairs.csv"
    table.write_text(
        "path,emotion,split\n"
        + "".join(f"{sample.path},{EMOTIONS[sample.emotion]},{sample.split}\n" for sample in scenes.samples)
    )
    result = CliRunner().invoke(
        main,
        [
            "check",
            "--workdir",
            str(tmp_path),
            "--dataset",
            "manifest",
            "--manifest",
            str(table),
            "--name",
            "made",
            "--workers",
            "1",
            "--pairs",
            str(target),
        ],
    )
    assert result.exit_code == 0, result.output
    assert "several splits: 11 pairs" in result.output and result.output.count(" = ") == SHOWN
    with open(target, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert (
        len(rows) == 11
        and {row["kind"] for row in rows} == {"identical"}
        and {row["distance"] for row in rows} == {"0"}
    )
    assert rows[0] == {
        "split": "train",
        "path": "train_5.png",
        "emotion": "disgust",
        "other_split": "validation",
        "other_path": "validation_1.png",
        "other_emotion": "happiness",
        "distance": "0",
        "kind": "identical",
    }


def test_persons_in_two_splits_and_files_listed_in_both_are_said(tmp_path):
    rows = ["path,emotion,split,person"]
    for number, (split, person) in enumerate(
        [("train", "anna"), ("train", "ben"), ("test", "anna"), ("test", "carla")]
    ):
        cv2.imwrite(str(tmp_path / f"{number}.png"), scene(number))
        rows.append(f"{number}.png,fear,{split},{person}")
    for more, leaks in (([], 1), (["0.png,fear,test,dora", "1.png,fear,validation,ben"], 2)):
        (tmp_path / "my.csv").write_text("\n".join(rows + more))
        options = ["--dataset", "manifest", "--manifest", tmp_path / "my.csv", "--name", "mine", "--workers", 1]
        said = CliRunner().invoke(main, ["check", *map(str, options)]).output
        assert f"persons or clips in several splits: {leaks}  LEAKAGE\n  anna (train and test)\n" in said
        assert ("2 files are listed in several splits, such as 0.png (train and test): LEAKAGE" in said) == bool(more)


def test_nothing_is_said_of_persons_where_none_is_known(made):
    assert "persons" not in render(audit(made, workers=1))
