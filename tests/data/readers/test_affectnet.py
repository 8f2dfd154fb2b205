"""AffectNet's two releases on made-up trees."""

import csv

import numpy as np
import pytest

from data.readers import affectnet, registry
from data.readers.tables.csv_table import SEPARATORS
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


def test_columns_are_found_by_name(tmp_path):
    csv_tree(tmp_path, [row("1/aa.jpg", 0)], [])
    path = tmp_path / "Manually_Annotated_file_lists" / "training.csv"
    path.write_text(HEADER.replace("valence,arousal", "arousal,Valence") + row("1/aa.jpg", 0, values="0.5,-0.25"))
    [sample] = read(tmp_path).samples
    assert (sample.arousal, sample.valence) == (0.5, -0.25)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_lists_that_were_saved_again_are_read(tmp_path, separator):
    """By a spreadsheet, which puts quotes about the landmarks, and by pandas, whose row numbers stand before."""
    csv_tree(tmp_path, [row("1/aa.jpg", 0), row("1/bb.jpg", 6)], [row("2/cc.jpg", 1)])
    for number, path in enumerate(sorted((tmp_path / "Manually_Annotated_file_lists").iterdir())):
        cells = list(csv.reader(path.read_text().splitlines()))
        header = [["", *cells[0]]] if number == 0 else []
        rows = cells if number else [[str(place), *cell] for place, cell in enumerate(cells[1:])]
        with open(path, "w", newline="") as file:
            csv.writer(file, delimiter=separator).writerows([*header, *rows])
    listing = read(tmp_path)
    assert [(sample.path[-6:], sample.emotion) for sample in listing.samples] == [
        ("aa.jpg", 0),
        ("bb.jpg", 6),
        ("cc.jpg", 1),
    ]
    assert all(sample.points().shape == (68, 2) and sample.box == (10, 20, 30, 40) for sample in listing.samples)
    assert f"between {SEPARATORS[separator]}" in listing.layout


def test_of_two_lists_or_image_folders_none_is_chosen_in_silence(tmp_path):
    csv_tree(tmp_path, [row("1/aa.jpg", 0)], [row("2/cc.jpg", 1)])
    text = (tmp_path / "Manually_Annotated_file_lists" / "training.csv").read_text()
    touch(tmp_path / "Copy" / "training.csv", text)
    assert len(read(tmp_path).samples) == 2  # the control: they hold the same
    touch(tmp_path / "Copy" / "training.csv", text + row("1/aa.jpg", 3))
    with pytest.raises(Refused, match="more than once: Copy/training.csv and Manually_Annotated_file_lists/training"):
        read(tmp_path)
    (tmp_path / "Copy" / "training.csv").unlink()
    (tmp_path / "Copy" / "Manually_Annotated_Images").mkdir()
    with pytest.raises(Refused, match="Manually_Annotated_Images more than once: Copy/Manually_Annotated_Images and "):
        read(tmp_path)


def test_system_folders_hold_nothing_of_it(tmp_path):
    csv_tree(tmp_path, [row("1/aa.jpg", 0)], [row("2/cc.jpg", 1)])
    touch(tmp_path / "__MACOSX" / "Manually_Annotated_Images" / "1" / "._aa.jpg")
    touch(tmp_path / "__MACOSX" / "training.csv", "else")
    (tmp_path / "lost+found").mkdir(mode=0)
    assert all((tmp_path / sample.path).is_file() for sample in read(tmp_path).samples)


def test_paths_that_windows_wrote_are_read(tmp_path):
    csv_tree(tmp_path, [row("1/aa.jpg", 0)], [])
    touch(tmp_path / "Manually_Annotated_file_lists" / "training.csv", HEADER + row("1\\aa.jpg", 0))
    listing = read(tmp_path)
    assert listing.samples[0].path.endswith("Images/1/aa.jpg")
    assert any("1 paths are written with \\" in note for note in listing.notes)


@pytest.mark.parametrize(
    "box, expected",
    [
        ("134.0,20,30,40", (134, 20, 30, 40)),
        ("10.5,7,33,44.0", (10.5, 7, 33, 44)),
        (",,,", None),
        ("nan,1,2,3", None),
        ("5,6,-1,40", None),
        ("5,6,30,0", None),
        ("5,NULL,30,10", None),
    ],
)
def test_boxes_are_x_y_width_height_or_none(tmp_path, box, expected):
    assert read(csv_tree(tmp_path, [row("1/aa.jpg", 0, box=box)], [])).samples[0].box == expected


def test_landmarks_are_interleaved_pairs(tmp_path):
    landmarks = read(csv_tree(tmp_path, [row("1/aa.jpg", 0)], [])).samples[0].points()
    assert landmarks.shape == (68, 2)
    assert landmarks[0].tolist() == [10, 100] and landmarks[67].tolist() == [77, 167]


@pytest.mark.parametrize("points", ["", "NULL", "NaN", "None"])
def test_missing_landmarks_leave_the_row(tmp_path, points):
    [sample] = read(csv_tree(tmp_path, [row("1/aa.jpg", 0, points=points)], [])).samples
    assert sample.landmarks is None and not sample.left_out


BAD_ROWS = [
    (row("1/b.jpg", 1, points=POINTS + ";1"), "facial_landmarks", "137 numbers; expected 136"),
    (row("1/b.jpg", 1, points="1;2;3"), "facial_landmarks", "3 numbers; expected 136"),
    (row("1/b.jpg", 1, points=POINTS.replace("10.00", "x")), "facial_landmarks", "something else than numbers"),
    (row("1/b.jpg", 1, box="a,6,30,2"), "face_x", "'a' is not a number"),
    (row("1/b.jpg", 1, box="1,6,inf,2"), "face_width", "'inf' is not a finite number"),
    (row("1/b.jpg", 1, values="1.0001,0"), "valence", "'1.0001' lies outside -1..1"),
    (row("1/b.jpg", 1, values="0,high"), "arousal", "'high' is not a number"),
    (row("1/b.jpg", "inf"), "expression", "'inf'; expected 0 to 10"),
    (row("1/b.jpg", "3.7"), "expression", "'3.7'; expected 0 to 10"),
    (row("1/b.jpg", 11), "expression", "'11'; expected 0 to 10"),
    (row("1/b.jpg", "smile"), "expression", "'smile'; expected 0 to 10"),
    ("1/b.jpg,1,2\n", "row", "faulty row of 3 cells"),
]


@pytest.mark.parametrize(("bad", "column", "reason"), BAD_ROWS)
def test_a_bad_cell_leaves_its_row_out_and_is_said(tmp_path, bad, column, reason):
    listing = read(csv_tree(tmp_path, [row("1/a.jpg", "3.0"), bad, row("1/c.jpg", 2)], []))
    assert [(sample.emotion, sample.left_out) for sample in listing.samples] == [
        (3, ""),
        (-1, f"bad {column}"),
        (2, ""),
    ]
    [note] = [note for note in listing.notes if "1 of 3 rows" in note]
    assert "training.csv, line 3, " in note and reason in note
    assert f"left out: bad {column} 1" in listing.notes


@pytest.mark.parametrize(("bad", "column", "reason"), BAD_ROWS)
def test_many_of_them_refuse_the_list(tmp_path, bad, column, reason):
    with pytest.raises(Refused, match="training.csv: 4 of 6 rows cannot be read") as caught:
        read(csv_tree(tmp_path, [row("1/a.jpg", 0), *[bad] * 4, row("1/c.jpg", 2)], []))
    assert str(caught.value).count(reason) == 3 and "line 3, " in str(caught.value)


@pytest.mark.parametrize("path", ["", "NaN", "NULL"])
def test_a_row_without_a_path_refuses_the_list(tmp_path, path):
    with pytest.raises(Refused, match="line 4, subDirectory_filePath: there is none"):
        csv_tree(tmp_path, [row("1/a.jpg", 0)], [])
        text = f"{HEADER}{row('1/a.jpg', 0)}\n{row(path, 0)}"
        touch(tmp_path / "Manually_Annotated_file_lists" / "training.csv", text)
        read(tmp_path)


def test_only_the_seven_classes_are_kept_and_the_rest_is_counted(tmp_path):
    rows = [row(f"1/{number}.jpg", number) for number in range(11)]
    listing = read(csv_tree(tmp_path, rows, []))
    kept = [sample for sample in listing.samples if not sample.left_out]
    assert [sample.emotion for sample in kept] == list(range(7))
    assert [sample.left_out for sample in listing.samples[7:]] == [
        "contempt",
        "none",
        "uncertain",
        "no-face",
    ]
    assert all(sample.emotion == -1 for sample in listing.samples[7:])
    assert any("contempt 1" in note for note in listing.notes)


@pytest.mark.parametrize("gap", ["-2", "-2.0", "", "nan", "NaN", "NULL", "NA", "None"])
def test_missing_values_by_any_spelling(tmp_path, gap):
    samples = read(
        csv_tree(
            tmp_path,
            [
                row("1/a.jpg", 0, values=f"{gap},{gap}"),
                row("1/b.jpg", 0, values="-0.5,0.25"),
                row("1/c.jpg", 8, values="0.1,0.1"),
            ],
            [],
        )
    ).samples
    assert np.isnan([samples[0].valence, samples[0].arousal]).all()
    assert (samples[1].valence, samples[1].arousal) == (-0.5, 0.25)
    assert samples[2].left_out == "none"


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
    with pytest.raises(Refused, match="all 1 rows are left out .*7_exp.npy cannot be read .*allow_pickle=False"):
        read(tmp_path)


SPOILT = {
    "exp": [b"", b"\x93NUMPY", np.array(np.nan), np.array("smile"), np.array(3.7), np.array([1, 2]), np.array(11)],
    "val": [b"", np.array(np.inf), np.array(2.0), np.array("high"), np.zeros(3)],
    "lnd": [b"", np.zeros(135), np.full(136, np.nan), np.full(136, "x")],
}


@pytest.mark.parametrize(("name", "spoilt"), [(name, one) for name, several in SPOILT.items() for one in several])
def test_npy_files_that_cannot_be_read_are_named_and_their_row_left_out(tmp_path, name, spoilt):
    npy_tree(tmp_path, [("train_set", number, stored(5), True) for number in (3, 7)])
    path = tmp_path / "train_set" / "annotations" / f"7_{name}.npy"
    path.write_bytes(spoilt) if isinstance(spoilt, bytes) else np.save(path, spoilt)
    listing = read(tmp_path)
    assert [bool(sample.left_out) for sample in listing.samples] == [False, True]
    assert any("left out: 1 of 2 rows; the first: id 7, " in note and path.name in note
               for note in listing.notes)  # fmt: skip


def test_npy_values_that_are_missing(tmp_path):
    npy_tree(tmp_path, [("train_set", 7, stored(5, "nan", -2.0), True)])
    [sample] = read(tmp_path).samples
    assert np.isnan([sample.valence, sample.arousal]).all() and not sample.left_out


@pytest.mark.parametrize("name", ["7.png", "7.JPG", "7.webp"])
def test_npy_images_of_any_ending_are_found(tmp_path, name):
    npy_tree(tmp_path, [("train_set", 7, stored(5), False)])
    touch(tmp_path / "train_set" / "images" / name)
    touch(tmp_path / "train_set" / "images" / "._7.jpg")
    [sample] = read(tmp_path).samples
    assert sample.path == f"train_set/images/{name}"


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
