"""What `extract show` puts on its sheet: crops by class or by try, photographs without a face, the split there is."""

import dataclasses

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from data.sample import EYE_CORNERS, Listing, Sample
from extract.cli import main
from extract.crops.aligned_cache import align
from extract.crops.cropping import Rule
from extract.faces import alignment
from extract.info import shown
from extract.info.sheet import COLUMNS, TILE, Group, contact_sheet
from tests.extract.faces.composites import toy_face
from tests.extract.made_up import picture


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Three toy faces, two blobs with landmarks of the data set, and four blobs without; all in the split test."""
    folder = tmp_path_factory.mktemp("shown")
    samples = []
    for row in range(9):
        image = toy_face(row)[0] if row < 3 else picture(row)
        cv2.imwrite(str(folder / f"{row}.png"), image[..., ::-1])
        samples.append(Sample(f"{row}.png", "test", row, row % 7))
    points = (alignment.template(EYE_CORNERS) / 8).astype(np.float32)
    for row in (3, 4):
        samples[row] = dataclasses.replace(samples[row], landmarks=points, scheme=EYE_CORNERS)
    path = folder / "aligned" / "mine.h5"
    align(Listing("manifest", folder, "made up", tuple(samples), splits=("test",)), path, rule=Rule(), workers=2)
    return path


def show(*arguments):
    return CliRunner().invoke(main, ["show", *map(str, arguments)])


def test_without_a_split_it_shows_the_one_there_is(cache, tmp_path):
    result = show(cache, "--output", tmp_path / "sheet.png")
    assert result.exit_code == 0, result.output
    assert shown.crops(cache, None, by="class", count=9, seed=0)[0] == "mine, test: 5 of 5 aligned crops"
    result = show(cache, "--split", "train")
    assert result.exit_code == 1 and "has nothing to show in train; it has test" in result.output


def test_by_try_the_crops_stand_under_how_they_were_found(cache, tmp_path):
    _, groups = shown.crops(cache, None, by="try", count=9, seed=0)
    found = {group.heading.split(":")[0]: group for group in groups}
    assert found["dataset"].heading == "dataset: 2 of 2" and found["dataset"].captions == ["surprise  3", "fear  4"]
    others = [caption for name, group in found.items() if name != "dataset" for caption in group.captions]
    assert sorted(caption.split()[1] for caption in others) == ["0", "1", "2"]
    assert show(cache, "--by", "try", "--output", tmp_path / "sheet.png").exit_code == 0
    few = shown.crops(cache, None, by="try", count=2, seed=0)[1]
    assert len(few) == 2  # spread over the tries


def test_photographs_without_a_face_are_shown_from_where_they_lie(cache, tmp_path):
    title, (group,) = shown.undetected(cache, None, None, count=3, seed=1)
    assert title == "mine, test: 3 of 4 photographs without a face" and len(group.pictures) == 3
    row = int(group.captions[0].split()[1])
    np.testing.assert_array_equal(group.pictures[0], picture(row))
    moved = tmp_path / "moved"
    moved.mkdir()
    result = show(cache, "--undetected", "--root", moved)
    assert result.exit_code == 1
    assert f"none of the 4 photographs without a face can be opened below {moved}; --root names" in result.output


def test_where_every_photograph_has_a_face_that_is_said(cache, tmp_path):
    listing = Listing("manifest", cache.parents[1], "", (Sample("0.png", "test", 0, 1),), splits=("test",))
    align(listing, tmp_path / "b.h5", rule=Rule(), workers=1)
    with pytest.raises(ValueError, match="b.h5 has no photograph without a face in test"):
        shown.undetected(tmp_path / "b.h5", None, None, count=3, seed=0)


def test_a_sheet_holds_every_picture_whole_in_rows_of_eight():
    tall = np.zeros((200, 50, 3), np.uint8)
    sheet = contact_sheet("title", [Group("one", [tall] * 9, ["a"] * 9), Group("", [tall], ["b"])])
    black = (sheet == 0).all(2)
    assert black.any(0).sum() == COLUMNS * TILE // 4  # each is a quarter as wide as its place
    assert black[:, : TILE + 16].any(1).sum() == 3 * TILE  # rows of eight, one, and one


def test_every_face_of_labelled_images_is_refused(tmp_path):
    for row in range(2):
        cv2.imwrite(str(tmp_path / f"{row}.png"), toy_face(row)[0])
    (tmp_path / "my.csv").write_text("path,emotion,split\n0.png,fear,train\n1.png,,test\n")
    call = [
        "align",
        "--workdir",
        tmp_path,
        "--dataset",
        "manifest",
        "--manifest",
        tmp_path / "my.csv",
        "--name",
        "mine",
    ]
    result = CliRunner().invoke(main, [*map(str, call), "--faces", "all"])
    assert result.exit_code == 1
    assert "--faces all takes every face of an image, and 1 of 2 listed images have a label" in result.output
    assert not (tmp_path / "aligned").exists()
    (tmp_path / "my.csv").write_text("path,emotion,split\n0.png,,test\n1.png,,test\n")
    assert CliRunner().invoke(main, [*map(str, call), "--faces", "all"]).exit_code == 0
