"""The columns of a results file: what stands there of each head and of each test set, declared once.

Writing, reading, the schema, and what is read from files that were written before a column existed all follow from its
declaration. A further column is one more, made known by `register`; docs/extending.md shows how."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data.emotions import UNLABELLED
from data.files.fields import TEXT, Field, people

HEAD, TEST_SET = "heads", "tests/*"  # where the columns of each lie


@dataclass(frozen=True)
class Column:
    """One column. Its value is the field of that name of Head, HeadOutcome or TestSet, else lies in its `more`.

    A column that is not needed may be missing from a file: from before it was declared, or where nobody has a value."""

    name: str
    of: str  # HEAD or TEST_SET
    field: Field
    default: object = None  # of heads and test sets in files that lack the column
    made: Callable[[dict], object] | None = None  # from the other values by name, for what has none of its own
    place: str = ""  # where not below `of`
    memory: str = ""  # type once read, where it is not that of the file

    @property
    def path(self) -> str:
        """Pattern of its dataset."""
        return self.place or f"{self.of}/{self.name}"

    def value(self, values: dict) -> object:
        """What stands in this column of a head or test set whose other values are given by name; None for nothing."""
        own = values.get(self.name)
        if own is None and self.made:
            own = self.made(values)
        return self.default if own is None else own

    def stacked(self, values: list) -> np.ndarray | None:
        """The values of all heads as they are written; None where the column can be left out."""
        if not self.field.needed and all(value is None for value in values):
            return None
        if any(value is None for value in values):
            raise ValueError(f"the column {self.name} has no value for some heads, and no default")
        shape = np.broadcast_shapes(*{np.shape(value) for value in values})
        return self.array(np.stack([np.broadcast_to(value, shape) for value in values]))

    def array(self, value: object) -> np.ndarray | None:
        """A whole column, of all heads or of a test set, as it is written; None where it can be left out."""
        if not self.field.needed and np.ndim(value) < len(self.field.axes):
            return None  # nothing, or a default alone
        return np.asarray(value, object if self.field.type == TEXT else self.field.type)

    def read(self, array: np.ndarray) -> np.ndarray:
        """The values of all heads, or of a test set, as they are in memory."""
        return array.astype(self.memory) if self.memory else array


def _head(name: str, type: str, description: str, **options) -> Column:
    return Column(name, HEAD, Field(type, ("head",), description), **options)


_DECLARED = (
    _head("family", TEXT, "family of heads, as data.heads names it"),
    _head("k", "int32", "learned dimensions of the representation; 0 for the baseline"),
    _head("run", "int32", "number of the initialisation"),
    _head("seed", "int64", "what the initialisation was drawn from"),
    _head("loss", "float64", "Eq. 1 over all training rows, after the last step"),
    _head("failure", TEXT, "why the head has no scores; else empty"),
    Column(
        "confusion",
        HEAD,
        Field(
            "int32",
            ("head", "classifier", "test set", "true emotion", "predicted emotion"),
            "how many test rows of each emotion each classifier took for which; classifiers and test sets in the order "
            "of the file's attributes; all 0 where a classifier was not trained or scored",
            packed=True,
        ),
        place="confusion",
        memory="int64",  # sums of many runs must not wrap
    ),
    Column(
        "emotion",
        TEST_SET,
        Field("int8", ("test row",), "true emotion, an index into the attribute emotions", within=(UNLABELLED, "C")),
    ),
    Column("row", TEST_SET, Field("int64", ("test row",), "row in the source list of the split, counted from 0")),
    Column(
        "status_counts",
        TEST_SET,
        Field(
            "int64",
            ("emotion or none", "status"),
            "how many listed images of each emotion ended in which status; what coverage follows from",
            within=(0, None),
        ),
    ),
    Column(
        "path", TEST_SET, Field(TEXT, ("test row",), "path of the image as the source list spells it", needed=False)
    ),
    *(Column(name, TEST_SET, field) for name, field in people("test row").items()),
)

COLUMNS = {(column.of, column.name): column for column in _DECLARED}


def register(column: Column) -> Column:
    """Make a column known to writers, readers and the schema. Raises ValueError where its name is taken by another, or
    files from before it could not be read."""
    if not column.name.isidentifier() or column.field.needed:
        raise ValueError(f"a further column has a plain name and is not needed, unlike {column.name!r}")
    if COLUMNS.setdefault((column.of, column.name), column) != column:
        raise ValueError(f"there is a column {column.name!r} already; choose another name")
    return column


def columns(of: str) -> list[Column]:
    """The columns of HEAD or TEST_SET, in the order of their declaration."""
    return [column for column in COLUMNS.values() if column.of == of]
