"""Tables of named columns: as CSV, for which nothing more is needed; as Parquet and as pandas' DataFrame, which take
the extra `frames` of setup.cfg.

A table is a dict name -> column, all of n rows. A column is an array of numbers or text, or Words. In a DataFrame whole
numbers, float32 and bool keep their type, text is of pandas' own type for it, Words are a categorical; what is missing
is NaN, and an empty cell in a CSV. The numbers of a CSV are as short as gives the same float32 back."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np

from data.emotions import EMOTIONS
from data.files.hdf5 import TEXT_ERRORS
from data.files.publish import publish
from data.runtime.failures import Refused, missing_package

if TYPE_CHECKING:
    import pandas

ENDINGS = (".csv", ".parquet")


@dataclass(frozen=True)
class Words:
    """A column that says one of a few words in each row."""

    codes: np.ndarray  # (n,) whole numbers, places among the words; negative where there is none
    words: tuple = EMOTIONS

    def texts(self) -> np.ndarray:
        """(n,) the words; empty where there is none."""
        return np.array([*self.words, ""], object)[np.where(self.codes < 0, len(self.words), self.codes)]


def frame(columns: dict) -> "pandas.DataFrame":
    """The table as a DataFrame."""
    try:
        import pandas
    except ModuleNotFoundError as error:
        raise missing_package(error) from error
    return pandas.DataFrame({name: _series(column, pandas) for name, column in columns.items()})


def _series(column, pandas):
    if isinstance(column, Words):
        return pandas.Categorical.from_codes(np.where(column.codes < 0, -1, column.codes), column.words)
    return [_printable(text) for text in column] if column.dtype.kind in "OU" else column


def _printable(text):
    """A name from the disk that is not UTF-8, with its bytes spelled out: a DataFrame holds nothing else."""
    return text.encode("utf-8", TEXT_ERRORS).decode("utf-8", "backslashreplace")


def write(columns: dict, path: Path) -> None:
    """Publish a table, whole or not at all, in the form that the ending of `path` says. Raises Refused for another
    ending, ModuleNotFoundError where a package is missing."""
    form = {".csv": _publish_csv, ".parquet": _publish_parquet}
    form[form_of(path)](columns, Path(path))


def form_of(path: Path) -> str:
    """The ending of a path, one of ENDINGS. Raises Refused."""
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        raise Refused(f"{path} ends in {ending or 'nothing'}, expected {' or '.join(ENDINGS)}; name such a file")
    return ending


def _publish_csv(columns, path):
    def fill(temporary):
        with open(temporary, "w", encoding="utf-8", errors=TEXT_ERRORS, newline="") as file:
            write_csv(columns, file)

    publish(path, fill)


def _publish_parquet(columns, path):
    try:
        import pyarrow  # noqa: F401  which pandas takes
    except ModuleNotFoundError as error:
        raise missing_package(error) from error
    table = frame(columns)
    publish(path, lambda temporary: table.to_parquet(temporary, engine="pyarrow", index=False))


def write_csv(columns: dict, file: TextIO) -> None:
    """A line with the names, then a line for every row."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*map(_cells, columns.values())))


def _cells(column):
    if isinstance(column, Words):
        return column.texts()
    if column.dtype.kind != "f":
        return column.tolist()
    return np.where(np.isfinite(column), column.astype(str), "").tolist()
