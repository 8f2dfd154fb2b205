"""What the disk decides is not for ever: a wrong root, images that come later, names that are not UTF-8."""

import os
import shutil

import pytest
from click.testing import CliRunner

from data.coverage import STATUSES
from data.files.cache import damaged, open_cache, read_split
from extract.cli import main
from tests.extract.made_up import listing


def call(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


@pytest.fixture
def table(tmp_path):
    """A manifest of six crops, and a copy of them that lies elsewhere."""
    made = listing(tmp_path / "images", {"train": 4, "test": 2})
    lines = [f"{sample.path},anger,{sample.split}" for sample in made.samples]
    (tmp_path / "my.csv").write_text("\n".join(["path,emotion,split", *lines]) + "\n")
    (tmp_path / "elsewhere").mkdir()
    return tmp_path


def align(folder, root, command="align"):
    source = ("--dataset", "manifest", "--manifest", folder / "my.csv", "--name", "mine", "--root", folder / root)
    more = () if command == "check" else ("--landmarks", "none")
    return call(command, "--workdir", folder, *source, "--workers", 1, *more)


def statuses(folder):
    with open_cache(folder / "aligned" / "mine.h5", "aligned") as file:
        assert damaged(file) == []
        found = [read_split(file, split, ["manifest/status"])["manifest/status"] for split in ("train", "test")]
    return [STATUSES[status] for part in found for status in part]


def test_of_a_wrong_root_nothing_is_kept_and_the_right_one_is_not_refused(table):
    result = align(table, "elsewhere")
    assert result.exit_code == 1 and f"images below {table / 'elsewhere'}" in result.stderr
    assert (
        f"not one of the 6 listed images below {table / 'elsewhere'} could be opened (missing 6; first train_0.png: "
        "no such file); --root names the folder" in result.stderr
    )
    assert list((table / "aligned").glob("*.h5*")) == []
    assert align(table, "images").exit_code == 0 and statuses(table) == ["ok"] * 6


def test_images_without_a_face_make_no_cache(table):
    source = ("--dataset", "manifest", "--manifest", table / "my.csv", "--name", "mine", "--root", table / "images")
    result = call("align", "--workdir", table, *source, "--workers", 1)
    assert result.exit_code == 1 and list((table / "aligned").glob("*.h5*")) == []
    assert "below " in result.stderr and "gave a crop (no face 6; first train_0.png: no try" in result.stderr
    assert call("align", "--workdir", table, *source, "--undetected", "whole").exit_code == 0


def test_an_image_that_comes_later_is_taken_in_by_the_same_call(table):
    shutil.move(table / "images" / "train_1.png", table / "late.png")
    result = align(table, "images")
    assert result.exit_code == 0
    assert (
        "1 image could not be opened, such as train_1.png; call the same command when that has changed" in result.stderr
    )
    cache = table / "aligned" / "mine.h5"
    before = cache.stat().st_mtime_ns
    again = align(table, "images")
    assert "is there already: 5 crops of 6 listed images, missing 1" in again.stderr
    assert "1 image could not be opened" in again.stderr and cache.stat().st_mtime_ns == before
    shutil.move(table / "late.png", table / "images" / "train_1.png")
    assert align(table, "images").exit_code == 0 and statuses(table) == ["ok"] * 6
    assert "is there already: 6 crops of 6 listed images\n" in align(table, "images").stderr


def test_check_says_what_is_readable_and_fails_where_images_are_missing(table):
    assert align(table, "images", "check").exit_code == 0
    (table / "images" / "train_1.png").unlink()
    result = align(table, "images", "check")
    assert result.exit_code == 1 and "missing below" in result.stderr
    counts = {line.split()[1]: line.split()[-2] for line in result.stdout.splitlines() if line.startswith("train ")}
    assert counts == {"listed": "4", "readable": "3"}


def test_a_table_without_a_test_row_says_so(table):
    text = (table / "my.csv").read_text()
    (table / "my.csv").write_text(text.replace(",test", ",train"))
    for command in ("check", "align"):
        result = align(table, "images", command)
        assert "no labelled row of split test: nothing to test on" in result.output


def test_names_that_are_not_utf_8_keep_their_bytes(table):
    odd = os.fsdecode(b"caf\xe9.png")
    for number, name in enumerate((odd, "\u00e9t\u00e9.png")):
        shutil.copy(table / "images" / f"train_{number}.png", table / "elsewhere" / name)
    result = call("align", "--workdir", table, "--dataset", "folder", "--root", table / "elsewhere", "--name", "odd",
                  "--landmarks", "none")  # fmt: skip
    assert result.exit_code == 0, result.output
    with open_cache(table / "aligned" / "odd.h5", "aligned") as file:
        assert sorted(read_split(file, "test", ["path"])["path"]) == sorted([odd, "\u00e9t\u00e9.png"])
        assert damaged(file) == []
    assert call("verify", table / "aligned" / "odd.h5").exit_code == 0
