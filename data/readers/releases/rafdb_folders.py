"""RAF-DB as it is passed on at Kaggle: DATASET/{train,test}/1..7/ of the aligned crops, with lists of their labels."""

from pathlib import Path

from data.emotions import RAFDB
from data.readers.releases import class_folders
from data.readers.tables import cells
from data.readers.tables.cells import BadCell
from data.readers.tables.csv_table import Table
from data.readers.walk import Walk
from data.runtime.failures import Refused
from data.sample import Listing

NOT_ORIGINAL = (
    "this is not the original release: crops in folders, without boxes and landmarks; copies with changed images exist"
)


def found_at(root: Path) -> bool:
    """Whether the tree at `root` is such a copy."""
    return class_folders.find(Walk(), root) is not None


def read(root: Path) -> Listing:
    """The Listing of such a copy; folder names are the official labels.

    Raises Refused where its lists say otherwise."""
    walk = Walk()
    found = class_folders.find(walk, root)
    samples, notes = [], []
    for split, folder in found.folders.items():
        listed = class_folders.images(walk, folder, _class_of)
        notes += _compared(walk, root, split, listed)
        samples += class_folders.samples(root, split, listed)
    return Listing(
        "rafdb",
        root,
        found.layout(root),
        tuple(samples),
        "folders",
        notes=(NOT_ORIGINAL, *notes, *found.notes(), *walk.notes(root)),
        aligned=True,
        splits=tuple(found.folders),
    )


def _class_of(folder):
    """By RAF-DB's number or by name."""
    if not folder.name.isdecimal():
        return class_folders.class_named(folder)
    if int(folder.name) not in RAFDB:
        raise Refused(f"{folder}: expected 1 to {len(RAFDB)} (a 0 is a re-numbered copy, up to 11 the compound part)")
    return RAFDB[int(folder.name)], ""


def _compared(walk, root, split, listed):
    """Notes on a list of labels beside the folders. Raises Refused where it gives an image another label."""
    path = root / f"{split}_labels.csv"
    if not path.is_file():
        return
    labels = {image.name: (image, emotion) for image, emotion, _ in listed}
    table, absent = Table(path, ("image", "label")), []
    yield from table.notes
    for row in table:
        image, emotion = labels.get(row.cells["image"].strip(), (None, None))
        if image is None:
            absent.append(row.cells["image"].strip())
            continue
        try:
            number = cells.whole("label", row.cells["label"], RAFDB, f"1 to {len(RAFDB)}")
        except BadCell as error:
            raise Refused(f"{table.where(row.line)}, {error}") from None
        if RAFDB[number] != emotion:
            raise Refused(f"{table.where(row.line)} gives {image.name} the label {number}; it lies in {image.parent}")
    if absent:
        yield f"{path.name}: {len(absent):,} images of the list are not there, such as {absent[0]}"
