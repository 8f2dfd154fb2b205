"""AffectNet's 8-label release: 224 x 224 crops with one .npy file for each annotation."""

from pathlib import Path

from data.emotions import AFFECTNET, AFFECTNET_LEFT_OUT
from data.readers.reader import WrongTree
from data.readers.tables import cells, small_files
from data.readers.tables.bad_rows import BadRows
from data.readers.tables.cells import BadCell
from data.readers.tables.listed import left_out
from data.readers.walk import Walk
from data.sample import POINTS_68, Listing, Sample

FOLDERS = {"train": ("train_set",), "test": ("val_set", "valid_set")}
CONTEMPT_IN_VALIDATION = 499  # 3,999 rows in all; the CSV release lists 500
_IDS = (*AFFECTNET, *AFFECTNET_LEFT_OUT)


def found_at(root: Path) -> bool:
    """Whether the tree at `root` is this release."""
    return all(_folder(root, split) is not None for split in FOLDERS)


def _folder(root, split):
    return next((root / name for name in FOLDERS[split] if (root / name / "annotations").is_dir()), None)


def read(root: Path) -> Listing:
    """The Listing of the release; validation is read as test. Rows are the ids, which both splits count from 0."""
    walk, samples, notes = Walk(), [], []
    for split in FOLDERS:
        folder = _folder(root, split)
        ids, pictures = _ids(walk, folder / "annotations"), _pictures(walk, folder / "images")
        notes += _unmatched(folder.name, set(ids), set(pictures))
        bad = BadRows(folder)
        samples += [_sample(folder, pictures.get(number, f"{number}.jpg"), split, number, bad) for number in ids]
        notes += bad.notes(len(ids))
    return Listing(
        "affectnet",
        root,
        "8-label .npy release; validation is read as test",
        tuple(samples),
        "npy",
        notes=left_out(samples) + tuple(notes) + walk.notes(root),
    )


def _ids(walk, folder):
    """Ids of the annotated images, in the order of their numbers, not of their digits."""
    names = (path.name for path in walk.entries(folder))
    return sorted(
        int(name.removesuffix("_exp.npy"))
        for name in names
        if name.endswith("_exp.npy") and name.removesuffix("_exp.npy").isdecimal()
    )


def _pictures(walk, folder):
    """Dict id -> name of its image, whatever its ending."""
    if not folder.is_dir():
        raise WrongTree(f"{folder} is missing; the 8-label release has images/ and annotations/ in every set")
    images = walk.images(folder, deep=False)
    return {int(path.stem): path.name for path in reversed(images) if path.stem.isdecimal()}


def _unmatched(name, annotated, pictures):
    gaps = (
        (annotated - pictures, "annotations without an image (missing in the manifest)"),
        (pictures - annotated, "images without an annotation (not listed)"),
    )
    return [f"{name}: {len(ids):,} {what}, the first {min(ids)}" for ids, what in gaps if ids]


def _sample(folder, picture, split, number, bad):
    path = f"{folder.name}/images/{picture}"
    try:
        return _annotated(folder / "annotations", path, split, number)
    except BadCell as error:
        return Sample(path, split, number, left_out=bad.leave_out(f"id {number}", error))


def _annotated(folder, path, split, number):
    text = small_files.scalar("expression", folder / f"{number}_exp.npy", "one id")
    expression = _named(
        folder / f"{number}_exp.npy", cells.whole, "expression", text, _IDS, f"{min(_IDS)} to {max(_IDS)}"
    )
    if expression not in AFFECTNET:
        return Sample(path, split, number, left_out=AFFECTNET_LEFT_OUT[expression])
    return Sample(
        path,
        split,
        number,
        AFFECTNET[expression],
        valence=_value("valence", folder / f"{number}_val.npy"),
        arousal=_value("arousal", folder / f"{number}_aro.npy"),
        landmarks=_landmarks(folder / f"{number}_lnd.npy"),
        scheme=POINTS_68,
    )


def _named(path, read_cell, column, *arguments):
    """What `read_cell` makes of a value, with the file in the message where it cannot be read."""
    try:
        return read_cell(column, *arguments)
    except BadCell as error:
        raise BadCell(column, f"{path}: {str(error).removeprefix(f'{column}: ')}") from None


def _value(column, path):
    """Valence or arousal; NaN where the file is absent."""
    if not path.exists():
        return float("nan")
    return _named(path, cells.valence_or_arousal, column, small_files.scalar(column, path, "one number"))


def _landmarks(path):
    """(68, 2) float32 in pixels of the crop; None where the file is absent."""
    if not path.exists():
        return None
    return small_files.floats("landmarks", path, 136, "136 numbers (68 points)").reshape(68, 2)
