"""RAF-DB basic on made-up trees."""

import re

import pytest

from data.readers import rafdb, registry
from data.runtime.failures import Refused
from tests.data.trees import rafdb as tree
from tests.data.trees import touch

LINES = ["train_00001.jpg 3", "train_00002.jpg 7", "test_0001.jpg 1"]


def test_originals_with_labels_boxes_and_landmarks(tmp_path):
    listing = registry.read("rafdb", tree(tmp_path, LINES))
    assert [(sample.split, sample.row, sample.emotion) for sample in listing.samples] == [
        ("train", 0, 5),
        ("train", 1, 0),
        ("test", 0, 3),
    ]
    sample = listing.samples[0]
    assert sample.path == "Image/original/train_00001.jpg"
    assert sample.box == (0, 10, 60, 80)  # corners, cut at the left border, to width and height
    assert sample.landmarks.tolist() == [[30.5, 31.5], [60, 61], [45, 46], [35, 36], [55, 56]]
    assert not listing.aligned


def test_aligned_images_get_the_suffix_and_need_no_detector(tmp_path):
    listing = registry.read("rafdb", tree(tmp_path, LINES, images="aligned"))
    assert listing.aligned and listing.samples[0].path == "Image/aligned/train_00001_aligned.jpg"
    assert listing.samples[0].landmarks is None  # they refer to the originals


def test_originals_are_preferred_and_the_choice_is_the_users(tmp_path):
    tree(tree(tmp_path, LINES), LINES, images="aligned")
    assert registry.read("rafdb", tmp_path).release == "original"
    assert registry.read("rafdb", tmp_path, images="aligned").release == "aligned"


@pytest.mark.parametrize("spelling", ["list_patition_label.txt", "list_partition_label.txt"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("folder", [".", "basic", "raf-basic", "RAF-DB/basic"])
def test_spellings_line_ends_and_roots(tmp_path, spelling, end, folder):
    tree(tmp_path / folder, LINES, spelling=spelling, end=end)
    assert len(registry.read("rafdb", tmp_path).samples) == 3


def test_a_third_column_is_passed_over(tmp_path):
    assert registry.read("rafdb", tree(tmp_path, ["train_00001.jpg 3 0.87"])).samples[0].emotion == 5


@pytest.mark.parametrize("label", ["0", "8", "11", "happy", ""])
def test_labels_outside_1_to_7_are_left_out_and_many_refused(tmp_path, label):
    listing = registry.read("rafdb", tree(tmp_path / "one", ["train_00001.jpg 3", f"train_00002.jpg {label}"]))
    assert [sample.left_out for sample in listing.samples] == ["", "bad label"]
    assert any(f"line 2, label: '{label}'; expected 1 to 7 (a 0 is" in note for note in listing.notes)
    many = [f"train_0000{number}.jpg {label if number > 3 else 1}" for number in range(1, 9)]
    with pytest.raises(Refused, match="5 of 8 rows cannot be read .*line 4, label"):
        registry.read("rafdb", tree(tmp_path / "many", many))


def test_a_name_that_tells_no_split_is_refused(tmp_path):
    with pytest.raises(ValueError, match="expected train_NNNNN.jpg"):
        registry.read("rafdb", tree(tmp_path, ["valid_00001.jpg 3"]))


def test_version_one_without_annotations_loads(tmp_path):
    sample = registry.read("rafdb", tree(tmp_path, LINES, annotated=False)).samples[0]
    assert sample.box is None and sample.landmarks is None


@pytest.mark.parametrize(
    "folder, content, match",
    [
        ("manual", "1 2 3 4", "5 points and 3 attributes"),
        ("boundingbox", "1 2 3", "x_min y_min x_max y_max"),
        ("manual", "1 2 3 4 5 6 7 8 9 ten 1 1 1", "manu_attri.txt holds something else than numbers .*ten"),
        ("boundingbox", "1 2 3 four", "boundingbox.txt holds something else than numbers .*four"),
        ("boundingbox", "1 2 3 nan", "boundingbox.txt holds .*x_min y_min x_max y_max"),
        ("boundingbox", "", "boundingbox.txt holds 0 numbers"),
        ("boundingbox", b"\xff", "boundingbox.txt is not UTF-8 text"),
    ],
)
def test_annotation_files_of_another_content_are_named(tmp_path, folder, content, match):
    tree(tmp_path, LINES)
    ending = {"manual": "manu_attri", "boundingbox": "boundingbox"}[folder]
    touch(tmp_path / "Annotation" / folder / f"train_00001_{ending}.txt", content)
    listing = registry.read("rafdb", tmp_path)
    assert [bool(sample.left_out) for sample in listing.samples] == [True, False, False]
    assert any(re.search(f"the first: line 1, .*{match}", note) for note in listing.notes)


def test_labels_that_are_not_text_are_refused(tmp_path):
    tree(tmp_path, LINES)
    (tmp_path / "EmoLabel" / "list_patition_label.txt").write_bytes(b"train_00001.jpg \xff\n")
    with pytest.raises(Refused, match="list_patition_label.txt, line 1 is not UTF-8 text"):
        registry.read("rafdb", tmp_path)


@pytest.mark.parametrize("images", ["original", "aligned"])
@pytest.mark.parametrize("ending", [".png", ".JPG", ".jpeg"])
def test_images_of_any_ending_are_found(tmp_path, images, ending):
    tree(tmp_path, LINES, images=images)
    for path in (tmp_path / "Image" / images).iterdir():
        path.rename(path.with_suffix(ending))
    assert all((tmp_path / sample.path).is_file() for sample in registry.read("rafdb", tmp_path).samples)


def test_lists_of_the_crops_names(tmp_path):
    tree(tmp_path, LINES, images="aligned")
    lines = "\n".join(line.replace(".jpg", "_aligned.jpg") for line in LINES)
    touch(tmp_path / "EmoLabel" / "list_patition_label.txt", lines)
    assert all((tmp_path / sample.path).is_file() for sample in registry.read("rafdb", tmp_path).samples)


def test_two_lists_that_differ_are_refused_with_both_named(tmp_path):
    tree(tmp_path / "basic", LINES)
    tree(tmp_path / "copy", LINES)
    assert len(registry.read("rafdb", tmp_path).samples) == 3  # the control: they hold the same
    tree(tmp_path / "copy", LINES[:2])
    with pytest.raises(Refused, match="more than once: basic/EmoLabel/list.* and copy/EmoLabel/list"):
        registry.read("rafdb", tmp_path)


def test_compound_and_missing_trees(tmp_path):
    with pytest.raises(FileNotFoundError, match="EmoLabel/list_patition_label.txt"):
        registry.read("rafdb", tmp_path)
    tree(tmp_path / "compound", ["train_0001.jpg 1"])
    with pytest.raises(ValueError, match="compound"):
        registry.read("rafdb", tmp_path)
    with pytest.raises(ValueError, match="out of scope"):
        registry.reader_named("rafdb-compound")


def test_official_counts_and_splits_do_not_overlap(tmp_path):
    assert (
        sum(rafdb.READER.official["original"]["train"]) == 12_271
        and sum(rafdb.READER.official["original"]["test"]) == 3_068
    )
    listing = registry.read("rafdb", tree(tmp_path, LINES))
    assert not {sample.path for sample in listing.of("train")} & {sample.path for sample in listing.of("test")}
    assert listing.splits == ("train", "test")


@pytest.mark.parametrize("images", ["original", "aligned"])
def test_groups_come_from_the_manual_annotation(tmp_path, images):
    tree(tmp_path, LINES, images=images)
    points = "1 2 3 4 5 6 7 8 9 10\n"
    touch(tmp_path / "Annotation" / "manual" / "train_00002_manu_attri.txt", points + "2\n2\n4\n")
    samples = registry.read("rafdb", tmp_path).samples
    assert samples[0].groups == (("gender", "male"), ("race", "African-American"), ("age", "20-39"))
    assert samples[1].groups == (("race", "Asian"), ("age", "70+"))  # an unsure gender is no group
    assert samples[2].groups is samples[0].groups
    assert registry.read("rafdb", tree(tmp_path / "one", LINES, annotated=False)).samples[0].groups == ()
