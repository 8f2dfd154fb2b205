"""FER2013 and the votes of FER+ on made-up files."""

import numpy as np
import pytest

from data.readers import fer2013, registry
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


@pytest.mark.parametrize(
    "bad, match",
    [
        (row(0, "Training", 2303), "2303 pixels; expected 2304"),
        (row(0, "training"), "Usage 'training'"),
        (row(7, "Training"), "emotion '7'"),
        ("0," + " ".join(["300"] * 2304) + ",Training\n", "0 to 255"),
    ],
)
def test_bad_rows_are_named(tmp_path, bad, match):
    touch(tmp_path / "fer2013.csv", HEADER + row(0, "Training") + bad)
    with pytest.raises(ValueError, match=f"row 1 .*{match}"):
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
    assert fer2013.majority(np.array(votes), VOTE_COLUMNS.split(",")) == expected


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
        (VOTE_COLUMNS, "ten" + 9 * ",0", "'ten'"),
        (VOTE_COLUMNS.replace("surprise", "bliss"), "0,0,10" + 7 * ",0", "unknown emotion 'bliss'"),
        (VOTE_COLUMNS.replace("neutral", "calm"), "10" + 9 * ",0", "'neutral'"),
    ],
)
def test_votes_that_cannot_be_read_are_refused_with_their_file(tmp_path, header, votes, match):
    touch(tmp_path / "fer2013.csv", HEADER + row(0, "Training"))
    touch(tmp_path / "fer2013new.csv", f"Usage,Image name,{header}\nTraining,a.png,{votes}\n")
    with pytest.raises(Refused, match=f"fer2013new.csv cannot be read .*{match}"):
        registry.read("fer2013", tmp_path, labels="ferplus")


def test_official_counts_close():
    assert [sum(counts) for counts in fer2013.READER.official["fer2013"].values()] == [28_709, 3_589, 3_589]
