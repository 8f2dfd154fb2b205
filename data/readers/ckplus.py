"""CK+ (Lucey 2010) as it is passed on: a CSV after FER2013's, emotion,pixels,Usage, with contempt as 7."""

from collections import Counter
from pathlib import Path

from data.emotions import EMOTIONS, FER2013
from data.readers.reader import Reader, WrongTree
from data.readers.releases import pixel_table
from data.readers.tables.listed import left_out
from data.readers.walk import Walk, the_one
from data.sample import Listing

TABLE = "ckextended.csv"
# Its 593 sequences: the first frame of each as neutral, and the peak of the 327 that have a label, 18 of them contempt.
SUMS = (593, 69, 28, 83, 25, 59, 45)
NOT_ORIGINAL = (
    "this is not the original release, which has sequences and no splits; here the same person may stand in several"
)


def read(root: Path) -> Listing:
    """The Listing of CK+ at `root`. Raises WrongTree; Refused for a table that cannot be read."""
    walk = Walk()
    tables = [path for path in walk.files(root) if path.suffix.lower() == ".csv"]
    table = the_one([path for path in tables if path.name.lower() == TABLE] or tables, root, "a table of CK+")
    if table is None:
        raise WrongTree(f"{root} holds no {TABLE}")
    samples, notes = pixel_table.read(table, FER2013, {7: "contempt"})
    return Listing(
        "ckplus",
        root,
        f"{table.name}, after FER2013's table",
        tuple(samples),
        notes=(NOT_ORIGINAL, *left_out(samples), *_sums(samples), *notes),
        aligned=True,
        splits=pixel_table.SPLITS,
    )


def _sums(samples):
    """The splits were drawn by others, so that only their sums are known."""
    found = Counter(sample.emotion for sample in samples)
    for index, (name, known) in enumerate(zip(EMOTIONS, SUMS)):
        if found[index] != known:
            yield f"{name}: {found[index]:,} images in all splits, {known} in the CSV that circulates"


READER = Reader(
    "ckplus",
    "CK+ (Lucey 2010), as the CSV that circulates: emotion,pixels,Usage",
    read,
    expected_tree=f"  {TABLE}      emotion,pixels,Usage     (or the only CSV there)",
    not_read={"ck+": "CK+ is read as ckplus"},
)
