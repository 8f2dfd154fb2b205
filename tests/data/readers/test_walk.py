"""The walk: what is no part of a data set, what is listed, what is said."""

import os

import pytest

from data.readers import registry, walk
from data.readers.walk import ENDINGS, Walk
from data.runtime.failures import Refused
from tests.data.trees import touch

SYSTEM = (
    *("._a.jpg", ".DS_Store", "Thumbs.db", "desktop.ini", ".hidden.jpg"),
    *("__MACOSX/a.jpg", "@eaDir/a.jpg/S.jpg", ".thumbnails/a.jpg", ".ipynb_checkpoints/a-checkpoint.jpg"),
    *("lost+found/a.jpg", "sub/@eaDir/a.jpg", "sub/Thumbs.DB"),
)


def listed(root):
    """(paths, notes)"""
    walked = Walk()
    return [path.relative_to(root).as_posix() for path in walked.images(root)], walked.notes(root)


def test_system_files_are_no_part_of_a_data_set(tmp_path):
    for name in (*SYSTEM, "a.jpg", "sub/b.jpg"):
        touch(tmp_path / name)
    assert listed(tmp_path) == (["a.jpg", "sub/b.jpg"], ())


@pytest.mark.parametrize("ending", [*ENDINGS, ".JPG", ".Png", ".JPEG"])
def test_every_ending_that_the_decoder_reads_is_listed(tmp_path, ending):
    touch(tmp_path / f"a{ending}")
    assert listed(tmp_path) == ([f"a{ending}"], ())


def test_files_without_an_ending_are_known_by_their_first_bytes(tmp_path):
    for number, start in enumerate(walk.STARTS):
        touch(tmp_path / str(number), start + bytes(30))
    touch(tmp_path / "README", "What this is")
    touch(tmp_path / "empty", b"")
    os.mkfifo(tmp_path / "pipe")
    expected = sorted(map(str, range(len(walk.STARTS))))
    assert listed(tmp_path) == (expected, ("3 files passed over: no ending 3",))


def test_what_is_passed_over_is_counted_by_ending(tmp_path):
    for name in ("a.jpg", "1.HEIC", "2.heic", "sub/3.heic", "notes.txt"):
        touch(tmp_path / name)
    assert listed(tmp_path)[1] == ("4 files passed over: .heic 3, .txt 1",)
    assert registry.read("folder", tmp_path).notes == ("4 files passed over: .heic 3, .txt 1",)


def test_the_order_is_that_of_the_paths(tmp_path):
    for name in ("b.JPG", "a/c.png", "a.tiff", "a/b/d.png"):
        touch(tmp_path / name)
    assert listed(tmp_path)[0] == sorted(["b.JPG", "a/c.png", "a.tiff", "a/b/d.png"])


def test_links_are_followed_and_those_that_lead_nowhere_or_back_are_named(tmp_path):
    touch(tmp_path / "elsewhere" / "x.jpg")
    touch(tmp_path / "root" / "a.jpg")
    for name, target in (("disk", "../elsewhere"), ("b.jpg", "a.jpg"), ("gone.jpg", "nowhere.jpg"), ("loop", ".")):
        (tmp_path / "root" / name).symlink_to(target)
    paths, [note] = listed(tmp_path / "root")
    assert paths == ["a.jpg", "b.jpg", "disk/x.jpg"]
    assert note == "2 links that lead nowhere or back: gone.jpg, loop"


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_folders_that_may_not_be_read_are_named(tmp_path):
    touch(tmp_path / "a.jpg")
    (tmp_path / "closed").mkdir(mode=0)
    assert listed(tmp_path) == (["a.jpg"], ("1 folders that may not be read: closed",))


def test_folders_that_may_not_be_read_are_named_whoever_runs_this(tmp_path, monkeypatch):
    touch(tmp_path / "a.jpg")
    touch(tmp_path / "closed" / "b.jpg")
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("closed"):
            raise PermissionError(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert listed(tmp_path) == (["a.jpg"], ("1 folders that may not be read: closed",))


def test_names_that_are_not_utf_8_are_listed_and_can_be_printed(tmp_path):
    touch(tmp_path / "a\udce9.jpg")
    touch(tmp_path / "b.\udce9")
    (tmp_path / "\udce9").symlink_to("nowhere")
    paths, notes = listed(tmp_path)
    assert paths == ["a\udce9.jpg"] and "".join(notes).encode("utf-8")
    assert notes == (r"1 files passed over: .\udce9 1", r"1 links that lead nowhere or back: \udce9")


def test_one_of_several(tmp_path):
    same, other = touch(tmp_path / "a.csv", "1"), touch(tmp_path / "b" / "a.csv", "1")
    assert walk.the_one([], tmp_path, "a list") is None
    assert walk.the_one([same, other], tmp_path, "a list") == same
    touch(other, "2")
    with pytest.raises(Refused, match="holds a list more than once: a.csv and b/a.csv; name the folder of one"):
        walk.the_one([same, other], tmp_path, "a list")


@pytest.mark.parametrize("names", [(".heic",) * 14, ()])
def test_nothing_that_is_listed_is_an_error_that_says_what_was_found(tmp_path, names):
    for number, ending in enumerate(names):
        touch(tmp_path / f"{number}{ending}")
    found = "; 14 files passed over: .heic 14" if names else ""
    with pytest.raises(FileNotFoundError, match=rf"lists no image \(folder of 0 images, no labels{found}\). Expected"):
        registry.read("folder", tmp_path)
