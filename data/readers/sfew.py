"""SFEW 2.0 (Dhall 2011): movie frames, labelled by the folder they lie in, or the authors' aligned faces.

Val is read as split test, as the paper does. Test has no labels and is not read."""

import re
from collections import Counter
from pathlib import Path

from data.emotions import SFEW_FOLDERS
from data.readers.reader import Reader, ReaderOption, WrongTree
from data.readers.walk import Walk, child
from data.runtime.failures import Refused
from data.sample import Listing, Sample

# The classes of the original Val alone are known officially (below); of the rest only sums are:
SUMS = {"original": {"train": 958, "test": 436}, "aligned": {"train": 891, "test": 431}}
SPLITS = {"train": ("train",), "test": ("val", "validation", "valid")}  # names of folders, in capitals or not
CLIP = re.compile(r"(.+_\d{9})_\d{8}")  # movie and time at which a clip begins, then the number of the frame
_SPLIT_NAMES = tuple(name for names in SPLITS.values() for name in names)


def read(root: Path, *, images: str | None = None) -> Listing:
    """The Listing of SFEW at `root`; images: "original", "aligned", or None for originals where they are.

    Raises WrongTree; Refused for a folder that is not a class."""
    walk = Walk()
    folders = {split: _split_folder(walk, root, split) for split in SPLITS}
    images = images or ("original" if folders["train"] and _original(walk, folders["train"]) else "aligned")
    find = _original if images == "original" else _aligned
    found, samples = {}, []
    for split, folder in folders.items():
        found[split] = folder and find(walk, folder)
        if found[split] is None:
            name = SPLITS[split][0].capitalize()
            raise WrongTree(f"{folder or root / name} holds no {images} images in class folders")
        samples += _samples(walk, root, found[split], split)
    places = ", ".join(f"{folder.relative_to(root).as_posix()}/ as {split}" for split, folder in found.items())
    return Listing(
        "sfew",
        root,
        f"SFEW 2.0, {images} images; {places}",
        tuple(samples),
        images,
        notes=(*_notes(root, samples, images), *walk.notes(root)),
        aligned=images == "aligned",
    )


def _split_folder(walk, root, split):
    return child(walk, root, SPLITS[split], f"the split {split}")


def _original(walk, folder):
    inner = [path for path in walk.folders(folder) if path.name.lower() == folder.name.lower()]
    return next((one for one in (folder, *inner) if _holds_classes(one)), None)


def _holds_classes(folder):
    return any((folder / label).is_dir() for label in SFEW_FOLDERS)


def _aligned(walk, folder):
    """The authors' crops; those of the corrected alignment first."""
    name = {"train": "Train", "val": "Val"}.get(folder.name.lower(), "Val")
    tried = (
        f"{name}_Aligned_Faces_new/{name}_Aligned_Faces",
        f"{name}_Aligned_Faces_new",
        f"{name}_Aligned_Faces",
        f"{name}_Aligned_Faces/{name}_Aligned_Faces",
    )
    return next((folder / one for one in tried if _holds_classes(folder / one)), None)


def _samples(walk, root, folder, split):
    """Samples in the order of class name and file name, whatever order the disk lists them in."""
    for path in walk.folders(folder):
        known = path.name in SFEW_FOLDERS or "_Aligned_Faces" in path.name or path.name.lower() in _SPLIT_NAMES
        if not known:
            raise Refused(f"{path} is none of the classes {', '.join(SFEW_FOLDERS)}")
    for path in walk.files(folder):
        walk.pass_over(path)
    files = [
        (label, path)
        for label in sorted(SFEW_FOLDERS)
        if (folder / label).is_dir()
        for path in walk.images(folder / label)
    ]
    return [
        Sample(path.relative_to(root).as_posix(), split, row, SFEW_FOLDERS[label], cluster=_clip(path.stem))
        for row, (label, path) in enumerate(files)
    ]


def _clip(name):
    """The clip that a frame is of, by its name; empty for names of another form."""
    found = CLIP.fullmatch(name)
    return found[1] if found else ""


def _notes(root, samples, images):
    for split, expected in SUMS[images].items():
        names = Counter(sample.path.rsplit("/", 1)[1] for sample in samples if sample.split == split)
        if names.total() != expected:
            yield f"{split}: {names.total():,} images, officially {expected} ({images})"
        several = [name for name, count in names.items() if count > 1]
        if several:
            yield (
                f"{split}: {len(several)} file names stand in two classes, such as {several[0]}; each is a "
                "sample of its own"
            )
    if (root / "Test").is_dir():
        yield "Test has no labels and is not read"


READER = Reader(
    "sfew",
    "SFEW 2.0 (Dhall 2011): movie frames or the authors' aligned faces",
    read,
    expected_tree="""  Train/{Angry,Disgust,Fear,Happy,Neutral,Sad,Surprise}/*.png     movie frames
  Train/Train_Aligned_Faces/<Class>/*.png                         or the authors' crops
  Val/ likewise (also Val/Val_Aligned_Faces_new/Val_Aligned_Faces/)""",
    official={"original": {"test": (86, 73, 73, 57, 47, 23, 77)}},
    options=(ReaderOption("images", "which of its images", ("original", "aligned"), "original where there"),),
)
