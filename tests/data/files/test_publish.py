"""Publishing where the system does not let a file grow, or fails: the path is named, and nothing is left behind."""

import errno
import os

import numpy as np
import pytest

from data.files.hdf5 import publish_hdf5, write_array
from data.files.publish import TooLarge, publish, publish_text


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
