"""AffectNet's 8-label release: 224 x 224 crops with one .npy file for each annotation."""

from pathlib import Path

import numpy as np

from data.emotions import AFFECTNET, AFFECTNET_LEFT_OUT
from data.readers.cells import left_out, reading
from data.readers.reader import WrongTree
from data.runtime.failures import Refused
from data.sample import POINTS_68, Listing, Sample

FOLDERS = {"train": ("train_set",), "test": ("val_set", "valid_set")}
CONTEMPT_IN_VALIDATION = 499  # 3,999 rows in all; the CSV release lists 500


def found_at(root: Path) -> bool:
    """Whether the tree at `root` is this release."""
    return all(_folder(root, split) is not None for split in FOLDERS)


def _folder(root, split):
    return next((root / name for name in FOLDERS[split] if (root / name / "annotations").is_dir()), None)


def read(root: Path) -> Listing:
    """The Listing of the release; validation is read as test. Rows are the ids, which both splits count from 0."""
    samples, notes = [], []
    for split in FOLDERS:
        folder = _folder(root, split)
        ids = _ids(folder / "annotations", "_exp.npy")
        pictures = set(_ids(folder / "images", ".jpg"))
        notes += _unmatched(folder.name, set(ids), pictures)
        samples += [_sample(folder, split, number) for number in ids]
    return Listing(
        "affectnet",
        root,
        "8-label .npy release; validation is read as test",
        tuple(samples),
        "npy",
        notes=left_out(samples) + tuple(notes),
    )


def _ids(folder, ending):
    """Ids of the files with an ending, in the order of their numbers, not of their digits."""
    if not folder.is_dir():
        raise WrongTree(f"{folder} is missing; the 8-label release has images/ and annotations/ in every set")
    return sorted(
        int(path.name[: -len(ending)])
        for path in folder.iterdir()
        if path.name.endswith(ending) and path.name[: -len(ending)].isdecimal()
    )


def _unmatched(name, annotated, pictures):
    gaps = (
        (annotated - pictures, "annotations without an image (missing in the manifest)"),
        (pictures - annotated, "images without an annotation (not listed)"),
    )
    return [f"{name}: {len(ids):,} {what}, the first {min(ids)}" for ids, what in gaps if ids]


def _sample(folder, split, number):
    picture = f"{folder.name}/images/{number}.jpg"
    path = folder / "annotations" / f"{number}_exp.npy"
    with reading(path):
        expression = int(value_of(path))
    if expression not in AFFECTNET:
        return Sample(picture, split, number, left_out=AFFECTNET_LEFT_OUT.get(expression, f"unknown id {expression}"))
    valence, arousal = (_annotated(folder / "annotations" / f"{number}_{name}.npy") for name in ("val", "aro"))
    return Sample(
        picture,
        split,
        number,
        AFFECTNET[expression],
        valence=valence,
        arousal=arousal,
        landmarks=_landmarks(folder / "annotations" / f"{number}_lnd.npy"),
        scheme=POINTS_68,
    )


def value_of(path: Path) -> float:
    """The one number of a .npy file, stored as text, integer or float, of shape () or (1,). Raises Refused."""
    with reading(path):
        stored = np.load(path, allow_pickle=False)
    if stored.size != 1:
        raise Refused(f"{path} holds {stored.size} values, expected one")
    try:
        return float(stored.reshape(()).item())
    except ValueError:
        raise Refused(f"{path} holds {stored.reshape(()).item()!r}, expected a number") from None


def _annotated(path):
    value = value_of(path) if path.exists() else -2.0
    if value != -2 and not -1 <= value <= 1:
        raise Refused(f"{path} holds {value}, expected -1..1, or -2 for none")
    return float("nan") if value == -2 else value


def _landmarks(path):
    """(68, 2) float32 in pixels of the crop; None where the file is absent."""
    if not path.exists():
        return None
    with reading(path):
        stored = np.load(path, allow_pickle=False)
        if stored.size != 136:
            raise Refused(f"{path} holds {stored.size} numbers, expected 136 (68 points)")
        return stored.astype(np.float32).reshape(68, 2)
