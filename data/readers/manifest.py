"""Any images with a table: path,emotion,split[,valence,arousal][,person,gender,age,race], one line each."""

import contextlib
import math
from pathlib import Path

from data.emotions import LEFT_OUT_NAMES, UNLABELLED, emotion_named
from data.readers.reader import Reader, ReaderOption, WrongTree
from data.readers.tables import cells
from data.readers.tables.bad_rows import BadRows
from data.readers.tables.cells import BadCell
from data.readers.tables.csv_table import SEPARATORS, Table
from data.readers.tables.listed import left_out, repeated, with_slashes
from data.runtime.failures import Refused
from data.sample import SPLITS, Listing, Sample

COLUMNS, VALUES = ("path", "emotion", "split"), ("valence", "arousal")
PERSON, AGE = "person", "age"
GROUPS = ("gender", AGE, "race")  # attributes that are read where a table has them; --group names further ones
OLDEST = {3: "0-3", 19: "4-19", 39: "20-39", 69: "40-69", math.inf: "70+"}  # of ages in years, the groups of RAF-DB


def read(root: Path | None = None, *, manifest: Path, group: tuple = ()) -> Listing:
    """The Listing of a manifest. `root` is the folder its paths start from, by default the table's own; `group` names
    further columns that say which group the person in an image belongs to.

    Raises WrongTree; Refused for a table that cannot be read."""
    if not Path(manifest).is_file():
        raise WrongTree(f"the manifest {manifest} is missing")
    table = Table(Path(manifest), (*COLUMNS, *_further(group)), (*VALUES, PERSON, *GROUPS))
    _check_values(table)
    root = Path(root) if root else table.path.resolve().parent
    samples, bad = _read_rows(table, (*GROUPS, *_further(group)))
    samples, written = with_slashes(samples, root)
    separated = "" if table.separator == "," else f" between {SEPARATORS[table.separator]}"
    return Listing(
        "manifest",
        root,
        f"manifest {table.path.name}, {len(samples):,} rows{separated}",
        samples,
        notes=left_out(samples) + table.notes + bad + written + _unlabelled(samples) + repeated(samples),
        splits=tuple(split for split in SPLITS if any(sample.split == split for sample in samples)),
    )


def _further(group):
    """The columns of --group that are not read anyway. Raises Refused for one that holds something else."""
    for name in group:
        if name in (*COLUMNS, *VALUES, PERSON):
            raise Refused(f"--group {name}: the column {name} is no group; name another column")
    return tuple(name for name in dict.fromkeys(group) if name not in GROUPS)


def _check_values(table):
    there = [name for name in VALUES if name in table.columns]
    if len(there) == 1:
        absent = next(name for name in VALUES if name not in there)
        raise Refused(
            f"{table.path} has a column {there[0]} and none called {absent}; both are needed, or neither"
            + "".join(f" ({note})" for note in table.notes)
        )


def _read_rows(table, attributes):
    """(Samples, notes)"""
    bad, samples, counts = BadRows(table.path), [], {}
    people = _people_of([name for name in attributes if name in table.columns], PERSON in table.columns)
    for row in table:
        where = table.where(row.line)
        try:
            path, split = _place(row)
        except BadCell as error:
            bad.refuse(where, error)
            continue
        counts[split] = number = counts.get(split, -1) + 1
        try:
            samples.append(_sample(row.cells, path, split, number, **people(row.cells)))
        except BadCell as error:
            samples.append(Sample(path, split, number, left_out=bad.leave_out(where, error)))
    return samples, bad.notes(len(samples))


def _place(row):
    """(path, split)"""
    if row.fault:
        raise BadCell("row", row.fault)
    return cells.path("path", row.cells["path"]), cells.split_named("split", row.cells["split"])


def _people_of(attributes, person_told):
    """The function of a row's cells to what they say of who is in the image. Rows share what is alike."""
    shared, names = {}, {}
    if not (attributes or person_told):
        return lambda texts: {}

    def people(texts):
        person = texts.get(PERSON, "").strip()
        person = "" if cells.missing(person) else names.setdefault(person, person)
        told = tuple((name, _group(name, texts[name])) for name in attributes if not cells.missing(texts[name]))
        return {"cluster": person, "groups": shared.setdefault(told, told)}

    return people


def _group(attribute, text):
    """The group that a cell names: an age in years is that of its span, anything else stands for itself."""
    if attribute == AGE:
        with contextlib.suppress(BadCell):
            years = int(cells.number(AGE, text))
            return next(span for oldest, span in OLDEST.items() if years <= oldest)
    return text.strip()


def _sample(texts, path, split, number, **people):
    emotion, reason = _emotion(texts["emotion"])
    valence, arousal = (cells.valence_or_arousal(name, texts.get(name, "")) for name in VALUES)
    return Sample(path, split, number, emotion, reason, valence=valence, arousal=arousal, **people)


def _emotion(text):
    """(class, reason it is left out); an empty cell is an image without a label, which gets features all the same.

    `none` is a class of AffectNet, `None` what Python writes for an empty cell."""
    if text.strip() != "none" and cells.missing(text):
        return UNLABELLED, ""
    if text.strip().lower() in LEFT_OUT_NAMES:
        return UNLABELLED, text.strip().lower()
    try:
        return emotion_named(text), ""
    except ValueError as error:
        raise BadCell("emotion", str(error)) from None


def _unlabelled(samples):
    count = sum(sample.emotion == UNLABELLED and not sample.left_out for sample in samples)
    return (
        (f"{count:,} rows have no emotion: they get features and are neither trained nor tested on",) if count else ()
    )


READER = Reader(
    "manifest",
    "any images with a table: path,emotion,split[,valence,arousal][,person,gender,age,race]",
    read,
    expected_tree="""  my.csv    path,emotion,split[,valence,arousal][,person,gender,age,race]
            photos/anna.jpg,happiness,train
            photos/ben.jpg,anger,test            (also between semicolons or tabs)
  paths lie below the table's own folder, or below --root""",
    options=(
        ReaderOption("manifest", "CSV with path,emotion,split", type=Path, metavar="FILE.csv", needed=True),
        ReaderOption(
            "group",
            "a further column with groups of people, beside gender, age and race; may be repeated",
            metavar="COLUMN",
            multiple=True,
        ),
    ),
    needs_name=True,
    own_root="the folder of the table",
    not_read={"expw": "ExpW has no reader; list its faces in a manifest"},
)
