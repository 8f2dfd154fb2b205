"""Versions of libraries, however they were installed: a cache made before is not refused for it."""

import importlib
import sys
from importlib import metadata
from types import SimpleNamespace

import pytest

from data.files import provenance
from extract.crops import aligned_cache
from extract.crops.cropping import Rule
from extract.faces.detectors import detector_named


def installed(monkeypatch, **distributions):
    """Let these distributions be there and no other: name (with _ for -) -> version."""
    there = {name.replace("_", "-"): version for name, version in distributions.items()}

    def version(name):
        if name not in there:
            raise metadata.PackageNotFoundError(name)
        return there[name]

    monkeypatch.setattr(metadata, "version", version)


def test_the_header_of_an_aligned_cache_says_what_it_said_in_todays_installation():
    header = aligned_cache.make_header(SAMPLES, RULE, detector_named("hog"), 8)
    assert header["opencv"] == metadata.version("opencv-python")
    assert header["detector_libraries"] == f"dlib {metadata.version('dlib-bin')}"
    found = provenance.versions()
    assert {"python", "torch", "numpy", "h5py", "opencv-python", "dlib-bin", "scikit-learn"} <= found.keys()
    assert all(found[name] == metadata.version(name) for name in found if name != "python")


SAMPLES = SimpleNamespace(samples=(), toy=True)
RULE = Rule()


@pytest.mark.parametrize(
    "distributions, expected",
    [
        ({"opencv_python": "5.0.0.93", "dlib_bin": "20.0.1.post1"}, ("5.0.0.93", "20.0.1.post1")),
        ({"opencv_python_headless": "5.0.0.93", "dlib": "20.0.1"}, ("5.0.0.93", "20.0.1")),
        ({"opencv_contrib_python": "4.13.0.90", "dlib": "20.0.1"}, ("4.13.0.90", "20.0.1")),
        ({"opencv_python": "1", "opencv_python_headless": "2", "dlib_bin": "3", "dlib": "4"}, ("1", "3")),
    ],
)
def test_the_version_is_that_of_the_distribution_there_is(monkeypatch, distributions, expected):
    installed(monkeypatch, **distributions)
    header = aligned_cache.make_header(SAMPLES, RULE, detector_named("hog"), 8)
    assert (header["opencv"], header["detector_libraries"]) == (expected[0], f"dlib {expected[1]}")


def test_a_library_without_a_distribution_says_its_version_itself(monkeypatch):
    installed(monkeypatch)
    monkeypatch.setitem(sys.modules, "cv2", SimpleNamespace(__version__="5.1.0"))
    monkeypatch.setitem(sys.modules, "dlib", SimpleNamespace(__version__="20.1"))
    header = aligned_cache.make_header(SAMPLES, RULE, detector_named("hog"), 8)
    assert (header["opencv"], header["detector_libraries"]) == ("5.1.0", "dlib 20.1")
    assert provenance.versions()["cv2"] == "5.1.0"


def test_what_is_not_there_is_none_and_is_not_imported_to_find_out(monkeypatch):
    installed(monkeypatch, numpy="2")
    for name in ("cv2", "dlib", "torch", "torchvision", "sklearn", "h5py"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(importlib, "import_module", lambda name: pytest.fail(f"{name} was imported"))
    assert provenance.versions().keys() == {"python", "numpy"}
    monkeypatch.undo()
    installed(monkeypatch)
    monkeypatch.setitem(sys.modules, "dlib", None)
    assert provenance.version("dlib") == "none"
