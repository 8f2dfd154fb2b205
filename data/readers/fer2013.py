"""FER2013 (Goodfellow 2013): the CSV with its pixels, or image folders; labels of FER+ (Barsoum 2016) on request.

Training, PublicTest and PrivateTest are the splits train, validation and test."""

from pathlib import Path

import numpy as np

from data.emotions import FER2013, FERPLUS_COLUMNS, UNLABELLED, emotion_named
from data.readers.cells import left_out, reading, rows_of
from data.readers.reader import Reader, ReaderOption, WrongTree
from data.runtime.failures import Refused
from data.sample import Listing, Sample

USAGE = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}
TABLES = ("fer2013.csv", "icml_face_data.csv")
VOTES = "fer2013new.csv"
SIDE = 48
_SPLITS = ("train", "validation", "test")
_FERPLUS_LEFT_OUT = {"contempt": "contempt", "unknown": "uncertain", "NF": "no-face"}  # column -> reason


def read(root: Path, *, labels: str = "fer2013") -> Listing:
    """The Listing of FER2013 at `root`; labels: "fer2013", or "ferplus" for the majority of FER+'s ten votes.

    Raises WrongTree; Refused naming a bad row."""
    table = next((root / name for name in TABLES if (root / name).is_file()), None)
    if labels == "ferplus" and (table is None or not (root / VOTES).is_file()):
        raise WrongTree(f"{root}: the votes of FER+ join the CSV row by row, so both are needed")
    if table is None:
        return _read_folders(root)
    samples = _read_table(table, _majorities(root / VOTES) if labels == "ferplus" else None)
    return Listing(
        "fer2013",
        root,
        f"{table.name}, labels of {'FER+' if labels == 'ferplus' else 'FER2013'}",
        samples,
        labels,
        notes=left_out(samples),
        aligned=True,
        splits=_SPLITS,
    )


def _read_table(table, majorities):
    header, *rows = rows_of(table)
    names = [name.strip() for name in header]
    missing = [name for name in ("emotion", "pixels", "Usage") if name not in names]
    if missing:
        raise Refused(
            f"{table} has the columns {', '.join(names)}; {', '.join(missing)} missing of emotion,pixels,Usage"
        )
    if majorities is not None and len(majorities) != len(rows):
        raise Refused(f"{table} has {len(rows):,} rows, {VOTES} has {len(majorities):,}; they join by position")
    counts = {}
    return tuple(_row(table, number, dict(zip(names, cells)), counts, majorities) for number, cells in enumerate(rows))


def _row(table, number, cells, counts, majorities):
    where = f"{table}, row {number} below the header, counted from 0"
    split = USAGE.get(cells["Usage"].strip())
    if split is None:
        raise Refused(f"{where}: Usage {cells['Usage']!r}; expected {', '.join(USAGE)}")
    counts[split] = row = counts.get(split, -1) + 1
    emotion, reason = _label(cells["emotion"], where) if majorities is None else majorities[number]
    return Sample(f"{table.name}#{number}", split, row, emotion, reason, pixels=_pixels(cells["pixels"], where))


def _label(text, where):
    try:
        return FER2013[int(text)], ""
    except (ValueError, KeyError):
        raise Refused(f"{where}: emotion {text!r}; expected 0 to 6") from None


def _pixels(text, where):
    try:
        values = np.array(text.split(), np.uint8)
    except (ValueError, OverflowError):
        raise Refused(f"{where}: pixels that are not integers of 0 to 255") from None
    if len(values) != SIDE * SIDE:
        raise Refused(f"{where}: {len(values)} pixels; expected {SIDE * SIDE}")
    return values.reshape(SIDE, SIDE)


def _majorities(path):
    """List of (class, reason it is left out), one for each row of the votes, which join by position, not by name."""
    with reading(path):
        header, *rows = rows_of(path)
        names = [name.strip() for name in header]
        start = names.index(FERPLUS_COLUMNS[0])
        columns = names[start:]
        return [majority(np.array(cells[start:], np.int64), columns) for cells in rows]


def majority(votes: np.ndarray, columns: list[str]) -> tuple[int, str]:
    """(class, reason it is left out) by FER+'s rule: single votes are noise; the first of the rest wins if it holds
    more than half of them. votes: counts in the order of the columns."""
    kept = np.where(votes > 1, votes, 0)
    winner = int(kept.argmax())
    if 2 * kept[winner] <= kept.sum():
        return UNLABELLED, "no majority"
    name = columns[winner]
    if name in _FERPLUS_LEFT_OUT:
        return UNLABELLED, _FERPLUS_LEFT_OUT[name]
    return emotion_named(name), ""


def _read_folders(root):
    samples = []
    for folder in sorted(path for path in root.iterdir() if path.is_dir() and path.name in ("train", "test", *USAGE)):
        samples += [
            (_usage(folder, path), path)
            for path in sorted(folder.glob("*/*"))
            if path.suffix.lower() in (".jpg", ".png")
        ]
    if not samples:
        raise WrongTree(f"{root} holds neither {TABLES[0]} nor folders of images")
    listed = tuple(
        Sample(path.relative_to(root).as_posix(), split, row, _class(path.parent))
        for split in _SPLITS
        for row, path in enumerate(path for own, path in samples if own == split)
    )
    return Listing("fer2013", root, "image folders", listed, "fer2013", aligned=True, splits=_SPLITS)


def _usage(folder, path):
    """The split by the file's prefix, else by its folder."""
    prefix = path.name.split("_")[0]
    return USAGE.get(prefix) or USAGE.get(folder.name) or folder.name


def _class(folder):
    """The class by the folder's name: folder numbers follow the alphabet in some copies and the CSV in others."""
    try:
        return emotion_named(folder.name)
    except ValueError:
        raise Refused(
            f"{folder} is not named after a class; expected angry, disgust, fear, happy, neutral, sad, surprise"
        ) from None


READER = Reader(
    "fer2013",
    "FER2013 (Goodfellow 2013), its CSV or image folders, with the labels of FER+ (Barsoum 2016) on request",
    read,
    expected_tree="""  fer2013.csv      emotion,pixels,Usage     (also icml_face_data.csv)
or
  train/<class>/Training_<n>.jpg, test/<class>/PublicTest_<n>.jpg and PrivateTest_<n>.jpg
or
  Training/<class>/*.jpg, PublicTest/<class>/*.jpg, PrivateTest/<class>/*.jpg
  with --labels ferplus: fer2013new.csv beside fer2013.csv""",
    official={
        "fer2013": {
            "train": (4_965, 7_215, 4_830, 3_171, 4_097, 436, 3_995),
            "validation": (607, 895, 653, 415, 496, 56, 467),
            "test": (626, 879, 594, 416, 528, 55, 491),
        }
    },
    options=(ReaderOption("labels", "whose labels", ("fer2013", "ferplus"), "fer2013"),),
    not_read={"ferplus": "FER+ votes are read with fer2013 --labels ferplus, where fer2013new.csv lies beside its CSV"},
)
