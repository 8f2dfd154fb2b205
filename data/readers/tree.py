"""Any images in folders of their splits and classes: <split>/<class>/."""

from pathlib import Path

from data.readers.reader import Reader
from data.readers.releases import class_folders
from data.readers.tables.listed import left_out
from data.readers.walk import Walk, needed
from data.sample import Listing


def read(root: Path) -> Listing:
    """The Listing of a tree. Validation is read as test where there is no test.

    Raises WrongTree where there are no split folders; Refused for a folder that is not named after a class."""
    walk = Walk()
    found = needed(class_folders.find(walk, root), root, "folder that is named after a split (train, val, test)")
    samples = [
        sample
        for split, folder in found.folders.items()
        for sample in class_folders.samples(root, split, class_folders.images(walk, folder, class_folders.class_named))
    ]
    return Listing(
        "tree",
        root,
        found.layout(root),
        tuple(samples),
        notes=left_out(samples) + found.notes() + walk.notes(root),
        splits=tuple(found.folders),
    )


READER = Reader(
    "tree",
    "any images in folders of their splits and classes: <split>/<class>/",
    read,
    expected_tree="""  train/<class>/*.jpg     neutral, happiness, sadness, surprise, fear, disgust, anger (or sad, ...)
  val/<class>/*.jpg       where there is one
  test/<class>/*.jpg""",
    needs_name=True,
)
