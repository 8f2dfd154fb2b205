"""FER2013 (Goodfellow 2013): the CSV with its pixels, or image folders; labels of FER+ (Barsoum 2016) on request.

Training, PublicTest and PrivateTest are the splits train, validation and test."""

from pathlib import Path

from data.emotions import FER2013
from data.readers.reader import Reader, ReaderOption, WrongTree
from data.readers.releases import class_folders, ferplus, pixel_table
from data.readers.releases.pixel_table import SPLITS, USAGE
from data.readers.tables.cells import SPLIT_WORDS
from data.readers.tables.listed import left_out
from data.readers.walk import Walk
from data.sample import Listing

TABLES = ("fer2013.csv", "icml_face_data.csv")
VOTES = "fer2013new.csv"
DIVIDED_OTHERWISE = (
    "this is not the original release: all images are divided into train and validation, and PublicTest and "
    "PrivateTest can no longer be told apart"
)


def read(root: Path, *, labels: str = "fer2013") -> Listing:
    """The Listing of FER2013 at `root`; labels: "fer2013", or "ferplus" for the majority of FER+'s ten votes.

    Raises WrongTree; Refused for a table that cannot be read."""
    tables = [root / name for name in TABLES if (root / name).is_file()]
    if labels == "ferplus" and (not tables or not (root / VOTES).is_file()):
        raise WrongTree(f"{root}: the votes of FER+ join the CSV row by row, so both are needed")
    if not tables:
        return _read_folders(root)
    majorities, votes = ferplus.majorities(root / VOTES, tables[0]) if labels == "ferplus" else (None, ())
    samples, notes = pixel_table.read(tables[0], FER2013, {}, majorities)
    others = tuple(f"{path.name} is there too and is not read" for path in tables[1:])
    return Listing(
        "fer2013",
        root,
        f"{tables[0].name}, labels of {'FER+' if labels == 'ferplus' else 'FER2013'}",
        tuple(samples),
        labels,
        notes=left_out(samples) + votes + notes + others,
        aligned=True,
        splits=SPLITS,
    )


def _read_folders(root):
    walk = Walk()
    found = class_folders.find(walk, root, {**SPLIT_WORDS, **USAGE})
    if found is None:
        raise WrongTree(f"{root} holds neither {TABLES[0]} nor folders of images")
    listed = {split: [] for split in SPLITS}
    for own, folder in found.folders.items():
        for image in class_folders.images(walk, folder, class_folders.class_named):
            listed[_usage(image[0]) or own].append(image)
    samples = tuple(one for split in SPLITS for one in class_folders.samples(root, split, listed[split]))
    again = found.validation_is_test and not listed["validation"]
    return Listing(
        "fer2013",
        root,
        f"image folders; {found.layout(root)}" + ("; files named after a Usage are of its split" if not again else ""),
        samples,
        "divided" if again else "fer2013",
        notes=((DIVIDED_OTHERWISE,) if again else ()) + left_out(samples) + found.notes() + walk.notes(root),
        aligned=True,
        splits=tuple(split for split in SPLITS if listed[split]),
    )


def _usage(path):
    """The split that a file's name says, such as PublicTest_77.jpg."""
    return USAGE.get(path.name.split("_")[0].lower())


READER = Reader(
    "fer2013",
    "FER2013 (Goodfellow 2013), its CSV or image folders, with the labels of FER+ (Barsoum 2016) on request",
    read,
    expected_tree="""  fer2013.csv      emotion,pixels,Usage     (also icml_face_data.csv)
or
  train/<class>/Training_<n>.jpg, test/<class>/PublicTest_<n>.jpg and PrivateTest_<n>.jpg
or
  Training/<class>/*.jpg, PublicTest/<class>/*.jpg, PrivateTest/<class>/*.jpg
or
  images/train/<class>/*.jpg, images/validation/<class>/*.jpg     (divided anew; validation is read as test)
  with --labels ferplus: fer2013new.csv beside fer2013.csv""",
    official={
        "fer2013": {
            "train": (4_965, 7_215, 4_830, 3_171, 4_097, 436, 3_995),
            "validation": (607, 895, 653, 415, 496, 56, 467),
            "test": (626, 879, 594, 416, 528, 55, 491),
        },
        # the copy of that layout; class by class, its splits and the original three have the same sums
        "divided": {
            "train": (4_982, 7_164, 4_938, 3_205, 4_103, 436, 3_993),
            "test": (1_216, 1_825, 1_139, 797, 1_018, 111, 960),
        },
    },
    options=(ReaderOption("labels", "whose labels", ("fer2013", "ferplus"), "fer2013"),),
    not_read={"ferplus": "FER+ votes are read with fer2013 --labels ferplus, where fer2013new.csv lies beside its CSV"},
)
