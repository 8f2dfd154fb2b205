"""Trees of <split>/<class>/: the reader of any, and the copies of data sets that come so."""

import numpy as np
import pytest

from data.readers import ckplus, registry
from data.readers.reader import WrongTree
from data.readers.releases import affectnet_folders, rafdb_folders
from data.runtime.failures import Refused
from tests.data.trees import fer2013_row, touch


def tree(root, *paths):
    for path in paths:
        touch(root / path)
    return root


def found(listing):
    return sorted((sample.split, sample.path, sample.emotion, sample.left_out) for sample in listing.samples)


@pytest.mark.parametrize("base", ["", "images/", "data/images/"])
@pytest.mark.parametrize("train", ["train", "Train", "TRAINING"])
def test_a_tree_of_anything(tmp_path, base, train):
    tree(tmp_path, f"{base}{train}/Happy/1.jpg", f"{base}{train}/contempt/2.PNG", f"{base}test/sad/sub/3.webp",
         f"{base}valid/images/angry/4.jpg", f"{base}test/@eaDir/5.jpg", f"{base}test/notes.txt")  # fmt: skip
    listing = registry.read("tree", tmp_path)
    assert found(listing) == [
        ("test", f"{base}test/sad/sub/3.webp", 2, ""),
        ("train", f"{base}{train}/Happy/1.jpg", 1, ""),
        ("train", f"{base}{train}/contempt/2.PNG", -1, "contempt"),
        ("validation", f"{base}valid/images/angry/4.jpg", 6, ""),
    ]
    assert listing.splits == ("train", "validation", "test") and "1 files passed over: .txt 1" in listing.notes


def test_validation_is_read_as_test_where_there_is_no_test(tmp_path):
    listing = registry.read("tree", tree(tmp_path, "train/happy/1.jpg", "val/sad/2.jpg"))
    assert listing.splits == ("train", "test") and "val/ as test" in listing.layout


@pytest.mark.parametrize(
    ("paths", "match"),
    [
        (["train/0/1.jpg"], "train/0 is not named after a class"),
        (["train/smirk/1.jpg"], "unknown emotion 'smirk'; known are neutral"),
        (["train/happy/1.jpg", "Train/happy/2.jpg"], "holds Train/ and train/, which both mean train; keep one"),
        (["val/happy/1.jpg", "validation/happy/2.jpg"], "both mean validation"),
        (["happy/1.jpg"], "holds no folder that is named after a split .*Expected there"),
        (["train/1.jpg"], "train holds files and no folders of classes, such as 1.jpg"),
        (["train/happy/1.heic"], "lists no image .*1 files passed over: .heic 1"),
        (["train/contempt/1.jpg"], "all 1 rows are left out .*contempt 1"),
    ],
)
def test_trees_that_are_not_understood_are_refused_by_name(tmp_path, paths, match):
    with pytest.raises(Refused, match=f"(?s){match}"):
        registry.read("tree", tree(tmp_path, *paths))


def test_folders_beside_the_splits_are_named(tmp_path):
    listing = registry.read(
        "tree", tree(tmp_path, "train/happy/1.jpg", "test/sad/2.jpg", "dev/sad/3.jpg", "__MACOSX/x")
    )
    assert listing.notes == ("folders that are not named after a split and are not read: dev",)


RAF = ("DATASET/train/3/train_00001_aligned.jpg", "DATASET/train/7/train_00002_aligned.jpg",
       "DATASET/test/1/test_0001_aligned.jpg")  # fmt: skip


def test_rafdb_as_it_is_passed_on(tmp_path):
    tree(tmp_path, *RAF)
    touch(tmp_path / "train_labels.csv", "image,label\ntrain_00001_aligned.jpg,3\ntrain_00002_aligned.jpg,7.0\n")
    listing = registry.read("rafdb", tmp_path)
    assert [(sample.split, sample.emotion) for sample in listing.samples] == [("train", 5), ("train", 0), ("test", 3)]
    assert listing.aligned and listing.release == "folders" and rafdb_folders.NOT_ORIGINAL in listing.notes
    assert sum(registry.official(listing)["train"]) == 12_271


@pytest.mark.parametrize(
    ("row", "match"),
    [
        ("train_00001_aligned.jpg,4", "line 2 gives train_00001_aligned.jpg the label 4; it lies in .*train/3"),
        ("train_00001_aligned.jpg,0", "line 2, label: '0'; expected 1 to 7"),
    ],
)
def test_a_list_that_says_otherwise_is_refused(tmp_path, row, match):
    touch(tree(tmp_path, *RAF) / "train_labels.csv", f"image,label\n{row}\n")
    with pytest.raises(Refused, match=match):
        registry.read("rafdb", tmp_path)


def test_images_of_the_list_that_are_not_there_are_said(tmp_path):
    touch(tree(tmp_path, *RAF) / "train_labels.csv", "image,label\ntrain_00009_aligned.jpg,4\n")
    assert any("1 images of the list are not there" in note for note in registry.read("rafdb", tmp_path).notes)


@pytest.mark.parametrize("label", ["0", "8", "11"])
def test_rafdb_renumbered_is_refused(tmp_path, label):
    with pytest.raises(Refused, match=f"train/{label}: expected 1 to 7"):
        registry.read("rafdb", tree(tmp_path, f"DATASET/train/{label}/a.jpg"))


@pytest.mark.parametrize("val", ["val", "test", "validation"])
def test_affectnet_in_folders_of_ids_or_names(tmp_path, val):
    tree(tmp_path, "train/1/a.jpg", "train/6/b.jpg", "train/7/c.jpg", f"{val}/surprise/d.png")
    listing = registry.read("affectnet", tmp_path)
    assert [(sample.split, sample.emotion, sample.left_out) for sample in listing.samples] == [
        ("train", 1, ""),
        ("train", 6, ""),
        ("train", -1, "contempt"),
        ("test", 3, ""),
    ]
    assert {affectnet_folders.NOT_ORIGINAL, affectnet_folders.NUMBERED} <= set(listing.notes)
    assert sum(registry.official(listing)["train"]) == 283_901


def test_affectnet_numbered_by_the_alphabet_is_refused(tmp_path):
    paths = ["train/1/a.jpg", *(f"train/4/{number}.jpg" for number in range(3)), "val/0/x.jpg"]
    with pytest.raises(Refused, match="folder 4 holds more images .3. than folder 1 .1.*name the folders"):
        registry.read("affectnet", tree(tmp_path, *paths))


def test_affectnet_with_a_list_of_labels(tmp_path):
    tree(tmp_path, "anger/image0.jpg", "anger/image1.jpg", "happy/image2.png")
    rows = "0,anger/image0.jpg,surprise,0.87\n1,anger/image1.jpg,anger,0.8\n2,happy/image2.png,contempt,0.7\n"
    touch(tmp_path / "labels.csv", ",pth,label,relFCs\n" + rows)
    listing = registry.read("affectnet", tmp_path)
    assert found(listing) == [
        ("train", "anger/image0.jpg", 3, ""),
        ("train", "anger/image1.jpg", 6, ""),
        ("train", "happy/image2.png", -1, "contempt"),
    ]
    assert listing.splits == ("train",) and any("2 of 3 labels of labels.csv differ" in note for note in listing.notes)


def test_ckplus_as_the_csv_that_circulates(tmp_path):
    rows = fer2013_row(6, "Training") + fer2013_row(7, "PublicTest") + fer2013_row(0, "PrivateTest")
    touch(tmp_path / "ckextended.csv", "emotion,pixels,Usage\n" + rows)
    listing = registry.read("ckplus", tmp_path)
    assert [(sample.split, sample.emotion, sample.left_out) for sample in listing.samples] == [
        ("train", 0, ""),
        ("validation", -1, "contempt"),
        ("test", 6, ""),
    ]
    assert ckplus.NOT_ORIGINAL in listing.notes and "neutral: 1 images in all splits, 593 in the CSV" in str(
        listing.notes
    )
    assert listing.aligned and listing.samples[0].pixels.shape == (48, 48)


def test_ckplus_counts_close():
    assert sum(ckplus.SUMS) + 18 == 920 and sum(ckplus.SUMS[1:]) + 18 == 327


def test_ckplus_of_two_tables_is_not_guessed(tmp_path):
    for number in (1, 2):
        touch(tmp_path / f"{number}.csv", "emotion,pixels,Usage\n" + fer2013_row(number, "Training"))
    with pytest.raises(Refused, match="a table of CK.* more than once: 1.csv and 2.csv"):
        registry.read("ckplus", tmp_path)
    with pytest.raises(WrongTree, match="holds no ckextended.csv"):
        registry.read("ckplus", tmp_path / ".." / tmp_path.name / touch(tmp_path / "empty" / "x.txt").parent.name)


@pytest.mark.parametrize("name", ["affectnet", "rafdb", "fer2013", "tree"])
def test_rows_are_counted_from_0_in_every_split_and_paths_are_there(tmp_path, name):
    tree(tmp_path, *(f"{split}/{label}/{number}.jpg" for split in ("train", "test") for label in ("happy", "sad")
                     for number in range(3)))  # fmt: skip
    listing = registry.read(name, tmp_path)
    for split in ("train", "test"):
        assert [sample.row for sample in listing.of(split)] == list(range(6))
        assert np.array([(tmp_path / sample.path).is_file() for sample in listing.of(split)]).all()
