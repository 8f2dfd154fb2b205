"""A detector that stands in this file alone, added by one registration, and what caches keep of it."""

import hashlib
import pickle

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from data.coverage import TRIES
from data.files.cache import header_of, open_cache, read_split
from data.files.provenance import version
from data.sample import EYE_CORNERS, Listing
from extract.cli import main
from extract.crops.aligned_header import make_header
from extract.crops.cropping import Rule
from extract.crops.stored import pixels
from extract.faces import alignment, centerface, detectors, dlib_models
from extract.faces.detectors import Detector, Face, detector_named, register
from extract.faces.landmarks import Landmarks
from extract.faces.weights import Weights

RADIUS = 42  # of the disc in every crop, whatever it was in its picture


class DiscDetector(Detector):
    """Takes the one bright disc of a picture for a face that looks straight ahead."""

    name, libraries = "disc", ("numpy",)

    def faces(self, image):
        rows, columns = np.nonzero(image[..., 0] > 128)
        if not len(rows):
            return []
        centre, radius = np.array([columns.mean(), rows.mean()]), np.sqrt(len(rows) / np.pi)
        points = (alignment.template(EYE_CORNERS) - 111.5) / RADIUS * radius + centre
        box = (*(centre - radius), 2 * radius, 2 * radius)
        return [Face(tuple(map(float, box)), Landmarks(points.astype(np.float32), EYE_CORNERS))]


@pytest.fixture
def registered(monkeypatch):
    """Registers detectors until the test ends."""
    monkeypatch.setattr(detectors, "_registered", {})
    return register


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Twelve pictures of a disc somewhere, and one without."""
    folder = tmp_path_factory.mktemp("discs")
    generator = np.random.default_rng(0)
    for number in range(13):
        image = np.full((300, 260, 3), 20, np.uint8)
        radius = int(generator.integers(15, 60))
        place = (int(generator.integers(radius, 260 - radius)), int(generator.integers(radius, 300 - radius)))
        if number != 7:
            cv2.circle(image, place, radius, (250, 250, 250), -1)
        cv2.imwrite(str(folder / f"{number:02d}.png"), image)
    return folder


def align(workdir, pictures, *arguments):
    return CliRunner().invoke(
        main,
        ["align", "--workdir", str(workdir), "--dataset", "folder", "--root", str(pictures), "--name", "discs",
         *arguments],
    )  # fmt: skip


def test_it_aligns_a_folder_in_spawned_workers(registered, pictures, tmp_path):
    """The workers know nothing of the registration: they are sent the object."""
    registered(DiscDetector())
    result = align(tmp_path, pictures, "--detector", "disc", "--workers", "2")
    assert result.exit_code == 0, result.output
    with open_cache(tmp_path / "aligned" / "discs.h5", "aligned") as file:
        test, header = read_split(file, "test"), header_of(file)
    assert header["detector"] == "disc" and header["detector_weights"] == ""
    assert header["detector_libraries"] == f"numpy {np.__version__}"
    assert {TRIES[found] for found in test["found_by"]} == {"other"}
    assert test["row"].tolist() == [row for row in range(13) if row != 7]
    for start, end in zip(test["jpeg_offset"], test["jpeg_offset"][1:]):
        (found,) = DiscDetector().faces(pixels(test["jpeg"][start:end], alignment.CROP_SIZE))
        x, y, width, _ = found.box
        np.testing.assert_allclose((x + width / 2, y + width / 2, width / 2), (111.5, 111.5, RADIUS), atol=1.5)


def test_another_detector_does_not_go_on_with_a_cache(registered, pictures, tmp_path, monkeypatch):
    registered(DiscDetector())
    assert align(tmp_path, pictures, "--undetected", "whole").exit_code == 0
    other = align(tmp_path, pictures, "--undetected", "whole", "--detector", "disc")
    assert other.exit_code == 1 and "was made with detector chain, this call has disc" in other.output
    assert "is there already" in align(tmp_path, pictures, "--undetected", "whole").output  # the control
    (tmp_path / "aligned" / "discs.h5").unlink()
    assert align(tmp_path, pictures, "--detector", "disc").exit_code == 0
    other = align(tmp_path, pictures)
    assert other.exit_code == 1 and "was made with detector disc, this call has chain" in other.output
    (tmp_path / "weights").write_bytes(b"other weights")
    sha256 = hashlib.sha256(b"other weights").hexdigest()
    monkeypatch.setattr(DiscDetector, "weights", (Weights(str(tmp_path / "weights"), sha256),))
    other = align(tmp_path, pictures, "--detector", "disc")
    assert other.exit_code == 1 and f"with no detector weights, this call has {sha256[:20]}" in other.output


def test_the_header_names_the_detector_its_weights_and_its_libraries(tmp_path):
    header = make_header(Listing("folder", tmp_path, "", ()), Rule(), detector_named("chain"), 8)
    assert header["detector"] == "chain"
    assert header["detector_weights"].split() == [centerface.WEIGHTS.sha256, dlib_models.FIVE_POINTS.sha256]
    assert header["detector_libraries"] == f"cv2 {version('cv2')}, dlib {version('dlib')}"


def test_missing_or_other_weights_are_said_before_any_image_is_read(registered, pictures, tmp_path, monkeypatch):
    missing = Weights("nowhere.onnx", "00", package="no_such_package", requirement="no-such-package>=2")
    monkeypatch.setattr(DiscDetector, "weights", (missing,))
    registered(DiscDetector())
    result = align(tmp_path, pictures, "--detector", "disc")
    assert result.exit_code == 1
    assert "no_such_package is missing, which brings nowhere.onnx; pip install 'no-such-package>=2'" in result.output
    (tmp_path / "weights").write_bytes(b"half")
    monkeypatch.setattr(DiscDetector, "weights", (Weights(str(tmp_path / "weights"), "00" * 32),))
    result = align(tmp_path, pictures, "--detector", "disc")
    assert (
        result.exit_code == 1 and "weights has another sha256 than 000000000000..., which is expected" in result.output
    )
    assert not (tmp_path / "aligned").exists()


def test_an_unknown_detector_is_answered_with_the_known_ones(registered, pictures, tmp_path):
    registered(DiscDetector())
    result = align(tmp_path, pictures, "--detector", "hop")
    assert (
        result.exit_code == 1
        and "'hop' is not a detector; known are chain, centerface, hog, cnn, disc" in result.output
    )


def test_names_are_taken_once(registered):
    disc = registered(DiscDetector())
    assert registered(disc) is disc is detector_named("disc")
    with pytest.raises(ValueError, match="there is a detector 'disc' already"):
        registered(DiscDetector())
    with pytest.raises(ValueError, match="there is a detector 'hog' already"):
        registered(type("Hog", (DiscDetector,), {"name": "hog"})())


def test_a_library_that_is_not_installed_is_named():
    lacking = type("Lacking", (DiscDetector,), {"libraries": ("no-such-library",)})()
    with pytest.raises(ValueError, match="needs no-such-library, which is not installed"):
        lacking.identity()


def test_models_do_not_travel_to_the_workers():
    chain = detector_named("chain")
    assert chain.faces(np.zeros((90, 90, 3), np.uint8)) == []
    assert len(pickle.dumps(chain)) < 1000 and pickle.loads(pickle.dumps(chain)).name == "chain"
