"""Paths from a table that try to leave their root: refused, and nothing outside is opened."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from data.readers import paths
from tests.data.hostile_paths import make
from tests.places import ROOT

# Every path is located and, where that is allowed, read, in a process that reports each file it opens.
CHILD = """
import json, sys
from data.readers import paths
from tests.data.hostile_paths import make
from pathlib import Path
opened = []
root, hostile = make(Path(sys.argv[1]))
WATCHED = ("open", "os.open", "os.listdir", "os.scandir")
sys.addaudithook(lambda event, arguments: opened.append(str(arguments[0])) if event in WATCHED else None)
found = {}
for path in [*hostile, "in.jpg", "photos/deep.jpg"]:
    try:
        found[path] = paths.locate(root, path).read_text()
    except paths.OutsideRoot as error:
        found[path] = "outside"
    except FileNotFoundError:
        found[path] = "missing"
json.dump([found, opened], sys.stdout)
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """(dict path -> what came of it, list of what was opened)"""
    folder = tmp_path_factory.mktemp("guard")
    found = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


def test_every_hostile_path_is_refused(seen, tmp_path):
    _, expected = make(tmp_path)
    found, _ = seen
    same = {
        path: what for path, what in expected.items() if str(tmp_path) not in path
    }  # absolute ones differ by the folder
    assert len(expected) >= 30
    opened = {path: {"an image": "linked"}.get(found[path], found[path]) for path in same}
    assert opened == same
    assert [what for path, what in found.items() if path.startswith("/")] == ["outside"] * 5
    assert found["in.jpg"] == found["photos/deep.jpg"] == "an image"


def test_nothing_outside_is_opened(seen):
    _, opened = seen
    ours = [path for path in opened if "/guard" in path or "secret" in path or path.startswith(("/dev", "/proc"))]
    assert not [path for path in ours if "secret" in path]
    names = [Path(path).name for path in ours]
    assert names == ["x.jpg"] * 3 + ["in.jpg", "in.jpg", "deep.jpg"]  # the hook does see what is read


@pytest.mark.parametrize("path", ["../secret/x.jpg", "x" * 100_000, "self.jpg", "/dev/zero"])
def test_refusals_are_short_and_do_not_name_the_root(tmp_path, path):
    root, _ = make(tmp_path)
    with pytest.raises(paths.OutsideRoot) as caught:
        paths.locate(root, path)
    assert len(str(caught.value)) < 200 and str(tmp_path) not in str(caught.value)


def test_a_link_below_the_root_is_followed_wherever_it_leads(tmp_path):
    root, _ = make(tmp_path)
    for path in ("link.jpg", "folder/x.jpg", "chain.jpg"):
        assert paths.locate(root, path) == (tmp_path / "disk" / "x.jpg").resolve()
    (root / "other.jpg").symlink_to("photos/deep.jpg")
    assert paths.locate(root, "other.jpg") == (root / "photos" / "deep.jpg").resolve()
    (tmp_path / "alias").symlink_to(root)
    assert paths.locate(tmp_path / "alias", "in.jpg") == (root / "in.jpg").resolve()


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_entered_is_an_error_of_its_own(tmp_path):
    root, _ = make(tmp_path)
    (root / "photos").chmod(0)
    with pytest.raises(PermissionError):
        paths.locate(root, "photos/deep.jpg")
    (root / "photos").chmod(0o700)
