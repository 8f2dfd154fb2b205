"""Manifests, folders, the registry and the guard of paths."""

import os

import numpy as np
import pytest

from data.emotions import EMOTIONS, FER2013, RAFDB, SFEW_FOLDERS, emotion_named
from data.readers import paths, registry
from data.readers.tables.csv_table import SEPARATORS
from data.runtime.failures import Refused
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
        ("", "my.csv is empty; expected the columns path,emotion,split,valence,arousal"),
        ("path,emotion,split\n", "lists no image"),
        ("path,emotion,split\na.jpg,smirk,train\n", "line 2, emotion: unknown emotion 'smirk'; known are neutral"),
        (
            "path,emotion,split\na.jpg,happy,dev\n",
            "line 2, split: 'dev' is unknown; expected train, validation or",
        ),
        ("path,emotion,split,valence,arousal\na.jpg,happy,test,1.5,0\n", "line 2, valence: '1.5' lies outside"),
        ("path,emotion,split,valence,arousal\na.jpg,happy,test,0,high\n", "line 2, arousal: 'high' is not a number"),
        ("path,emotion,split\n,happy,train\n", "line 2, path: there is none"),
        ('path,emotion,split\n\n\n"a\nb.jpg",happy,train\n', "line 4, path: 'a.nb.jpg' holds a line break"),
        ("path,emotion,split\na, b.jpg,happy,train\n", "line 2, row: faulty row of 4 cells"),
        ("path,emotion,split\na.jpg,happy\n", "line 2, row: faulty row of 2 cells"),
        ("path,emotion,split,valence,arousel\na.jpg,anger,train,0.1,0.2\n", "arousal.* arousel .is arousal meant"),
        (b"path,emotion,split\na.jpg,anger,test\n\xff.jpg,happy,train\n", "line 3 is not UTF-8"),
        ("path,emotion,split\na.jpg,anger,test\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
    ],
)
def test_what_is_not_understood_is_named(tmp_path, text, match):
    with pytest.raises(ValueError, match=match):
        read(tmp_path, text)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_tables_of_spreadsheets(tmp_path, separator):
    text = 'Path,Emotion,SPLIT\n"a, b.jpg",anger,train\n'.replace(",", separator).replace(f"a{separator}", "a,")
    listing = read(tmp_path, text)
    assert [(sample.path, sample.split) for sample in listing.samples] == [("a, b.jpg", "train")]
    assert f"between {SEPARATORS[separator]}" in listing.layout


def test_columns_that_are_not_read_are_named_and_row_numbers_are_not(tmp_path):
    listing = read(tmp_path, ",path,emotion,split,photographer,emotionn\n0,a.jpg,anger,train,Anna,\n")
    assert listing.samples[0].path == "a.jpg"
    assert "my.csv: columns that are not read: photographer, emotionn (is emotion meant?)" in listing.notes


@pytest.mark.parametrize("gap", ["", "nan", "NaN", "NULL", "NA", "None", "-2"])
def test_missing_values_by_any_spelling(tmp_path, gap):
    emotion = "" if gap == "-2" else gap
    [sample] = read(tmp_path, f"path,emotion,split,valence,arousal\na.jpg,{emotion},test,{gap},{gap}\n").samples
    assert np.isnan([sample.valence, sample.arousal]).all() and sample.emotion == -1 and not sample.left_out


def test_paths_that_windows_wrote(tmp_path):
    touch(tmp_path / "photos" / "a.jpg")
    touch(tmp_path / "photos\\b.jpg")
    lines = "".join(f"photos\\{name}.jpg,anger,train\n" for name in "abc")
    listing = read(tmp_path, "path,emotion,split\n" + lines)
    assert [sample.path for sample in listing.samples] == ["photos/a.jpg", "photos\\b.jpg", "photos\\c.jpg"]
    assert any("1 paths are written with" in note for note in listing.notes)
    assert any("2 paths hold" in note for note in listing.notes)


def test_a_quote_that_is_left_open_swallows_no_rows(tmp_path):
    rows = "photos/some/folder/b.jpg,anger,train\n"
    for text in (f'"photos/a.jpg,anger,train\n{rows * 9000}', f'{rows}"a.jpg,anger,train\n{rows}"b.jpg,anger,train\n'):
        with pytest.raises(Refused, match=r"my.csv, line [23]: a cell cannot be read .*a quote \(\"\) is opened"):
            read(tmp_path, "path,emotion,split\n" + text)


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
    with pytest.raises(ValueError, match="known are affectnet, rafdb, sfew, fer2013, ckplus, tree, manifest, folder"):
        registry.reader_named("affectnot")
    with pytest.raises(ValueError, match="8-class task is out of scope"):
        registry.reader_named("affectnet8")


@pytest.mark.parametrize("name", ["affectnet", "rafdb", "sfew", "fer2013", "ckplus", "tree", "folder"])
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
    (root / "elsewhere.jpg").symlink_to(tmp_path / "out.jpg")
    os.mkfifo(root / "pipe.jpg")
    assert paths.locate(root, "in.jpg") == paths.locate(root, "link.jpg") == (root / "in.jpg").resolve()
    assert paths.locate(root, "elsewhere.jpg") == (tmp_path / "out.jpg").resolve()
    hostile = [
        "../out.jpg",
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


def test_who_is_in_an_image_and_to_which_groups_they_belong(tmp_path):
    text = "path,emotion,split,Person,gender,age,Hair\n"
    text += "a.jpg,anger,train,anna,female,33,red\nb.jpg,fear,train,anna,female,20-39,red\nc.jpg,fear,test,,NA,4.5,\n"
    listing = read(tmp_path, text, group=("Hair", "Hair", "gender"))
    assert [sample.cluster for sample in listing.samples] == ["anna", "anna", ""]
    known = (("gender", "female"), ("age", "20-39"), ("Hair", "red"))
    assert [sample.groups for sample in listing.samples] == [known, known, (("age", "4-19"),)]
    assert listing.samples[0].groups is listing.samples[1].groups  # hundreds of thousands share few
    assert not any(sample.groups for sample in read(tmp_path, "path,emotion,split\na.jpg,fear,test\n").samples)


@pytest.mark.parametrize("age, group", [("3", "0-3"), ("3.9", "0-3"), ("4", "4-19"), ("40", "40-69"), ("101", "70+")])
def test_ages_in_years_are_put_in_groups(tmp_path, age, group):
    [sample] = read(tmp_path, f"path,emotion,split,age\na.jpg,fear,test,{age}\n").samples
    assert sample.groups == (("age", group),)


@pytest.mark.parametrize(
    "group, match", [("hat", "hat missing of path,emotion,split,hat"), ("person", "the column person is no group")]
)
def test_a_group_that_is_no_column_is_refused(tmp_path, group, match):
    with pytest.raises(Refused, match=match):
        read(tmp_path, "path,emotion,split\na.jpg,fear,test\n", group=(group,))


def test_files_in_several_splits_are_named_in_one_note(tmp_path):
    text = "path,emotion,split\na.jpg,fear,train\na.jpg,fear,test\nb.jpg,fear,train\nb.jpg,contempt,test\n"
    notes = read(tmp_path, text).notes
    assert "1 file is listed in several splits, such as a.jpg (train and test): LEAKAGE" in notes
    assert not any(
        "LEAKAGE" in note for note in read(tmp_path, text.replace("a.jpg,fear,test", "c.jpg,fear,test")).notes
    )
