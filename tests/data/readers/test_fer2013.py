"""FER2013 and the votes of FER+ on made-up files."""

import numpy as np
import pytest

from data.readers import fer2013, registry
from data.readers.releases import ferplus
from data.runtime.failures import Refused
from tests.data.trees import fer2013_row as row
from tests.data.trees import touch

HEADER = "emotion,pixels,Usage\n"


def test_csv_rows_become_samples_with_their_pixels(tmp_path):
    touch(tmp_path / "fer2013.csv", HEADER + row(0, "Training") + row(6, "PublicTest") + row(3, "PrivateTest"))
    listing = registry.read("fer2013", tmp_path)
    assert [(sample.split, sample.row, sample.emotion) for sample in listing.samples] == [
        ("train", 0, 6),
        ("validation", 0, 0),
        ("test", 0, 1),
    ]
    assert listing.samples[0].pixels.shape == (48, 48) and listing.samples[0].pixels[1, 2] == 50
    assert listing.aligned


def test_the_other_table_has_spaces_in_its_header(tmp_path):
    pixels = " ".join(["7"] * 2304)
    touch(tmp_path / "icml_face_data.csv", f"emotion, Usage, pixels\n1,Training,{pixels}\n")
    assert registry.read("fer2013", tmp_path).samples[0].emotion == 5


BAD = [
    (row(0, "Training", 2303), "pixels: 2,303 pixels; expected 2,304"),
    (row(7, "Training"), "emotion: '7'; expected 0 to 6"),
    (row("", "Training"), "emotion: ''; expected 0 to 6"),
    (row("1.5", "Training"), "emotion: '1.5'; expected 0 to 6"),
    ("0," + " ".join(["300"] * 2304) + ",Training\n", "pixels: '300'; expected whole numbers of 0 to 255"),
    ("0," + " ".join(["-1"] * 2304) + ",Training\n", "pixels: '-1'; expected whole numbers of 0 to 255"),
]


@pytest.mark.parametrize("bad, match", BAD)
def test_bad_rows_are_named_and_left_out(tmp_path, bad, match):
    touch(tmp_path / "fer2013.csv", HEADER + row(0, "Training") + bad + row(3.0, "training"))
    listing = registry.read("fer2013", tmp_path)
    assert [bool(sample.left_out) for sample in listing.samples] == [False, True, False]
    assert any(f"fer2013.csv, line 3, {match}" in note for note in listing.notes)
    assert listing.samples[2].emotion == 1


def test_floats_of_a_table_that_was_saved_again(tmp_path):
    touch(tmp_path / "fer2013.csv", HEADER + "2.0," + " ".join(["128.0"] * 2304) + ",Training\n")
    [sample] = registry.read("fer2013", tmp_path).samples
    assert sample.emotion == 4 and (sample.pixels == 128).all() and sample.pixels.dtype == np.uint8


@pytest.mark.parametrize(
    "text, match",
    [
        (HEADER + row(0, "Training") + "4,128 128 12", "1 of 2 rows .*line 3, row: faulty row of 2 cells"),
        (HEADER + row(0, "dev"), "line 2, Usage: 'dev'; expected Training, PublicTest, PrivateTest"),
        (HEADER + "3," + "128 " * 40_000 + ",Training\n", r"line 2: a cell cannot be read \(field larger than"),
        ("", "fer2013.csv is empty; expected the columns emotion,pixels,Usage"),
        (HEADER, "lists no image .*fer2013.csv holds no row"),
        ("emotion,pixels\n0,1 2\n", "has the columns emotion, pixels; Usage missing of emotion,pixels,Usage"),
    ],
)
def test_tables_that_cannot_be_read_are_refused(tmp_path, text, match):
    touch(tmp_path / "fer2013.csv", text)
    with pytest.raises(Refused, match=match):
        registry.read("fer2013", tmp_path)


def test_image_folders_map_by_name_and_prefix(tmp_path):
    for name in ("train/angry/Training_10.jpg", "test/angry/PublicTest_77.jpg", "test/neutral/PrivateTest_5.jpg"):
        touch(tmp_path / name)
    found = {(sample.split, sample.emotion) for sample in registry.read("fer2013", tmp_path).samples}
    assert found == {("train", 6), ("validation", 6), ("test", 0)}


def test_folders_by_usage(tmp_path):
    for name in ("Training/happy/1.jpg", "PublicTest/sad/2.jpg", "PrivateTest/fear/3.jpg"):
        touch(tmp_path / name)
    found = {(sample.split, sample.emotion) for sample in registry.read("fer2013", tmp_path).samples}
    assert found == {("train", 1), ("validation", 2), ("test", 4)}


def test_numbered_folders_are_refused_since_copies_number_them_differently(tmp_path):
    touch(tmp_path / "train" / "0" / "Training_1.jpg")
    with pytest.raises(ValueError, match="not named after a class"):
        registry.read("fer2013", tmp_path)


VOTE_COLUMNS = "neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"


@pytest.mark.parametrize(
    "votes, expected",
    [
        ([8, 2, 0, 0, 0, 0, 0, 0, 0, 0], (0, "")),
        ([0, 0, 9, 0, 0, 0, 1, 0, 0, 0], (3, "")),
        ([0, 0, 0, 0, 0, 0, 0, 9, 1, 0], (-1, "contempt")),
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 10], (-1, "no-face")),
        ([5, 5, 0, 0, 0, 0, 0, 0, 0, 0], (-1, "no majority")),
        ([4, 3, 3, 0, 0, 0, 0, 0, 0, 0], (-1, "no majority")),
        ([5, 1, 1, 1, 1, 1, 0, 0, 0, 0], (0, "")),
        ([0, 0, 0, 0, 0, 0, 5, 0, 4, 0], (4, "")),  # a row of nine votes
    ],
)
def test_the_majority_rule(votes, expected):
    assert ferplus.majority(np.array(votes), ferplus.VOTED) == expected


def test_votes_join_by_position_whatever_the_image_name(tmp_path):
    touch(tmp_path / "fer2013.csv", HEADER + row(0, "Training") + row(0, "Training") + row(0, "PrivateTest"))
    touch(
        tmp_path / "fer2013new.csv",
        f"Usage,Image name,{VOTE_COLUMNS}\nTraining,,0,0,0,0,0,0,0,0,0,10\n"
        "Training,fer0000000.png,0,10,0,0,0,0,0,0,0,0\nPrivateTest,fer0000001.png,0,0,0,9,0,0,0,0,1,0\n",
    )
    samples = registry.read("fer2013", tmp_path, labels="ferplus").samples
    assert [(sample.emotion, sample.left_out) for sample in samples] == [(-1, "no-face"), (1, ""), (2, "")]
    assert registry.read("fer2013", tmp_path).samples[1].emotion == 6  # without asking, FER2013's own labels


def test_votes_of_another_length_are_refused(tmp_path):
    touch(tmp_path / "fer2013.csv", HEADER + row(0, "Training"))
    touch(tmp_path / "fer2013new.csv", f"Usage,Image name,{VOTE_COLUMNS}\n")
    with pytest.raises(ValueError, match="join by position"):
        registry.read("fer2013", tmp_path, labels="ferplus")


@pytest.mark.parametrize(
    "header, votes, match",
    [
        (VOTE_COLUMNS, "ten" + 9 * ",0", "line 2, neutral: 'ten'; expected 0 to 10 votes"),
        (VOTE_COLUMNS, "99" + 9 * ",0", "line 2, neutral: '99'; expected 0 to 10 votes"),
        (VOTE_COLUMNS.replace("surprise", "bliss"), "0,0,10" + 7 * ",0", "surprise missing of Usage,neutral"),
        ("a,b,c,d,e,f,g,h,i,j", "10" + 9 * ",0", "neutral, happiness, .* missing of Usage,neutral"),
    ],
)
def test_votes_that_cannot_be_read_are_refused_with_their_file(tmp_path, header, votes, match):
    touch(tmp_path / "fer2013.csv", HEADER + row(0, "Training"))
    touch(tmp_path / "fer2013new.csv", f"Usage,Image name,{header}\nTraining,a.png,{votes}\n")
    with pytest.raises(Refused, match=f"fer2013new.csv.*{match}"):
        registry.read("fer2013", tmp_path, labels="ferplus")


@pytest.mark.parametrize("usages", [("Training", "PrivateTest"), ("PrivateTest", "Training")])
def test_votes_of_another_order_are_refused(tmp_path, usages):
    touch(tmp_path / "fer2013.csv", HEADER + row(0, "Training") + row(0, "PrivateTest"))
    votes = "".join(f"{usage},a.png,10,0,0,0,0,0,0,0,0,0\n" for usage in usages)
    touch(tmp_path / "fer2013new.csv", f"Usage,Image name,{VOTE_COLUMNS}\n{votes}")
    if usages[0] == "Training":  # the control
        assert len(registry.read("fer2013", tmp_path, labels="ferplus").samples) == 2
        return
    with pytest.raises(Refused, match="fer2013.csv, line 2 has Usage Training, and row 1 of .*fer2013new.csv is of a"):
        registry.read("fer2013", tmp_path, labels="ferplus")


@pytest.mark.parametrize("base", [".", "images", "images/images"])
@pytest.mark.parametrize("name", ["validation", "val", "Valid", "VALIDATION"])
def test_the_copy_that_is_divided_anew(tmp_path, base, name):
    for path in ("train/angry/1.jpg", "train/Happy/2.jpeg", f"{name}/angry/3.webp"):
        touch(tmp_path / base / path)
    touch(tmp_path / base / "train" / ".ipynb_checkpoints" / "1-checkpoint.jpg")
    listing = registry.read("fer2013", tmp_path)
    assert sorted((sample.split, sample.emotion) for sample in listing.samples) == [
        ("test", 6),
        ("train", 1),
        ("train", 6),
    ]
    assert listing.release == "divided" and f"{name}/ as test" in listing.layout
    assert fer2013.DIVIDED_OTHERWISE in listing.notes


def test_official_counts_close():
    copy = fer2013.READER.official["divided"]
    assert [sum(counts) for counts in copy.values()] == [28_821, 7_066]
    sums = [
        [sum(column) for column in zip(*release.values())] for release in (fer2013.READER.official["fer2013"], copy)
    ]
    assert sums[0] == sums[1]
    assert [sum(counts) for counts in fer2013.READER.official["fer2013"].values()] == [28_709, 3_589, 3_589]
