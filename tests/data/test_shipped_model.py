"""The files that come with the project: found, checked against their digests, and named where they are missing."""

import hashlib

import pytest

from data import shipped_model
from data.runtime.failures import Refused
from data.shipped_model import FOLDER, SUMS, shipped_results


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder as the project ships one, with a file of another content than a results file's."""
    (tmp_path / "runs.h5").write_bytes(b"heads")
    digest = hashlib.sha256(b"heads").hexdigest()
    (tmp_path / "sha256sums.txt").write_text(f"{'0' * 64}  cake-3.onnx\n{digest}  runs.h5\n")
    monkeypatch.setattr(shipped_model, "FOLDER", tmp_path)
    monkeypatch.setattr(shipped_model, "SUMS", tmp_path / "sha256sums.txt")
    return tmp_path


def test_a_whole_file_is_found(folder):
    assert shipped_results() == folder / "runs.h5"


def test_a_file_that_changed_is_refused(folder):
    (folder / "runs.h5").write_bytes(b"other heads")
    with pytest.raises(Refused, match="damaged"):
        shipped_results()


def test_a_copy_without_the_model_says_so(folder):
    (folder / "runs.h5").unlink()
    with pytest.raises(Refused, match="comes without its model; name another one"):
        shipped_results()


def test_what_is_shipped_is_what_was_noted():
    if not SUMS.is_file():
        pytest.skip("this copy of the project comes without its model")
    noted = {name: digest for digest, name in map(str.split, SUMS.read_text().splitlines())}
    assert set(noted) == {path.name for path in FOLDER.iterdir()} - {SUMS.name}
    assert all(hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest for name, digest in noted.items())
