"""AffectNet (Mollahosseini 2017): the original CSV lists, the 8-label release with .npy annotations, or folders of
classes as it is passed on.

Its validation list is read as split test: the test set was never released, and papers test on validation."""

from pathlib import Path

from data.emotions import AFFECTNET, AFFECTNET_LEFT_OUT, EMOTIONS, UNLABELLED
from data.readers.reader import Reader, WrongTree
from data.readers.releases import affectnet_folders, affectnet_npy
from data.readers.tables import cells as read_cell
from data.readers.tables.bad_rows import BadRows
from data.readers.tables.cells import BadCell, missing
from data.readers.tables.csv_table import SEPARATORS, Table
from data.readers.tables.listed import left_out, repeated, with_slashes
from data.readers.walk import Walk, needed, the_one
from data.sample import POINTS_68, Listing, Sample

BOX = ("face_x", "face_y", "face_width", "face_height")
COLUMNS = ("subDirectory_filePath", *BOX, "facial_landmarks", "expression", "valence", "arousal")
LISTS = {"train": ("training.csv", "manually_training.csv"), "test": ("validation.csv", "manually_validation.csv")}
IMAGES = "manually_annotated_images"
_IN_NUMBERS = b"0123456789.;-+eE"
_IDS = range(len(EMOTIONS) + len(AFFECTNET_LEFT_OUT))
_EXPECTED = f"{_IDS[0]} to {_IDS[-1]}"


def read(root: Path) -> Listing:
    """The Listing of AffectNet at `root`. Raises WrongTree; Refused for a list that cannot be read."""
    walk = Walk()
    if affectnet_npy.found_at(root):
        return affectnet_npy.read(root)
    tree = walk.below(root, closed=(IMAGES,))
    if _folders(tree, ("human_annotated",)):
        raise WrongTree(f"{root} looks like AffectNet+ (2024), which is out of scope")
    lists = {split: the_one(_files(tree, names), root, f"the list {names[0]}") for split, names in LISTS.items()}
    if not any(lists.values()) and affectnet_folders.found_at(root):
        return affectnet_folders.read(root)
    lists = {split: needed(path, root, LISTS[split][0]) for split, path in lists.items()}
    return _read_lists(root, walk, tree, lists)


def _files(tree, names):
    return [path for path in tree if path.name.lower() in names and path.is_file()]


def _folders(tree, names):
    return [path for path in tree if path.name.lower() in names and path.is_dir()]


def _read_lists(root, walk, tree, lists):
    images = _images(walk, root, tree)
    tables = {split: Table(path, COLUMNS, header_needed=False) for split, path in lists.items()}
    samples, notes = [], []
    for split, table in tables.items():
        rows, bad = _read_list(table, split, images.relative_to(root).as_posix())
        samples += rows
        notes += [*table.notes, *bad]
    samples, written = with_slashes(samples, root)
    headers = ", ".join(f"{table.path.name} {_described(table)}" for table in tables.values())
    return Listing(
        "affectnet",
        root,
        f"original CSV release ({headers}; images in {images.relative_to(root).as_posix()}); "
        "validation is read as test",
        samples,
        "csv",
        notes=left_out(samples) + tuple(notes) + written + repeated(samples) + _automatic(tree) + walk.notes(root),
    )


def _described(table):
    separated = "" if table.separator == "," else f", between {SEPARATORS[table.separator]}"
    return f"{'with' if table.header else 'without'} header{separated}"


def _images(walk, root, tree):
    what = "the folder Manually_Annotated_Images"
    folder = needed(the_one(_folders(tree, (IMAGES,)), root, what), root, what.removeprefix("the "))
    nested = next((path for path in walk.folders(folder) if path.name.lower() == IMAGES), None)
    return nested or folder


def _automatic(tree):
    found = any(path.name.lower().startswith("automatically_annotated") for path in tree)
    return ("the automatically annotated part is there and is not read",) if found else ()


def _read_list(table, split, images):
    """(samples, notes): the released validation list has no header, copies of it have one."""
    bad, samples = BadRows(table.path), []
    for number, row in enumerate(table):
        try:
            file = f"{images}/{read_cell.path('subDirectory_filePath', row.cells['subDirectory_filePath'])}"
        except BadCell as error:
            bad.refuse(table.where(row.line), error)
            continue
        try:
            samples.append(_sample(file, split, number, row))
        except BadCell as error:
            reason = bad.leave_out(table.where(row.line), error)
            samples.append(Sample(file, split, number, left_out=reason))
    return samples, bad.notes(len(samples))


def _sample(file, split, number, row):
    if row.fault:
        raise BadCell("row", row.fault)
    cells = row.cells
    expression = read_cell.whole("expression", cells["expression"], _IDS, _EXPECTED)
    if expression not in AFFECTNET:
        return Sample(file, split, number, UNLABELLED, AFFECTNET_LEFT_OUT[expression])
    return Sample(
        file,
        split,
        number,
        AFFECTNET[expression],
        box=_box([cells[name] for name in BOX]),
        landmarks=_landmarks(cells["facial_landmarks"]),
        valence=read_cell.valence_or_arousal("valence", cells["valence"]),
        arousal=read_cell.valence_or_arousal("arousal", cells["arousal"]),
        scheme=POINTS_68,
    )


def _box(cells):
    """x, y, width, height; None where one is missing, or the size is not positive, as in rows without a face."""
    if any(map(missing, cells)):
        return None
    box = tuple(map(read_cell.number, BOX, cells))
    return box if box[2] > 0 and box[3] > 0 else None


def _landmarks(text):
    """The text x1;y1;x2;y2;... of 68 points; None where it is missing. Whether each is a number is seen when the
    points are looked at: to read 287,651 x 136 numbers takes many seconds."""
    if missing(text):
        return None
    text = text.strip().rstrip(";")
    count = text.count(";") + 1
    if count != 136:
        raise BadCell("facial_landmarks", f"{count} numbers; expected 136 (68 points)")
    if not text.isascii() or text.encode().translate(None, _IN_NUMBERS):
        raise BadCell("facial_landmarks", f"{read_cell.shown(text)} holds something else than numbers")
    return text


_COUNTS = {"train": (74_874, 134_415, 25_459, 14_090, 6_378, 3_803, 24_882), "test": (500,) * len(EMOTIONS)}
READER = Reader(
    "affectnet",
    "AffectNet (Mollahosseini 2017), its CSV release or its 8-label .npy release, or folders of its classes",
    read,
    expected_tree="""  Manually_Annotated/Manually_Annotated_Images/<number>/<name>.jpg     (original release)
  Manually_Annotated_file_lists/training.csv, validation.csv
or
  train_set/images/<id>.jpg, train_set/annotations/<id>_{exp,val,aro,lnd}.npy     (8-label release)
  val_set/ likewise
or
  train/<class or id>/*.jpg, val/<class or id>/*.jpg     (copies that others made)
or
  labels.csv with the columns pth,label beside <class>/*.jpg""",
    official={"csv": _COUNTS, "npy": _COUNTS, "folders": _COUNTS},
    not_read={
        "affectnet8": "the 8-class task is out of scope: affectnet reads its seven classes and leaves contempt out"
    },
)
