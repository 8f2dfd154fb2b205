"""The labelled face is taken and never a bystander, whatever convention the data set's box is of."""

import numpy as np
import pytest

from data.sample import POINTS_68, Sample
from extract.crops.cropping import Rule, outcome
from extract.faces import alignment
from extract.faces.detectors import Detector, Face, detector_named
from extract.faces.labelled_face import LabelledFace, labelled_face
from extract.faces.landmarks import Landmarks
from tests.extract.faces import composites

HOG = detector_named("hog")
CHAIN = detector_named("chain")


def face_in(box, degrees=0.0):
    """A Face whose frame is this square, turned about its centre."""
    x, y, side, _ = box
    corners = alignment.template("eye corners")
    turn = np.radians(degrees)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = (corners - 111.5) / (223 / 1.5) * side @ matrix.T + (x + side / 2, y + side / 2)
    return Face(box, Landmarks(points.astype(np.float32), "eye corners"))


HERE = (100, 100, 80, 80)


@pytest.mark.parametrize(
    "found, same",
    [
        ((100, 100, 80, 80), True),
        ((110, 85, 80, 80), True),
        ((70, 60, 150, 150), True),  # the box of the head for that of the face
        ((125, 120, 36, 36), True),
        ((180, 100, 80, 80), False),  # a neighbour that touches
        ((150, 100, 80, 80), False),  # one that hides more than a third
        ((100, 20, 80, 80), False),  # one above
        ((130, 150, 25, 25), False),  # a face in the picture on a shirt
        ((20, 20, 240, 240), False),  # a large one behind
    ],
)
def test_boxes_of_one_face_hold_each_others_centre_and_are_of_like_size(found, same):
    assert (LabelledFace(HERE).among([face_in(found)]) is not None) is same


@pytest.mark.parametrize("degrees, same", [(0, True), (30, True), (90, False)])
def test_landmarks_tell_the_turn_too(degrees, same):
    marked = LabelledFace(HERE, face_in(HERE).landmarks)
    assert (marked.among([face_in(HERE, degrees)]) is not None) is same
    assert LabelledFace(HERE).among([face_in(HERE, degrees)]) is not None  # a box does not


def test_of_several_that_might_be_it_the_one_that_overlaps_most_is_taken():
    faces = [face_in((60, 60, 160, 160)), face_in((104, 98, 80, 80)), face_in((120, 110, 80, 80))]
    assert LabelledFace(HERE).among(faces) is faces[1]


class Listed(Detector):
    """Finds what it is told to, try by try; in the surroundings of a face, what is there."""

    def __init__(self, *searches, around=()):
        self.searches, self.around, self.asked = searches, around, []

    def tries(self, image):
        self.asked.append(image.shape[:2])
        yield from self.searches if len(self.asked) == 1 else self.around


IMAGE = np.zeros((400, 600, 3), np.uint8)


def test_a_search_that_finds_others_alone_is_not_the_last():
    other, own = face_in((300, 100, 80, 80)), face_in((103, 99, 80, 80))
    detector = Listed([other], [own, other])
    assert LabelledFace(HERE).found(IMAGE, detector) == (own, 2)
    assert len(detector.asked) == 1


def test_then_the_surroundings_are_searched_and_what_is_found_lies_in_the_image():
    detector = Listed([face_in((300, 100, 80, 80))], around=[[], [face_in((42, 41, 80, 80))]])
    face, faces = LabelledFace(HERE).found(IMAGE, detector)
    assert faces == 1 and face.found_by == "in_box"
    assert detector.asked == [(400, 600), (161, 161)]
    assert face.box == (102, 101, 80, 80)
    np.testing.assert_allclose(face.landmarks.points, face_in((102, 101, 80, 80)).landmarks.points, atol=1e-4)


def test_surroundings_that_are_the_image_are_not_searched_twice():
    detector = Listed([])
    assert LabelledFace((30, 20, 540, 360)).found(IMAGE, detector) == (None, 0)
    assert len(detector.asked) == 1


def test_a_neighbour_in_the_surroundings_is_not_taken_either():
    detector = Listed([], around=[[face_in((119, 40, 80, 80))]])
    assert LabelledFace(HERE).found(IMAGE, detector) == (None, 0)


@pytest.mark.parametrize("text", ["1;2;x;4", "5;5;" * 67 + "5;5", "1;2;3"])
def test_landmarks_that_say_nothing_are_as_good_as_none(text):
    marked, wrong = labelled_face(Sample("a.jpg", "train", 0, box=HERE, landmarks=text, scheme=POINTS_68))
    assert marked.box == HERE and marked.landmarks is None and wrong.startswith("landmarks of the data set: ")
    assert labelled_face(Sample("a.jpg", "train", 0, landmarks=text, scheme=POINTS_68))[0] is None


def scene(seed):
    """(image, box, landmarks, x where the bystander begins): the labelled face lies on its side, one beside it not."""
    labelled, points = composites.turned(*composites.toy_face(seed), quarters=1 + 2 * (seed % 2))
    image, points, bystander = composites.beside(labelled, points, composites.toy_face(seed + 1000)[0])
    return image, composites.box_around(points, margin=0.1), points, bystander


def taken(folder, scene, detector, *, box=True, landmarks=True):
    image, marked, points, _ = scene
    (folder / "a.jpg").write_bytes(composites.jpeg(image))
    text = ";".join(f"{value:.2f}" for value in points.ravel())
    sample = Sample(
        "a.jpg", "train", 0, 3, box=marked if box else None, landmarks=text if landmarks else None,
        scheme=POINTS_68 if landmarks else "",
    )  # fmt: skip
    return outcome(sample, folder, Rule(), detector)


def is_bystander(crop, scene):
    return np.nanmean(crop.landmarks[:, 0]) > scene[3]


@pytest.mark.parametrize("detector", [HOG, CHAIN], ids=lambda detector: detector.name)
def test_no_bystander_is_taken_for_a_labelled_face_that_is_hard_to_find(tmp_path, detector):
    for seed in range(6):
        made = scene(seed)
        (crop,) = taken(tmp_path, made, detector).crops
        assert not is_bystander(crop, made)
        if crop.found_by == "dataset":
            np.testing.assert_allclose(crop.landmarks, made[2], atol=0.01)


def test_without_box_and_landmarks_the_bystander_is_taken(tmp_path):
    """The control: it is there and is found easily."""
    made = scene(0)
    (crop,) = taken(tmp_path, made, HOG, box=False, landmarks=False).crops
    assert is_bystander(crop, made)


def test_where_neither_the_detector_nor_landmarks_tell_it_the_image_has_no_face_and_says_why(tmp_path):
    found = taken(tmp_path, scene(0), HOG, landmarks=False)
    assert found.status == "no_face" and found.crops == () and found.faces == 1
    assert found.reason == "the detector found 1 face, not the one that the data set marks"


@pytest.mark.parametrize("margin", [0.0, 0.15, 0.4])
def test_an_upright_face_beside_another_is_found_whatever_the_convention_of_the_box(tmp_path, margin):
    for seed in range(4):
        image, points = composites.toy_face(seed)
        image, points, start = composites.beside(image, points, composites.toy_face(seed + 50)[0])
        made = (image, composites.box_around(points, margin=margin), points, start)
        found = taken(tmp_path, made, CHAIN, landmarks=False)
        assert found.status == "ok" and found.crops[0].found_by != "dataset"
        assert not is_bystander(found.crops[0], made)
