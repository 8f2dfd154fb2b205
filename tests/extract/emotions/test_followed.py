"""Faces followed through a video: one number for a person, and searches no larger than they need be."""

import numpy as np
import pytest

from extract.emotions.followed import KEPT, LOOK_AGAIN, Persons, likeness
from extract.faces.detectors import overlap
from tests.extract.emotions.made_up import Squares, picture

RED, BLUE = (250, 20, 20), (20, 20, 250)
SIDE = 40


def numbers(persons, frames, step=0.1):
    """[numbers of the persons of each frame], in the order of their places from left to right."""
    found = []
    for place, frame in enumerate(frames):
        seen = sorted(persons.in_frame(frame, place * step), key=lambda each: each[1].box[0])
        found.append([number for number, _ in seen])
    return found


def test_overlap_of_hand_worked_boxes():
    assert overlap((0, 0, 10, 10), (5, 0, 10, 10)) == pytest.approx(50 / 150)
    assert overlap((0, 0, 10, 10), (10, 0, 10, 10)) == 0
    assert overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1
    assert overlap((0, 0, 0, 0), (0, 0, 0, 0)) == 0


def test_likeness_falls_with_the_distance_and_ends():
    box = (0, 0, 40, 40)
    alike = [likeness(box, (x, 0, 40, 40)) for x in (0, 20, 39, 40, 60)]
    assert alike[0] == 2 and sorted(alike, reverse=True) == alike
    assert likeness(box, (29, 0, 10, 10)) == 0  # a quarter of the side is another face
    assert likeness(box, (40 + 31, 0, 40, 40)) == 0


def test_two_who_walk_past_each_other_keep_their_numbers():
    frames = [picture((20 + 8 * step, 20, SIDE, RED), (240 - 8 * step, 150, SIDE, BLUE)) for step in range(25)]
    found = numbers(Persons(Squares()), frames)
    assert found[0] == [0, 1] and found[-1] == [1, 0] and all(len(each) == 2 for each in found)


def test_one_who_is_gone_for_a_moment_is_the_same_and_one_who_is_gone_for_long_another():
    here, nobody = picture((100, 100, SIDE, RED)), picture()
    short, long = int(0.6 * KEPT / 0.1), int(2 * KEPT / 0.1)
    assert numbers(Persons(Squares()), [here] * 3 + [nobody] * short + [here] * 6)[-1] == [0]
    assert numbers(Persons(Squares()), [here] * 3 + [nobody] * long + [here] * 6)[-1] == [1]


def test_between_looks_at_the_whole_only_the_surroundings_are_searched():
    detector = Squares()
    frames = [picture((100 + 2 * step, 100, SIDE, RED)) for step in range(10)]
    numbers(Persons(detector), frames, step=0.1)
    whole = [shape for shape in detector.searched if shape == frames[0].shape[:2]]
    assert len(whole) == 2 and len(detector.searched) == 10  # at 0 and at 0.5 s
    assert all(max(shape) < 3 * SIDE for shape in detector.searched if shape not in whole)


def test_somebody_new_is_found_when_the_whole_is_looked_at():
    frames = [picture((20, 20, SIDE, RED))] * 2 + [picture((20, 20, SIDE, RED), (200, 100, SIDE, BLUE))] * 8
    found = numbers(Persons(Squares()), frames)
    first = next(place for place, each in enumerate(found) if len(each) == 2)
    assert first * 0.1 == pytest.approx(LOOK_AGAIN) and found[-1] == [0, 1]


def test_two_that_meet_are_not_counted_twice():
    frames = [picture((100, 100, SIDE, RED), (144, 100, SIDE, BLUE))] * 8
    assert all(each == [0, 1] for each in numbers(Persons(Squares()), frames))


def test_a_frame_of_another_size_is_no_obstacle():
    frames = [picture((200, 150, SIDE, RED)), picture((10, 10, SIDE, RED), height=90, width=100)]
    persons = Persons(Squares())
    assert len(persons.in_frame(frames[0], 0.0)) == 1
    assert persons.in_frame(frames[1], 0.1) in ([], [(0, persons._known[0].face)])
    assert len(persons.in_frame(frames[1], 0.7)) == 1


def test_where_somebody_stands_is_where_the_square_is():
    [(number, face)] = Persons(Squares()).in_frame(picture((100, 60, SIDE, RED)), 0.0)
    assert number == 0 and face.box == (100, 60, SIDE, SIDE) and np.isfinite(face.landmarks.points).all()
