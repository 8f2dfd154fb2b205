"""One dataset of a file as its schema declares it: type, named axes, bounds, and what it holds in words."""

from dataclasses import dataclass

TEXT = "text"

# How long an axis is, by its name. A letter stands for one number each, a small one within one split, test set or head,
# a capital within the file; "n+1" is one more than n; statuses is the number of these in data.files.cache, and "<tries"
# at most that of tries, which were fewer once; C is the number of classes, which the attribute emotions names. An axis
# that is not here has one length within the file.
AXES = {
    "crop": "n",
    "bound": "n+1",
    "listed image": "m",
    "byte": "b",
    "shard": "s",
    "view": "v",
    "feature": "F",
    "emotion": "C",
    "emotion or none": "C+1",
    "status": "statuses",
    "try": "<tries",
    "landmark": 68,
    "x and y": 2,
    "corner and size": 4,
    "valence and arousal": 2,
    "head": "H",
    "classifier": "D",
    "test set": "T",
    "true emotion": "C",
    "predicted emotion": "C",
    "test row": "n",
    "row of all test sets": "R",
    "lowest and highest": 2,
    "dimension": "r",
}


@dataclass(frozen=True)
class Field:
    """One dataset. Where axes is None its shape, where type is empty its type is not fixed here."""

    type: str  # as NumPy spells it, or TEXT; "A or B" where a file may have either
    axes: tuple | None
    description: str
    needed: bool = True
    packed: bool = False
    within: tuple = (None, None)  # lowest value, first one beyond the highest: of columns that serve as indices
    finite: bool = False

    @property
    def types(self) -> tuple:
        """The types that it may have; none where its type is not fixed."""
        return tuple(filter(None, self.type.split(" or ")))

    @property
    def shape(self) -> tuple:
        """The length of each axis: a number, or what stands for one."""
        return tuple(AXES.get(axis, axis.upper()) for axis in self.axes)


def people(axis: str) -> dict[str, Field]:
    """Name -> Field of what says who is in the images of an axis; missing where a list tells it of none of them."""
    return {
        "cluster": Field(
            TEXT, (axis,), "the person in the image, else the clip it is of; empty where neither is known", needed=False
        ),
        "groups": Field(
            TEXT, (axis,), 'groups of that person, in JSON such as {"gender": "female"}; else empty', needed=False
        ),
    }
