"""Any images with a table: path,emotion,split[,valence,arousal], one line each."""

from pathlib import Path

from data.emotions import LEFT_OUT_NAMES, UNLABELLED, emotion_named
from data.readers.cells import left_out, repeated, rows_of, valence_or_arousal
from data.readers.reader import Reader, ReaderOption, WrongTree
from data.runtime.failures import Refused
from data.sample import SPLITS, Listing, Sample

COLUMNS = ("path", "emotion", "split")
SPLIT_WORDS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
    "testing": "test",
}


def read(root: Path | None = None, *, manifest: Path) -> Listing:
    """The Listing of a manifest. `root` is the folder its paths start from, by default the table's own.

    Raises WrongTree; Refused naming the row for a column, split, emotion or value that is not understood."""
    table = Path(manifest)
    if not table.is_file():
        raise WrongTree(f"the manifest {table} is missing")
    rows = rows_of(table)
    columns = _columns(table, next(rows, []))
    counts = {}
    samples = tuple(_sample(table, line, dict(zip(columns, row)), counts) for line, row in enumerate(rows, 2))
    if not samples:
        raise Refused(f"{table} lists no image below its header")
    splits = tuple(split for split in SPLITS if split in counts)
    return Listing(
        "manifest",
        Path(root) if root else table.resolve().parent,
        f"manifest {table.name}, {len(samples):,} rows",
        samples,
        notes=left_out(samples) + _unlabelled(samples) + repeated(samples),
        splits=splits,
    )


def _columns(table, header):
    columns = [name.strip().lower() for name in header]
    missing = [name for name in COLUMNS if name not in columns]
    if missing:
        raise Refused(
            f"{table} has the columns {', '.join(columns) or 'none'}; {', '.join(missing)} missing of "
            f"{','.join(COLUMNS)}[,valence,arousal]"
        )
    return columns


def _sample(table, line, cells, counts):
    where = f"{table}, line {line}"
    if len(cells) < len(COLUMNS) or not cells.get("path", "").strip():
        raise Refused(f"{where}: no path, or fewer cells than the header has")
    split = _split(cells.get("split", ""), where)
    row = counts[split] = counts.get(split, -1) + 1
    emotion, reason = _emotion(cells.get("emotion", ""), where)
    return Sample(
        cells["path"].strip(),
        split,
        row,
        emotion,
        reason,
        valence=valence_or_arousal(cells.get("valence", ""), where),
        arousal=valence_or_arousal(cells.get("arousal", ""), where),
    )


def _split(word, where):
    try:
        return SPLIT_WORDS[word.strip().lower()]
    except KeyError:
        raise Refused(f"{where}: split {word!r} is unknown; expected train, validation or test") from None


def _emotion(word, where):
    """(class, reason it is left out); an empty cell is an image without a label, which gets features all the same."""
    name = word.strip().lower()
    if not name:
        return UNLABELLED, ""
    if name in LEFT_OUT_NAMES:
        return UNLABELLED, name
    try:
        return emotion_named(word), ""
    except ValueError as error:
        raise Refused(f"{where}: {error}") from None


def _unlabelled(samples):
    count = sum(sample.emotion == UNLABELLED and not sample.left_out for sample in samples)
    return (
        (f"{count:,} rows have no emotion: they get features and are neither trained nor tested on",) if count else ()
    )


READER = Reader(
    "manifest",
    "any images with a table: path,emotion,split[,valence,arousal]",
    read,
    expected_tree="""  my.csv    path,emotion,split[,valence,arousal]
            photos/anna.jpg,happiness,train
            photos/ben.jpg,anger,test
  paths lie below the table's own folder, or below --root""",
    options=(ReaderOption("manifest", "CSV with path,emotion,split", type=Path, metavar="FILE.csv", needed=True),),
    needs_name=True,
    own_root="the folder of the table",
    not_read={"expw": "ExpW has no reader; list its faces in a manifest"},
)
