"""SFEW 2.0 on made-up trees."""

import pytest

from data.emotions import SFEW_FOLDERS
from data.readers import registry
from data.runtime.failures import Refused
from tests.data.trees import CLASSES, touch
from tests.data.trees import sfew as tree


def test_classes_come_from_folders_whatever_the_listing_order(tmp_path):
    listing = registry.read("sfew", tree(tmp_path))
    assert {(sample.path.split("/")[-2], sample.emotion) for sample in listing.samples} == set(SFEW_FOLDERS.items())
    assert [sample.path for sample in listing.of("train")] == sorted(sample.path for sample in listing.of("train"))
    assert {sample.split for sample in listing.samples} == {"train", "test"}


@pytest.mark.parametrize("folder", ["Contempt", "angry", "Happiness"])
def test_an_unknown_class_folder_is_refused(tmp_path, folder):
    tree(tmp_path)
    touch(tmp_path / "Train" / folder / "a.png")
    with pytest.raises(ValueError, match=f"{folder} is none of the classes"):
        registry.read("sfew", tmp_path)


def test_nested_val_is_found(tmp_path):
    listing = registry.read("sfew", tree(tmp_path, folders=("Train", "Val/Val")))
    assert listing.of("test")[0].path.startswith("Val/Val/Angry/")


def test_the_corrected_alignment_is_preferred_and_no_eighth_class(tmp_path):
    folders = (
        "Train",
        "Val",
        "Train/Train_Aligned_Faces",
        "Val/Val_Aligned_Faces",
        "Val/Val_Aligned_Faces_new/Val_Aligned_Faces",
    )
    tree(tmp_path, folders=folders)
    original = registry.read("sfew", tmp_path)
    assert original.release == "original" and len(original.samples) == 14 and not original.aligned
    aligned = registry.read("sfew", tmp_path, images="aligned")
    assert aligned.aligned and aligned.of("test")[0].path.startswith("Val/Val_Aligned_Faces_new/Val_Aligned_Faces/")


def test_only_crops_there_means_crops_are_read(tmp_path):
    assert (
        registry.read("sfew", tree(tmp_path, folders=("Train/Train_Aligned_Faces", "Val/Val_Aligned_Faces"))).release
        == "aligned"
    )


def test_test_is_not_read_and_counts_are_compared(tmp_path):
    touch(tree(tmp_path) / "Test" / "a.png")
    listing = registry.read("sfew", tmp_path)
    assert len(listing.samples) == 14
    assert any("Test has no labels" in note for note in listing.notes)
    assert any("train: 7 images, officially 958" in note for note in listing.notes)


def test_official_sums_are_recognised(tmp_path):
    for split, count in (("Train", 891), ("Val", 431)):
        for number in range(count):
            touch(tmp_path / split / f"{split}_Aligned_Faces" / CLASSES[number % 7] / f"f{number}.png", b"")
    assert not any("officially" in note for note in registry.read("sfew", tmp_path).notes)


def test_a_name_in_two_classes_gives_two_samples_and_a_note(tmp_path):
    tree(tmp_path)
    for label in ("Happy", "Sad"):
        touch(tmp_path / "Val" / label / "Same_1_2.png")
    listing = registry.read("sfew", tmp_path)
    assert sum(sample.path.endswith("Same_1_2.png") for sample in listing.samples) == 2
    assert any("stand in two classes, such as Same_1_2.png" in note for note in listing.notes)


def test_a_missing_split_shows_the_tree(tmp_path):
    with pytest.raises(FileNotFoundError, match="Train/{Angry"):
        registry.read("sfew", tree(tmp_path, folders=("Train",)))


@pytest.mark.parametrize("train, val", [("train", "val"), ("TRAIN", "Validation"), ("Train", "valid")])
def test_split_folders_by_other_names(tmp_path, train, val):
    listing = registry.read("sfew", tree(tmp_path, folders=(train, val)))
    assert len(listing.of("train")) == len(listing.of("test")) == 7 and f"{val}/ as test" in listing.layout


def test_two_folders_of_one_split_are_refused(tmp_path):
    with pytest.raises(Refused, match="the split test more than once: Val and val"):
        registry.read("sfew", tree(tmp_path, folders=("Train", "Val", "val")))


@pytest.mark.parametrize("ending", [".bmp", ".JPG", ".webp", ".ppm"])
def test_images_of_any_ending_are_listed(tmp_path, ending):
    assert len(registry.read("sfew", tree(tmp_path, name=f"a{ending}")).samples) == 14


def test_images_that_are_not_read_are_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="lists no image .*14 files passed over: .heic 14"):
        registry.read("sfew", tree(tmp_path, name="a.heic"))


def test_system_folders_are_no_classes(tmp_path):
    tree(tmp_path)
    for name in ("@eaDir", ".thumbnails", "__MACOSX"):
        touch(tmp_path / "Train" / name / "a.png")
        touch(tmp_path / "Train" / "Happy" / name / "a.png")
    assert len(registry.read("sfew", tmp_path).samples) == 14


def test_frames_of_one_clip_belong_together(tmp_path):
    tree(tmp_path)
    touch(tmp_path / "Train" / "Angry" / "Angry_Film_One_000123456_00000013.png")
    touch(tmp_path / "Val" / "Happy" / "21_000000001.png")
    clusters = {sample.path.rsplit("/", 1)[1]: sample.cluster for sample in registry.read("sfew", tmp_path).samples}
    assert clusters["Angry_Film_One_000123456_00000012.png"] == "Angry_Film_One_000123456"
    assert clusters["Angry_Film_One_000123456_00000013.png"] == "Angry_Film_One_000123456"
    assert clusters["21_000000001.png"] == ""  # a name of another form tells no clip
