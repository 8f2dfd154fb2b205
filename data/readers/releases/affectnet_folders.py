"""AffectNet as others pass it on: <split>/<class or id>/ of face crops, or labels.csv beside folders of classes."""

from collections import Counter
from pathlib import Path

from data.emotions import AFFECTNET, AFFECTNET_LEFT_OUT, LEFT_OUT_NAMES, UNLABELLED, emotion_named
from data.readers.releases import class_folders
from data.readers.tables import cells
from data.readers.tables.bad_rows import BadRows
from data.readers.tables.cells import BadCell
from data.readers.tables.csv_table import Table
from data.readers.tables.listed import left_out, repeated, with_slashes
from data.readers.walk import Walk
from data.runtime.failures import Refused
from data.sample import Listing, Sample

LABELS = "labels.csv"
NUMBERED = (
    "numbered folders are read by AffectNet's ids (0 neutral, 1 happiness, ...); copies whose numbers follow the "
    "alphabet exist: name the folders after their classes where this is one"
)
NOT_ORIGINAL = "this is not the original release: its images were chosen and cropped by others"


def found_at(root: Path) -> bool:
    """Whether the tree at `root` is such a copy."""
    return (root / LABELS).is_file() or class_folders.find(Walk(), root) is not None


def read(root: Path) -> Listing:
    """The Listing of such a copy. Validation is read as test where there is no test."""
    return _read_labels(root) if (root / LABELS).is_file() else _read_folders(root)


def _read_folders(root):
    walk = Walk()
    found = class_folders.find(walk, root)
    listed = {split: class_folders.images(walk, folder, _class_of) for split, folder in found.folders.items()}
    numbered = _numbered(root, listed.get("train", []))
    samples = [one for split, rows in listed.items() for one in class_folders.samples(root, split, rows)]
    return Listing(
        "affectnet",
        root,
        found.layout(root),
        tuple(samples),
        "folders",
        notes=(NOT_ORIGINAL, *numbered, *left_out(samples), *found.notes(), *walk.notes(root)),
        splits=tuple(found.folders),
    )


def _class_of(folder):
    if folder.name.isdecimal():
        return _emotion("folder", folder.name)
    return class_folders.class_named(folder)


def _emotion(column, text):
    """(class, reason it is left out) by id or name. Raises BadCell."""
    if text.strip()[:1].isdecimal():
        known = (*AFFECTNET, *AFFECTNET_LEFT_OUT)
        number = cells.whole(column, text, known, f"{min(known)} to {max(known)}")
        return AFFECTNET.get(number, UNLABELLED), AFFECTNET_LEFT_OUT.get(number, "")
    if text.strip().lower() in LEFT_OUT_NAMES:
        return UNLABELLED, text.strip().lower()
    try:
        return emotion_named(text), ""
    except ValueError as error:
        raise BadCell(column, str(error)) from None


def _numbered(root, train):
    """Happiness (1) has most images in AffectNet, fear (4) the fewest but one; by the alphabet 4 is happiness."""
    counts = Counter(path.parent.name for path, _, _ in train)
    if not any(name.isdecimal() for name in counts):
        return ()
    if counts["4"] > counts["1"]:
        raise Refused(
            f"{root}: folder 4 holds more images ({counts['4']:,}) than folder 1 ({counts['1']:,}), so its numbers are "
            "not AffectNet's ids (1 happiness, 4 fear); name the folders after their classes"
        )
    return (NUMBERED,)


def _read_labels(root):
    """One list without splits: all of it is read as split train."""
    table, bad, samples = Table(root / LABELS, ("pth", "label"), ("relFCs",)), BadRows(root / LABELS), []
    for row in table:
        where = table.where(row.line)
        try:
            if row.fault:
                raise BadCell("row", row.fault)
            path = cells.path("pth", row.cells["pth"])
        except BadCell as error:
            bad.refuse(where, error)
            continue
        try:
            emotion, reason = _emotion("label", row.cells["label"])
        except BadCell as error:
            emotion, reason = UNLABELLED, bad.leave_out(where, error)
        samples.append(Sample(path, "train", len(samples), emotion, reason))
    samples, written = with_slashes(samples, root)
    notes = (NOT_ORIGINAL, *table.notes, *bad.notes(len(samples)), *_differing(samples), *written)
    return Listing(
        "affectnet",
        root,
        f"{LABELS}, {len(samples):,} rows; it has no splits and is read as train",
        samples,
        "labels",
        notes=left_out(samples) + notes + repeated(samples),
        splits=("train",),
    )


def _differing(samples):
    """Labels of such lists were set anew by a network in one copy; the folders have AffectNet's own."""
    others = [sample for sample in samples if _by_folder(sample.path) not in (None, (sample.emotion, sample.left_out))]
    if others:
        yield (
            f"{len(others):,} of {len(samples):,} labels of {LABELS} differ from the folder's name, such as "
            f"{others[0].path}; the list is taken"
        )


def _by_folder(path):
    parts = path.replace("\\", "/").split("/")
    try:
        return _emotion("folder", parts[-2])
    except (IndexError, BadCell):
        return None
