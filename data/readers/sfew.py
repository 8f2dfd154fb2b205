"""SFEW 2.0 (Dhall 2011): movie frames, labelled by the folder they lie in, or the authors' aligned faces.

Val is read as split test, as the paper does. Test has no labels and is not read."""

from collections import Counter
from pathlib import Path

from data.emotions import SFEW_FOLDERS
from data.readers.reader import Reader, ReaderOption, WrongTree
from data.runtime.failures import Refused
from data.sample import Listing, Sample

# The classes of the original Val alone are known officially (below); of the rest only sums are:
SUMS = {"original": {"train": 958, "test": 436}, "aligned": {"train": 891, "test": 431}}
ENDINGS = (".png", ".jpg", ".jpeg")
SPLITS = {"train": "Train", "test": "Val"}


def read(root: Path, *, images: str | None = None) -> Listing:
    """The Listing of SFEW at `root`; images: "original", "aligned", or None for originals where they are.

    Raises WrongTree; Refused for a folder that is not a class."""
    images = images or ("original" if _original(root, "Train") else "aligned")
    find = _original if images == "original" else _aligned
    samples = []
    for split, name in SPLITS.items():
        folder = find(root, name)
        if folder is None:
            raise WrongTree(f"{root / name} holds no {images} images in class folders")
        samples += _samples(root, folder, split)
    return Listing(
        "sfew",
        root,
        f"SFEW 2.0, {images} images; Val is read as test",
        tuple(samples),
        images,
        notes=tuple(_notes(root, samples, images)),
        aligned=images == "aligned",
    )


def _original(root, name):
    return next(
        (
            folder
            for folder in (root / name, root / name / name)
            if any((folder / one).is_dir() for one in SFEW_FOLDERS)
        ),
        None,
    )


def _aligned(root, name):
    """The authors' crops; those of the corrected alignment first."""
    tried = (
        f"{name}_Aligned_Faces_new/{name}_Aligned_Faces",
        f"{name}_Aligned_Faces_new",
        f"{name}_Aligned_Faces",
        f"{name}_Aligned_Faces/{name}_Aligned_Faces",
    )
    return next(
        (root / name / one for one in tried if any((root / name / one / label).is_dir() for label in SFEW_FOLDERS)),
        None,
    )


def _samples(root, folder, split):
    """Samples in the order of class name and file name, whatever order the disk lists them in."""
    for path in folder.iterdir():
        known = path.name in SFEW_FOLDERS or "_Aligned_Faces" in path.name or path.name in SPLITS.values()
        if path.is_dir() and not known and not path.name.startswith((".", "__MACOSX")):
            raise Refused(f"{path} is none of the classes {', '.join(SFEW_FOLDERS)}")
    files = [
        (label, path)
        for label in sorted(SFEW_FOLDERS)
        if (folder / label).is_dir()
        for path in sorted((folder / label).iterdir())
        if path.suffix.lower() in ENDINGS
    ]
    return [
        Sample(path.relative_to(root).as_posix(), split, row, SFEW_FOLDERS[label])
        for row, (label, path) in enumerate(files)
    ]


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
