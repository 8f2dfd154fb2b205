"""RAF-DB, basic emotions (Li 2017): the label file, and original photographs or the authors' aligned crops."""

import functools
from pathlib import Path

import numpy as np

from data.emotions import EMOTIONS, RAFDB, UNLABELLED
from data.readers.reader import Reader, ReaderOption, WrongTree
from data.readers.releases import rafdb_folders
from data.readers.tables import cells, small_files
from data.readers.tables.bad_rows import BadRows
from data.readers.tables.cells import BadCell
from data.readers.tables.listed import left_out
from data.readers.walk import Walk, the_one
from data.sample import EYE_CENTRES, Listing, Sample

# What the last three numbers of a manual annotation stand for; a gender of 2 is "unsure", which is no group.
ATTRIBUTES = {
    "gender": {0: "male", 1: "female"},
    "race": {0: "Caucasian", 1: "African-American", 2: "Asian"},
    "age": {0: "0-3", 1: "4-19", 2: "20-39", 3: "40-69", 4: "70+"},
}
LABEL_FILES = ("list_patition_label.txt", "list_partition_label.txt")  # the first is how the release spells it
ALIGNED = "_aligned"


def read(root: Path, *, images: str | None = None) -> Listing:
    """The Listing of RAF-DB at `root`; images: "original", "aligned", or None for originals where they are.

    Raises WrongTree; Refused for a list that cannot be read. There is no official validation split."""
    walk = Walk()
    labels = _label_file(walk, root)
    if labels is None:
        return rafdb_folders.read(root)
    base = labels.parent.parent
    images = images or ("original" if _pictures(Walk(), base / "Image" / "original") else "aligned")
    pictures = _pictures(walk, base / "Image" / images)
    if not pictures:
        raise WrongTree(f"{base / 'Image' / images} holds no image")
    samples, notes = _read_labels(root, base, labels, images, pictures)
    return Listing(
        "rafdb",
        root,
        f"basic, {images} images; {labels.relative_to(root).as_posix()}",
        tuple(samples),
        images,
        notes=left_out(samples) + notes + walk.notes(root),
        aligned=images == "aligned",
    )


def _label_file(walk, root):
    """The label file; None for a tree of folders. Raises WrongTree, Refused where two differ."""
    bases = [root, *walk.folders(root)]
    bases += [folder for base in bases[1:] for folder in walk.folders(base) if folder.name.lower() == "basic"]
    paths = [base / "EmoLabel" / name for base in bases if base.name != "compound" for name in LABEL_FILES]
    found = the_one([path for path in paths if path.is_file()], root, "the list of labels")
    if found:
        return found
    if (root / "compound").is_dir() or root.name == "compound":
        raise WrongTree(f"{root} holds the compound emotions, which are out of scope")
    if not rafdb_folders.found_at(root):
        raise WrongTree(f"{root} holds no EmoLabel/{LABEL_FILES[0]}")
    return None


def _pictures(walk, folder):
    """Dict name without ending -> name, of the images there; .jpg, as in the release, before others."""
    found = walk.images(folder, deep=False) if folder.is_dir() else []
    return {path.stem: path.name for path in sorted(found, key=lambda path: path.suffix == ".jpg")}


def _read_labels(root, base, labels, images, pictures):
    """(Samples, notes)"""
    bad, samples, counts = BadRows(labels), [], {"train": -1, "test": -1}
    folder = (base / "Image" / images).relative_to(root).as_posix()
    for line, text in small_files.lines(labels):
        where = f"line {line}"
        try:
            name, split = _name(text)
        except BadCell as error:
            bad.refuse(where, error)
            continue
        counts[split] += 1
        stem = name + ALIGNED if images == "aligned" else name
        path = f"{folder}/{pictures.get(stem, f'{stem}.jpg')}"
        try:
            emotion = _label(text)
            face = _face(base, name, images)
        except BadCell as error:
            samples.append(Sample(path, split, counts[split], UNLABELLED, bad.leave_out(where, error)))
            continue
        samples.append(Sample(path, split, counts[split], emotion, **face))
    return samples, bad.notes(len(samples))


def _name(text):
    """(name of the photograph without ending, split) of a line such as `train_00042.jpg 3`; some lists have the names
    of the crops."""
    name = text.split()[0]
    split = name.split("_")[0]
    if split not in ("train", "test"):
        raise BadCell("name", f"{cells.shown(text)}; expected train_NNNNN.jpg or test_NNNN.jpg and a label")
    return name.rsplit(".", 1)[0].removesuffix(ALIGNED), split


def _label(text):
    """Its second word; further columns are passed over."""
    words = [*text.split(), ""]
    expected = f"1 to {len(EMOTIONS)} (a 0 is a re-numbered copy, up to 11 the compound part)"
    return RAFDB[cells.whole("label", words[1], RAFDB, expected)]


def _face(base, name, images):
    """What a Sample knows of the labelled face. Box and landmarks are of the original image."""
    landmarks, groups = _manual(base / "Annotation" / "manual" / f"{name}_manu_attri.txt")
    if images == "aligned":
        return {"groups": groups}
    box = _box(base / "Annotation" / "boundingbox" / f"{name}_boundingbox.txt")
    return {"box": box, "landmarks": landmarks, "scheme": EYE_CENTRES, "groups": groups}


def _box(path):
    """x, y, width, height from the corners of the release's file, cut at the image's upper left; None in v1.0 trees."""
    if not path.exists():
        return None
    corners = small_files.numbers("box", path, 4, "4 numbers: x_min y_min x_max y_max")
    left, top, right, bottom = np.maximum(corners, 0).tolist()
    return (left, top, right - left, bottom - top) if right > left and bottom > top else None


def _manual(path):
    """((5, 2) float32 eyes, nose tip and mouth corners, (attribute, value) pairs); (None, ()) where absent."""
    if not path.exists():
        return None, ()
    numbers = small_files.numbers("landmarks", path, 13, "5 points and 3 attributes")
    return np.array(numbers[:10], np.float32).reshape(5, 2), _groups(*numbers[10:])


@functools.cache  # of the few combinations there are, so that rows share them
def _groups(*codes):
    """(attribute, value) pairs of codes in the order of ATTRIBUTES, without those that say nothing."""
    named = ((name, values.get(code)) for (name, values), code in zip(ATTRIBUTES.items(), codes))
    return tuple((name, value) for name, value in named if value)


_COUNTS = {"train": (2_524, 4_772, 1_982, 1_290, 281, 717, 705), "test": (680, 1_185, 478, 329, 74, 160, 162)}
READER = Reader(
    "rafdb",
    "RAF-DB (Li 2017), basic emotions: original photographs or the authors' aligned crops",
    read,
    expected_tree="""  basic/EmoLabel/list_patition_label.txt     (also list_partition_label.txt)
  basic/Image/original/train_00001.jpg       or Image/aligned/train_00001_aligned.jpg
  basic/Annotation/manual/train_00001_manu_attri.txt, basic/Annotation/boundingbox/train_00001_boundingbox.txt
or
  DATASET/train/1..7/*.jpg, DATASET/test/1..7/*.jpg     (a copy of the crops that others made)""",
    official={"original": _COUNTS, "aligned": _COUNTS, "folders": _COUNTS},
    options=(ReaderOption("images", "which of its images", ("original", "aligned"), "original where there"),),
    not_read={"rafdb-compound": "compound emotions are out of scope: rafdb reads the basic part"},
)
