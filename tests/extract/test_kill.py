"""kill -9 at any moment: the resumed file is the file of an undisturbed call, and nothing temporary stays behind."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from extract import info
from tests.extract.made_up import listing

ROOT = Path(__file__).resolve().parents[2]
SMALL_SHARDS = "from extract import crops; crops.SHARD_ROWS = 8; from extract.cli import main; main()"


def start(workdir, images):
    arguments = ["align", "--workdir", workdir, "--dataset", "folder", "--root", images, "--name", "x", "--landmarks", "none", "--workers", "2"]
    return subprocess.Popen([sys.executable, "-c", SMALL_SHARDS, *map(str, arguments)], cwd=ROOT,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def shards_in(workdir):
    return len(list((workdir / "aligned" / "x.h5.parts").glob("*.h5")))


@pytest.mark.parametrize("shards", [0, 1, 6, 12])
def test_a_killed_align_resumes_to_the_same_digest(tmp_path, shards):
    listing(tmp_path / "images", {"train": 60, "test": 60})
    assert start(tmp_path / "whole", tmp_path / "images").wait() == 0
    process = start(tmp_path / "killed", tmp_path / "images")
    while process.poll() is None and shards_in(tmp_path / "killed") < shards:
        time.sleep(0.001)
    process.kill()
    process.wait()
    assert start(tmp_path / "killed", tmp_path / "images").wait() == 0
    digests = [info.describe(tmp_path / name / "aligned" / "x.h5")[-1] for name in ("whole", "killed")]
    assert digests[0] == digests[1]
    assert [path.name for path in (tmp_path / "killed" / "aligned").iterdir()] == ["x.h5"]


def test_a_second_call_on_the_same_output_names_the_first(tmp_path):
    from data.publish import Busy, lock

    with lock(tmp_path / "a.h5"):
        with pytest.raises(Busy, match="is being written by process"):
            with lock(tmp_path / "a.h5"):
                pass
    with lock(tmp_path / "a.h5"):
        pass
    assert list(tmp_path.iterdir()) == []
