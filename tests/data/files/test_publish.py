"""Publishing where the system does not let a file grow, or fails; what is said of settings that differ."""

import errno
import os

import numpy as np
import pytest

from data.files.hdf5 import publish_hdf5, write_array
from data.files.publish import Mismatch, TooLarge, contrast, publish, publish_text, refuse_difference


@pytest.fixture
def small_files():
    """No file may have more than 64 KB."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_limit_of_file_sizes_is_said_with_the_path(tmp_path, small_files):
    publish_text(tmp_path / "small.csv", "x" * 1000)
    for write in (
        lambda path: publish_text(path, "x" * 2**17),
        lambda path: publish_hdf5(path, lambda file: write_array(file, "x", np.zeros(2**17, np.uint8))),
    ):
        with pytest.raises(TooLarge, match="large.h5 could not be written: .*`ulimit -f`.*--workdir"):
            write(tmp_path / "large.h5")
        assert os.listdir(tmp_path) == ["small.csv"]


def test_any_other_failure_of_a_write_names_the_path(tmp_path):
    def fails(temporary):
        temporary.write_text("half of it")
        raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(OSError, match="Input/output error: '.*a.csv'"):
        publish(tmp_path / "a.csv", fails)
    assert os.listdir(tmp_path) == []


A, B = "0cab4b15b71d8f839f3c1aaf75ce6b679ab1bb03d5c99d" * 2, "77ab4b15b71d8f839f3c1aaf75ce6b679ab1bb03d5c99d" * 2


@pytest.mark.parametrize(
    "found, asked, said",
    [
        ({"seed": 0}, {"seed": 1}, "seed 0, this call has 1;"),
        ({"caches": [["a", A]]}, {"caches": [["a", A], ["b", A]]}, "caches a, this call has a and b;"),
        ({"caches": [["a", A], ["b", A]]}, {"caches": [["b", A]]}, "caches a and b, this call has b;"),
        ({"caches": [["a", A]]}, {"caches": [["a", B]]}, f"caches a {A[:40]}..., this call has a {B[:40]}...;"),
        ({"domains": {"a": {"rows": 8, "digest": A}}}, {"domains": {"a": {"rows": 9, "digest": A}}},
         "domains a rows 8, this call has a rows 9;"),
        ({"weights_sha256": None}, {"weights_sha256": A}, f"no weights sha256, this call has {A[:40]}...;"),
        ({"weights_sha256": A}, {}, f"weights sha256 {A[:40]}..., this call has no weights sha256;"),
        ({"path": "x" * 80 + "old"}, {"path": "x" * 80 + "new"},
         f"path ...{10 * 'x'}old, this call has ...{10 * 'x'}new;"),
        ({"digest": A, "size": 64}, {"digest": B, "size": 32}, "size 64, this call has 32;"),
        ({"k": 1}, {"k": "1"}, 'k 1, this call has "1";'),
        ({"names": list("abcdefgh")}, {"names": list("abcdefghi")}, "names 8 more, this call has i and 8 more;"),
    ],
)  # fmt: skip
def test_a_mismatch_shows_what_differs(found, asked, said):
    with pytest.raises(Mismatch) as error:
        refuse_difference("a.h5", found, asked)
    assert str(error.value).startswith(f"a.h5 was made with {said} move")


def test_settings_that_agree_or_may_differ_are_no_mismatch():
    refuse_difference("a.h5", {"seed": 0, "list": A}, {"seed": 0, "list": B}, but=("list",))


def some_value(generator, depth=3):
    """A value of JSON, of few kinds, so that two are often nearly alike."""
    kind = generator.integers(7 if depth else 4)
    if kind < 4:
        return [None, int(generator.integers(3)), "x" * int(generator.integers(120)) + "y", ""][kind]
    values = [some_value(generator, depth - 1) for _ in range(generator.integers(8))]
    if kind == 4:
        return values
    return dict(zip("abcdefgh", values)) if kind == 5 else [[name, value] for name, value in zip("hgfedcba", values)]


def test_two_values_that_differ_never_read_the_same():
    generator, differ = np.random.default_rng(0), 0
    for _ in range(3000):
        before, now = some_value(generator), some_value(generator)
        if before != now:
            texts, differ = contrast(before, now), differ + 1
            assert texts[0] != texts[1], (before, now)
            assert max(map(len, texts)) < 3000
    assert differ > 2000
