"""Which of the faces in a photograph is the labelled one, where the data set says by a box or landmarks where it is.

A photograph may show several people, and its label is of one of them: another one is never taken because a detector
finds that one more easily."""

from dataclasses import dataclass

import numpy as np

from data.sample import Sample
from extract.faces import alignment
from extract.faces.detectors import Detector, Face, overlap
from extract.faces.landmarks import Landmarks

# The boxes of one face differ by convention: brows to chin, forehead to chin, or the head with its hair, which is about
# twice as long as the first. What differs more is another face, such as a child on an arm.
SIDES_DIFFER = 2.5
SURROUNDINGS = 0.5  # of the face's longer side, on each side: what a detector needs to see of the head


@dataclass(frozen=True, eq=False)
class LabelledFace:
    """Where the data set has the face: a box (x, y, width, height), landmarks or both."""

    box: tuple | None
    landmarks: Landmarks | None = None

    def found(self, image: np.ndarray, detector: Detector) -> tuple[Face | None, int]:
        """(the face, how many the search that ended it found); None where no try in the image finds it, and none in
        its surroundings alone, where it is larger."""
        most = 0
        for faces in detector.tries(image):
            most = max(most, len(faces))
            if face := self.among(faces):
                return face, len(faces)
        return self._found_around(image, detector), most

    def _found_around(self, image, detector):
        cut = self._surroundings(image)
        if cut is None:
            return None
        left, top, right, bottom = cut
        for faces in detector.tries(np.ascontiguousarray(image[top:bottom, left:right])):
            if face := self.among([each.moved(left, top, found_by="in_box") for each in faces]):
                return face
        return None

    def _surroundings(self, image):
        """(left, top, right, bottom) in whole pixels; None where that is most of the image, which has been searched."""
        centre, sides = self._place()
        reach = max(sides) * (0.5 + SURROUNDINGS)
        height, width = image.shape[:2]
        left, top = np.maximum(centre - reach, 0).astype(int)
        right, bottom = np.minimum(centre + reach + 1, (width, height)).astype(int)
        if right - left < 2 or bottom - top < 2 or (right - left) * (bottom - top) > 0.7 * width * height:
            return None
        return left, top, right, bottom

    def among(self, faces: list[Face]) -> Face | None:
        """The one of these faces that is it, by landmarks where there are any: they tell position, size and turn."""
        return max((face for face in faces if self._is(face)), key=self._overlap, default=None)

    def _overlap(self, face):
        """Of the squares or boxes."""
        (centre, side), (own, sides) = _middle(face), self._place()
        return overlap((*centre - side / 2, side, side), (*own - sides / 2, *sides))

    def _is(self, face):
        """Of boxes, each holds the other's centre: those of two people side by side do not, even where one hides a
        third of the other. Neither is much longer."""
        if self.landmarks is not None:
            return alignment.alike(self.landmarks, face.landmarks)
        (centre, side), (own, sides) = _middle(face), self._place()
        apart = np.abs(centre - own)
        ratio = side / np.sqrt(np.prod(sides))
        near = (apart <= np.minimum(sides, side) / 2).all()
        return bool(near and 1 / SIDES_DIFFER <= ratio <= SIDES_DIFFER)

    def _place(self):
        """((2,) centre, (2,) sides) by the box, else by the landmarks."""
        if self.box is None:
            centre, side = _square(self.landmarks)
            return centre, np.array([side, side])
        x, y, width, height = self.box
        return np.array([x + width / 2, y + height / 2]), np.array([width, height])


def _middle(face):
    """(centre, side) of a face that was found, by its landmarks, since the boxes of detectors differ too."""
    return _square(face.landmarks)


def _square(landmarks):
    corners = alignment.frame(landmarks)
    return corners.mean(0), float(np.linalg.norm(corners[1] - corners[0]))


def labelled_face(sample: Sample) -> tuple[LabelledFace | None, str]:
    """(what a data set says of where the face is, what is wrong with its landmarks); None where it says nothing.

    Landmarks that are no numbers, or coincide, are as good as none."""
    landmarks, wrong = None, ""
    if sample.landmarks is not None:
        try:
            landmarks = Landmarks(sample.points(), sample.scheme)
            alignment.frame(landmarks)
        except ValueError as error:
            landmarks, wrong = None, f"landmarks of the data set: {error}"
    if landmarks is None and sample.box is None:
        return None, wrong
    return LabelledFace(sample.box, landmarks), wrong
