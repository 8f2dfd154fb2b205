"""Manifests, folders, the registry and the guard of paths."""

import os

import numpy as np
import pytest

from data.emotions import EMOTIONS, FER2013, RAFDB, SFEW_FOLDERS, emotion_named
from data.readers import paths, registry
from tests.data.trees import touch
from tests.places import FACES


def read(tmp_path, text, **options):
    return registry.read("manifest", None, manifest=touch(tmp_path / "my.csv", text), **options)


def test_names_synonyms_and_splits(tmp_path):
    listing = read(
        tmp_path,
        "path,emotion,split\na.jpg,Happy,train\nb.jpg,angry,VAL\nc.jpg,sadness,test\nd.jpg,,test\ne.jpg,contempt,train\n",
    )
    assert [(sample.split, sample.row, sample.emotion, sample.left_out) for sample in listing.samples] == [
        ("train", 0, 1, ""),
        ("validation", 0, 6, ""),
        ("test", 0, 2, ""),
        ("test", 1, -1, ""),
        ("train", 1, -1, "contempt"),
    ]
    assert any("1 rows have no emotion" in note for note in listing.notes)
    assert listing.root == tmp_path


def test_byte_order_mark_line_ends_column_order_and_values(tmp_path):
    listing = read(
        tmp_path, b"\xef\xbb\xbfsplit, Path ,emotion,arousal,valence\r\ntrain,x/\xc3\xa4.jpg,fear,-2,0.5\r\n"
    )
    [sample] = listing.samples
    assert (sample.path, sample.emotion, sample.valence) == ("x/ä.jpg", 4, 0.5) and np.isnan(sample.arousal)


@pytest.mark.parametrize(
    "text, match",
    [
        ("path,emotion\na,happy\n", "split missing of path,emotion,split"),
        ("", "missing of path"),
        ("path,emotion,split\n", "lists no image"),
        ("path,emotion,split\na.jpg,smirk,train\n", "line 2: unknown emotion 'smirk'; known are neutral"),
        ("path,emotion,split\na.jpg,happy,dev\n", "line 2: split 'dev' is unknown; expected train, validation or test"),
        ("path,emotion,split,valence\na.jpg,happy,test,1.5\n", "line 2: '1.5' lies outside"),
        ("path,emotion,split,valence\na.jpg,happy,test,high\n", "line 2: 'high' is not a number"),
        ("path,emotion,split\n,happy,train\n", "line 2: no path"),
        (b"path,emotion,split\n\xff.jpg,happy,train\n", "not UTF-8"),
    ],
)
def test_what_is_not_understood_is_named(tmp_path, text, match):
    with pytest.raises(ValueError, match=match):
        read(tmp_path, text)


def test_the_real_faces_are_read():
    if not FACES.is_dir():
        pytest.skip("the photographs of ../shared/faces are not at hand")
    listing = registry.read("manifest", None, manifest=FACES / "a.csv")
    assert len(listing.samples) == 1411
    assert sum(sample.left_out == "contempt" for sample in listing.samples) == 7
    assert all(paths.locate(listing.root, sample.path) for sample in listing.samples[:50])


def test_a_folder_lists_images_in_order_without_labels(tmp_path):
    for name in ("b.JPG", "a/c.png", "notes.txt", "a.tiff"):
        touch(tmp_path / name)
    listing = registry.read("folder", tmp_path)
    assert [sample.path for sample in listing.samples] == ["a.tiff", "a/c.png", "b.JPG"]
    assert {(sample.split, sample.emotion) for sample in listing.samples} == {("test", -1)}


def test_an_empty_folder_says_what_was_looked_for(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"(?s)lists no image .*\.jpg \.jpeg"):
        registry.read("folder", tmp_path)


def test_unknown_names_list_the_known_and_scope_is_said():
    with pytest.raises(ValueError, match="known are affectnet, rafdb, sfew, fer2013, manifest, folder"):
        registry.reader_named("affectnot")
    with pytest.raises(ValueError, match="8-class task is out of scope"):
        registry.reader_named("affectnet8")


@pytest.mark.parametrize("name", ["affectnet", "rafdb", "sfew", "fer2013", "folder"])
def test_a_missing_root_shows_the_expected_tree(tmp_path, name):
    with pytest.raises(FileNotFoundError) as caught:
        registry.read(name, tmp_path / "nowhere")
    assert "nowhere is not a folder" in str(caught.value) and registry.reader_named(name).expected_tree in str(
        caught.value
    )


def test_the_toy_mark_travels(tmp_path):
    touch(tmp_path / "a.jpg")
    assert not registry.read("folder", tmp_path).toy
    touch(tmp_path / "toy.json", "{}")
    assert registry.read("folder", tmp_path).toy


def test_every_code_table_reaches_the_seven_classes_once():
    for table in (RAFDB, FER2013, SFEW_FOLDERS):
        assert sorted(table.values()) == list(range(7))
    for folder, index in SFEW_FOLDERS.items():
        assert emotion_named(folder) == index
    assert EMOTIONS[RAFDB[1]] == "surprise" and EMOTIONS[FER2013[0]] == "anger"


def test_paths_stay_inside_their_root(tmp_path):
    root = tmp_path / "root"
    touch(root / "in.jpg")
    touch(tmp_path / "out.jpg")
    touch(tmp_path / "rootless" / "x.jpg")
    (root / "link.jpg").symlink_to(root / "in.jpg")
    (root / "escape.jpg").symlink_to(tmp_path / "out.jpg")
    os.mkfifo(root / "pipe.jpg")
    assert paths.locate(root, "in.jpg") == paths.locate(root, "link.jpg") == (root / "in.jpg").resolve()
    hostile = [
        "../out.jpg",
        "escape.jpg",
        "/etc/passwd",
        str(tmp_path / "out.jpg"),
        "../rootless/x.jpg",
        "pipe.jpg",
        ".",
        "a/../../out.jpg",
        "in.jpg\0.png",
        "/dev/zero",
    ]
    for path in hostile:
        with pytest.raises(paths.OutsideRoot):
            paths.locate(root, path)
    with pytest.raises(FileNotFoundError):
        paths.locate(root, "nowhere.jpg")
