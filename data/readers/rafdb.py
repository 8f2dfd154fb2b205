"""RAF-DB, basic emotions (Li 2017): the label file, and original photographs or the authors' aligned crops."""

from pathlib import Path

import numpy as np

from data.emotions import EMOTIONS, RAFDB
from data.readers.cells import reading
from data.readers.reader import Reader, ReaderOption, WrongTree
from data.runtime.failures import Refused
from data.sample import EYE_CENTRES, Listing, Sample

LABEL_FILES = ("list_patition_label.txt", "list_partition_label.txt")  # the first is how the release spells it


def read(root: Path, *, images: str | None = None) -> Listing:
    """The Listing of RAF-DB at `root`; images: "original", "aligned", or None for originals where they are.

    Raises WrongTree; Refused naming a bad line. There is no official validation split."""
    base, labels = _label_file(root)
    images = images or ("original" if _holds_images(base / "Image" / "original") else "aligned")
    if not _holds_images(base / "Image" / images):
        raise WrongTree(f"{base / 'Image' / images} holds no image")
    samples = tuple(_samples(root, base, labels, images))
    return Listing("rafdb", root, f"basic, {images} images", samples, images, aligned=images == "aligned")


def _label_file(root):
    for base in (root, *sorted(path for path in root.glob("*") if path.is_dir()), *sorted(root.glob("*/basic"))):
        for name in LABEL_FILES:
            if (base / "EmoLabel" / name).is_file() and base.name != "compound":
                return base, base / "EmoLabel" / name
    if (root / "compound").is_dir() or root.name == "compound":
        raise WrongTree(f"{root} holds the compound emotions, which are out of scope")
    raise WrongTree(f"{root} holds no EmoLabel/{LABEL_FILES[0]}")


def _holds_images(folder):
    return folder.is_dir() and any(path.suffix.lower() in (".jpg", ".png") for path in folder.iterdir())


def _samples(root, base, labels, images):
    counts = {"train": -1, "test": -1}
    folder = (base / "Image" / images).relative_to(root).as_posix()
    with reading(labels):
        lines = labels.read_text(encoding="utf-8-sig").splitlines()
    for line, text in enumerate(lines, 1):
        if not text.strip():
            continue
        name, split, emotion = _label(text, f"{labels}, line {line}")
        counts[split] += 1
        if images == "aligned":
            yield Sample(f"{folder}/{name}_aligned.jpg", split, counts[split], emotion)
        else:
            yield Sample(
                f"{folder}/{name}.jpg",
                split,
                counts[split],
                emotion,
                box=_box(base, name),
                landmarks=_landmarks(base, name),
                scheme=EYE_CENTRES,
            )


def _label(text, where):
    """(name without ending, split, class) of a line such as `train_00042.jpg 3`; further columns are passed over."""
    name, *rest = text.split()
    split = name.split("_")[0]
    if split not in ("train", "test") or not rest:
        raise Refused(
            f"{where}: {text!r}; expected train_NNNNN.jpg or test_NNNN.jpg and a label of 1 to {len(EMOTIONS)}"
        )
    if not rest[0].isdecimal() or int(rest[0]) not in RAFDB:
        raise Refused(
            f"{where}: label {rest[0]!r}; expected 1 to 7 (a 0 is a re-numbered copy, up to 11 the compound part)"
        )
    return name.rsplit(".", 1)[0], split, RAFDB[int(rest[0])]


def _box(base, name):
    """x, y, width, height from the corners of the release's file, cut at the image's upper left; None in v1.0 trees."""
    path = base / "Annotation" / "boundingbox" / f"{name}_boundingbox.txt"
    if not path.exists():
        return None
    with reading(path):
        numbers = [float(number) for number in path.read_text(encoding="utf-8").split()]
    if len(numbers) != 4:
        raise Refused(f"{path} holds {len(numbers)} numbers, expected 4: x_min y_min x_max y_max")
    left, top, right, bottom = np.maximum(numbers, 0).tolist()
    return (left, top, right - left, bottom - top) if right > left and bottom > top else None


def _landmarks(base, name):
    """(5, 2) float32: eyes, nose tip, mouth corners, then three attributes that are not used; None where absent."""
    path = base / "Annotation" / "manual" / f"{name}_manu_attri.txt"
    if not path.exists():
        return None
    with reading(path):
        numbers = path.read_text(encoding="utf-8").split()
        if len(numbers) != 13:
            raise Refused(f"{path} holds {len(numbers)} numbers, expected 5 points and 3 attributes")
        return np.array(numbers[:10], np.float32).reshape(5, 2)


_COUNTS = {"train": (2_524, 4_772, 1_982, 1_290, 281, 717, 705), "test": (680, 1_185, 478, 329, 74, 160, 162)}
READER = Reader(
    "rafdb",
    "RAF-DB (Li 2017), basic emotions: original photographs or the authors' aligned crops",
    read,
    expected_tree="""  basic/EmoLabel/list_patition_label.txt     (also list_partition_label.txt)
  basic/Image/original/train_00001.jpg       or Image/aligned/train_00001_aligned.jpg
  basic/Annotation/manual/train_00001_manu_attri.txt, basic/Annotation/boundingbox/train_00001_boundingbox.txt""",
    official={"original": _COUNTS, "aligned": _COUNTS},
    options=(ReaderOption("images", "which of its images", ("original", "aligned"), "original where there"),),
    not_read={"rafdb-compound": "compound emotions are out of scope: rafdb reads the basic part"},
)
