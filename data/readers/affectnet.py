"""AffectNet (Mollahosseini 2017), either release: the original CSV lists, or the 8-label one with .npy annotations.

Its validation list is read as split test: the test set was never released, and papers test on validation."""

import itertools
import math
from pathlib import Path

from data.emotions import AFFECTNET, AFFECTNET_LEFT_OUT, EMOTIONS, UNLABELLED
from data.readers import affectnet_npy
from data.readers.cells import left_out, repeated, rows_of, valence_or_arousal
from data.readers.reader import Reader, WrongTree
from data.runtime.failures import Refused
from data.sample import POINTS_68, Listing, Sample

COLUMNS = (
    "subDirectory_filePath",
    "face_x",
    "face_y",
    "face_width",
    "face_height",
    "facial_landmarks",
    "expression",
    "valence",
    "arousal",
)
LISTS = {"train": ("training.csv", "manually_training.csv"), "test": ("validation.csv", "manually_validation.csv")}
IMAGES = "manually_annotated_images"


def read(root: Path) -> Listing:
    """The Listing of AffectNet at `root`. Raises WrongTree; Refused naming a bad row."""
    if affectnet_npy.found_at(root):
        return affectnet_npy.read(root)
    if _below(root, lambda path: path.is_dir() and path.name.lower() == "human_annotated"):
        raise WrongTree(f"{root} looks like AffectNet+ (2024), which is out of scope")
    lists = {split: _list_file(root, names) for split, names in LISTS.items()}
    images = _images(root)
    parts = {split: _read_list(path, split, images.relative_to(root).as_posix()) for split, path in lists.items()}
    samples = tuple(sample for rows, _ in parts.values() for sample in rows)
    headers = ", ".join(
        f"{lists[split].name} {'with' if header else 'without'} header" for split, (_, header) in parts.items()
    )
    return Listing(
        "affectnet",
        root,
        f"original CSV release ({headers}); validation is read as test",
        samples,
        "csv",
        notes=left_out(samples) + repeated(samples) + _automatic(root),
    )


def _below(root, wanted):
    """The first path at most three levels below root that is wanted, in sorted order; image folders are not entered."""
    level = [root]
    for _ in range(3):
        level = [path for folder in level if folder.name.lower() != IMAGES for path in sorted(folder.iterdir())]
        found = next((path for path in level if wanted(path)), None)
        if found:
            return found
        level = [path for path in level if path.is_dir()]
    return None


def _list_file(root, names):
    path = _below(root, lambda path: path.name.lower() in names)
    if path is None:
        raise WrongTree(f"{root} holds no {names[0]}")
    return path


def _images(root):
    folder = _below(root, lambda path: path.is_dir() and path.name.lower() == IMAGES)
    if folder is None:
        raise WrongTree(f"{root} holds no folder Manually_Annotated_Images")
    nested = next((path for path in sorted(folder.iterdir()) if path.name.lower() == IMAGES), None)
    return nested or folder


def _automatic(root):
    found = _below(root, lambda path: path.name.lower().startswith("automatically_annotated"))
    return ("the automatically annotated part is there and is not read",) if found else ()


def _read_list(path, split, images):
    """(samples, whether the list has a header): the released validation list has none, copies of it have one."""
    rows = rows_of(path)
    first = next(rows, [""])
    header = first[0].strip() == COLUMNS[0]
    if header and tuple(cell.strip() for cell in first) != COLUMNS:
        raise Refused(f"{path} has the columns {', '.join(first)}; expected {', '.join(COLUMNS)}")
    if not header and first != [""]:  # what was looked at is a row, and not the mark of an empty file
        rows = itertools.chain([first], rows)
    return [_sample(path, number, cells, split, images) for number, cells in enumerate(rows)], header


def _sample(path, number, cells, split, images):
    where = f"{path}, row {number} below the header, counted from 0"
    if len(cells) != len(COLUMNS):
        return Sample(cells[0], split, number, left_out=f"faulty row of {len(cells)} cells")
    file = f"{images}/{cells[0].strip()}"
    emotion, reason = _emotion(cells[6])
    if reason:
        return Sample(file, split, number, left_out=reason)
    return Sample(
        file,
        split,
        number,
        emotion,
        box=_box(cells[1:5]),
        landmarks=_landmarks(cells[5], where),
        valence=valence_or_arousal(cells[7], where),
        arousal=valence_or_arousal(cells[8], where),
        scheme=POINTS_68,
    )


def _emotion(text):
    """(class, reason it is left out)."""
    try:
        number = int(float(text))
    except (ValueError, OverflowError):  # an infinite one
        return UNLABELLED, f"unknown id {text.strip()[:20]!r}"
    if number in AFFECTNET:
        return AFFECTNET[number], ""
    return UNLABELLED, AFFECTNET_LEFT_OUT.get(number, f"unknown id {number}")


def _box(cells):
    """x, y, width, height; None where a cell is empty, no number, or the size is not positive."""
    try:
        box = tuple(float(cell) for cell in cells)
    except ValueError:
        return None
    return box if all(map(math.isfinite, box)) and box[2] > 0 and box[3] > 0 else None


def _landmarks(text, where):
    """The text x1;y1;x2;y2;... of 68 points; None for an empty cell."""
    text = text.strip().rstrip(";")
    count = text.count(";") + 1
    if text and count != 136:
        raise Refused(f"{where}: facial_landmarks holds {count} numbers; expected 136 (68 points)")
    return text or None


_COUNTS = {"train": (74_874, 134_415, 25_459, 14_090, 6_378, 3_803, 24_882), "test": (500,) * len(EMOTIONS)}
READER = Reader(
    "affectnet",
    "AffectNet (Mollahosseini 2017), its CSV release or its 8-label .npy release",
    read,
    expected_tree="""  Manually_Annotated/Manually_Annotated_Images/<number>/<name>.jpg     (original release)
  Manually_Annotated_file_lists/training.csv, validation.csv
or
  train_set/images/<id>.jpg, train_set/annotations/<id>_{exp,val,aro,lnd}.npy     (8-label release)
  val_set/ likewise""",
    official={"csv": _COUNTS, "npy": _COUNTS},
    not_read={
        "affectnet8": "the 8-class task is out of scope: affectnet reads its seven classes and leaves contempt out"
    },
)
