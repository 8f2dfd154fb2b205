"""Faces followed through a video: who is who from frame to frame, and where to look for them."""

from dataclasses import dataclass

import numpy as np

from extract.faces.detectors import Detector, Face, largest_first, overlap

LOOK_AGAIN = 0.5  # seconds between searches of the whole frame; between them, only around the faces that are followed
KEPT = 1.0  # seconds for which a face that is gone is expected back
OVERLAP = 0.3  # intersection over union from which two boxes are one face
NEXT = 0.75  # sides that the centre of a face may have moved where its boxes do not overlap
RATIO = 2.0  # between the sides of one face in two frames


@dataclass
class _Person:
    number: int
    face: Face
    time: float  # when it was last seen


class Persons:
    """The persons of one video. A frame is searched whole every LOOK_AGAIN seconds and where nobody is followed."""

    def __init__(self, detector: Detector):
        self.detector = detector
        self._known, self._count, self._looked = [], 0, -np.inf

    def in_frame(self, image: np.ndarray, time: float) -> list[tuple[int, Face]]:
        """[(number of the person, Face)], the largest face first, of a frame (H, W, 3) uint8 RGB at `time` seconds; to
        be called in the order of the frames, which may change their size."""
        self._known = [person for person in self._known if time - person.time <= KEPT]
        whole = time - self._looked >= LOOK_AGAIN - 1e-6
        faces = self.detector.visible(image) if whole else self._near(image)
        if whole:
            self._looked = time
        return self._numbered(faces, time)

    def _near(self, image):
        """The faces around those that are followed, each once; the surest of several boxes of one face is taken."""
        found = [face for person in self._known for face in self.detector.near(image, person.face)]
        found.sort(key=lambda face: -(face.score or 0))
        once = []
        for face in found:
            if all(overlap(face.box, other.box) < OVERLAP for other in once):
                once.append(face)
        return largest_first(once)

    def _numbered(self, faces, time):
        """Each face with the person that it goes with best; one that goes with nobody is a new person."""
        pairs = [
            (likeness(face.box, person.face.box), place, person)
            for place, face in enumerate(faces)
            for person in self._known
        ]
        taken, numbers = set(), {}
        for alike, place, person in sorted(pairs, key=lambda pair: -pair[0]):
            if alike > 0 and place not in numbers and person.number not in taken:
                taken.add(person.number)
                numbers[place] = person.number
                person.face, person.time = faces[place], time
        for place in range(len(faces)):
            if place not in numbers:
                numbers[place] = self._count
                self._known.append(_Person(self._count, faces[place], time))
                self._count += 1
        return [(numbers[place], face) for place, face in enumerate(faces)]


def likeness(box: tuple, other: tuple) -> float:
    """How well two boxes (x, y, width, height) in two frames are those of one face, above 0 where they may be: 1 and
    more by how far they overlap, less than 1 by how near they lie."""
    sides = [max(each[2:]) for each in (box, other)]
    if max(sides) > RATIO * min(sides):
        return 0.0
    shared = overlap(box, other)
    if shared > 0:
        return 1 + shared
    moved = np.hypot(*(np.add(box[:2], np.divide(box[2:], 2)) - np.add(other[:2], np.divide(other[2:], 2))))
    return max(0.0, 1 - moved / (NEXT * max(sides)))
