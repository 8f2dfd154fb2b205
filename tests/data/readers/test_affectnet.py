"""AffectNet's two releases on made-up trees."""

import numpy as np
import pytest

from data.readers import affectnet, registry
from data.runtime.failures import Refused
from tests.data.trees import (
    HEADER,
    POINTS,
    touch,
)
from tests.data.trees import (
    affectnet as csv_tree,
)
from tests.data.trees import (
    affectnet_npy as npy_tree,
)
from tests.data.trees import (
    affectnet_row as row,
)


def read(root):
    return registry.read("affectnet", root)


@pytest.mark.parametrize("train_header", [True, False])
@pytest.mark.parametrize("test_header", [True, False])
def test_a_header_is_recognised_and_costs_no_row(tmp_path, train_header, test_header):
    listing = read(
        csv_tree(
            tmp_path,
            [row("1/aa.jpg", 0), row("2/bb.jpg", 1)],
            [row("3/cc.png", 6)],
            train_header=train_header,
            test_header=test_header,
        )
    )
    assert [(sample.split, sample.row, sample.emotion) for sample in listing.samples] == [
        ("train", 0, 0),
        ("train", 1, 1),
        ("test", 0, 6),
    ]
    assert listing.release == "csv" and "without header" in listing.layout or train_header and test_header


def test_columns_in_another_order_are_refused(tmp_path):
    csv_tree(tmp_path, [row("1/aa.jpg", 0)], [])
    path = tmp_path / "Manually_Annotated_file_lists" / "training.csv"
    path.write_text(HEADER.replace("valence,arousal", "arousal,valence") + row("1/aa.jpg", 0))
    with pytest.raises(ValueError, match="training.csv has the columns.*expected subDirectory_filePath"):
        read(tmp_path)


@pytest.mark.parametrize(
    "box, expected",
    [
        ("134.0,20,30,40", (134, 20, 30, 40)),
        ("10.5,7,33,44.0", (10.5, 7, 33, 44)),
        (",,,", None),
        ("nan,1,2,3", None),
        ("5,6,-1,40", None),
        ("5,6,30,0", None),
        ("a,6,30,2", None),
    ],
)
def test_boxes_are_x_y_width_height_or_none(tmp_path, box, expected):
    assert read(csv_tree(tmp_path, [row("1/aa.jpg", 0, box=box)], [])).samples[0].box == expected


def test_landmarks_are_interleaved_pairs(tmp_path):
    landmarks = read(csv_tree(tmp_path, [row("1/aa.jpg", 0)], [])).samples[0].points()
    assert landmarks.shape == (68, 2)
    assert landmarks[0].tolist() == [10, 100] and landmarks[67].tolist() == [77, 167]


@pytest.mark.parametrize("points", [POINTS + ";1", "1;2;3"])
def test_landmarks_of_another_count_name_their_row(tmp_path, points):
    with pytest.raises(ValueError, match="training.csv, row 1 .*136 numbers|136"):
        read(csv_tree(tmp_path, [row("1/aa.jpg", 0), row("1/bb.jpg", 0, points=points)], []))


def test_a_landmark_that_is_no_number_is_found_when_it_is_looked_at(tmp_path):
    samples = read(csv_tree(tmp_path, [row("1/aa.jpg", 0, points=POINTS.replace("10.00", "x"))], [])).samples
    with pytest.raises(ValueError, match="could not convert string to float: 'x'"):
        samples[0].points()


def test_only_the_seven_classes_are_kept_and_the_rest_is_counted(tmp_path):
    rows = [row(f"1/{number}.jpg", number) for number in range(11)] + [
        row("1/x.jpg", 11),
        row("1/y.jpg", "smile"),
        row("1/y.jpg", "inf"),
        "1/z.jpg,1,2\n",
    ]
    listing = read(csv_tree(tmp_path, rows, []))
    kept = [sample for sample in listing.samples if not sample.left_out]
    assert [sample.emotion for sample in kept] == list(range(7))
    assert [sample.left_out for sample in listing.samples[7:]] == [
        "contempt",
        "none",
        "uncertain",
        "no-face",
        "unknown id 11",
        "unknown id 'smile'",
        "unknown id 'inf'",
        "faulty row of 3 cells",
    ]
    assert all(sample.emotion == -1 for sample in listing.samples[7:])
    assert any("contempt 1" in note for note in listing.notes)


def test_minus_two_is_a_missing_value(tmp_path):
    samples = read(
        csv_tree(
            tmp_path,
            [
                row("1/a.jpg", 0, values="-2,-2"),
                row("1/b.jpg", 0, values="-0.5,0.25"),
                row("1/c.jpg", 8, values="0.1,0.1"),
            ],
            [],
        )
    ).samples
    assert np.isnan([samples[0].valence, samples[0].arousal]).all()
    assert (samples[1].valence, samples[1].arousal) == (-0.5, 0.25)
    assert samples[2].left_out == "none"


def test_a_value_outside_the_range_names_its_row(tmp_path):
    with pytest.raises(ValueError, match="row 0 .*'3' lies outside -1..1"):
        read(csv_tree(tmp_path, [row("1/a.jpg", 0, values="3,0")], []))


@pytest.mark.parametrize("name", ["1/AB.JPG", "2/ab.jpeg", "3/ab.png", "44/ab.tif"])
def test_paths_are_taken_as_they_are_written(tmp_path, name):
    sample = read(csv_tree(tmp_path, [row(name, 0)], [])).samples[0]
    assert sample.path == f"Manually_Annotated/Manually_Annotated_Images/{name}"
    assert (tmp_path / sample.path).is_file()


def test_a_file_in_two_rows_gives_two_samples(tmp_path):
    listing = read(csv_tree(tmp_path, [row("1/a.jpg", 0), row("1/a.jpg", 4)], []))
    assert [sample.emotion for sample in listing.samples] == [0, 4]
    assert any("1 files are listed more than once" in note for note in listing.notes)


@pytest.mark.parametrize(
    "lists, images",
    [
        ("Manually_Annotated_file_lists", "Manually_Annotated_compressed/Manually_Annotated_Images"),
        ("Manually_Annotated", "Manually_Annotated/Manually_Annotated_Images"),
        (".", "Manually_Annotated_Images/Manually_Annotated_Images"),
        ("lists", "manually_annotated/manually_annotated_images"),
    ],
)
def test_the_spellings_that_circulate(tmp_path, lists, images):
    listing = read(csv_tree(tmp_path, [row("1/a.jpg", 0)], [row("2/b.jpg", 1)], lists=lists, images=images))
    assert all((tmp_path / sample.path).is_file() for sample in listing.samples)


def test_the_automatic_part_is_said_not_to_be_read(tmp_path):
    csv_tree(tmp_path, [row("1/a.jpg", 0)], [])
    touch(tmp_path / "Automatically_annotated_file_list" / "automatically_annotated.csv", HEADER)
    assert any("automatically annotated" in note for note in read(tmp_path).notes)


def test_a_missing_root_or_list_shows_the_tree(tmp_path):
    for root in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(FileNotFoundError, match="Manually_Annotated_file_lists/training.csv"):
            read(root)


def test_affectnet_plus_is_named_and_refused(tmp_path):
    (tmp_path / "human_annotated" / "train_set").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"AffectNet\+"):
        read(tmp_path)


def stored(expression, valence=0.25, arousal=-0.5, points=(136,)):
    return {
        "exp": np.array(expression),
        "val": np.array(valence),
        "aro": np.array(arousal),
        "lnd": np.arange(136, dtype=np.float64).reshape(points),
    }


@pytest.mark.parametrize("form", [str, int, float, lambda value: [value]])
def test_npy_values_in_every_form_they_are_stored_in(tmp_path, form):
    annotation = stored(form(5), form(0.25) if form is not int else 0.25, "-0.5")
    listing = read(npy_tree(tmp_path, [("train_set", 7, annotation, True)]))
    [sample] = listing.samples
    assert (sample.emotion, sample.valence, sample.arousal, sample.path) == (5, 0.25, -0.5, "train_set/images/7.jpg")
    assert listing.release == "npy"


def test_npy_pickles_are_refused(tmp_path):
    npy_tree(tmp_path, [("train_set", 7, stored(5), True)])
    np.save(tmp_path / "train_set/annotations/7_exp.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(Refused, match="7_exp.npy cannot be read .*allow_pickle=False"):
        read(tmp_path)


@pytest.mark.parametrize("spoil", [lambda path: path.write_bytes(b""), lambda path: np.save(path, np.array(np.nan))])
def test_npy_files_that_hold_no_number_are_refused(tmp_path, spoil):
    npy_tree(tmp_path, [("train_set", 7, stored(5), True)])
    spoil(tmp_path / "train_set/annotations/7_exp.npy")
    with pytest.raises(Refused, match="7_exp.npy cannot be read"):
        read(tmp_path)


@pytest.mark.parametrize("points", [(136,), (68, 2)])
@pytest.mark.parametrize("val", ["val_set", "valid_set"])
def test_npy_splits_reuse_ids_and_ids_sort_as_numbers(tmp_path, points, val):
    rows = [
        (folder, number, stored(number % 7, points=points), True)
        for folder in ("train_set", val)
        for number in (10, 2, 0)
    ]
    samples = read(npy_tree(tmp_path, rows, val=val)).samples
    assert [(sample.split, sample.row) for sample in samples] == [
        (split, row) for split in ("train", "test") for row in (0, 2, 10)
    ]
    assert samples[0].landmarks[1].tolist() == [2, 3]


def test_npy_gaps_are_said(tmp_path):
    listing = read(
        npy_tree(
            tmp_path, [("train_set", 1, stored(0), False), ("train_set", 2, {}, True), ("val_set", 3, stored(7), True)]
        )
    )
    assert any("annotations without an image" in note and "the first 1" in note for note in listing.notes)
    assert any("images without an annotation" in note and "the first 2" in note for note in listing.notes)
    assert listing.of("test")[0].left_out == "contempt"


def test_official_counts_are_the_seven_classes_of_the_paper():
    assert sum(affectnet.READER.official["csv"]["train"]) == 283_901
    assert sum(affectnet.READER.official["csv"]["test"]) == 3_500
