"""One cell of a table to one value: missing, read, or a BadCell that names its column."""

import math
from collections.abc import Collection

import numpy as np

from data.runtime.failures import Refused

# How pandas, R, Python and databases write that there is no value, in lower case.
MISSING = frozenset(("", "nan", "null", "na", "n/a", "<na>", "none"))
LONGEST = 40  # characters of such a cell, with spaces around it
NOT_ANNOTATED = -2  # AffectNet's mark of a missing valence or arousal
SHOWN = 40  # characters of a cell in a message
SPLIT_WORDS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
    "testing": "test",
}


class BadCell(Refused):
    """A cell that cannot be read: `column` is what it should hold."""

    def __init__(self, column: str, reason: str):
        super().__init__(f"{column}: {reason}")
        self.column = column


def missing(text: str) -> bool:
    """Whether a cell says that there is no value."""
    return len(text) < LONGEST and text.strip().lower() in MISSING  # a cell of landmarks holds a thousand characters


def shown(text: str) -> str:
    """A cell as messages show it: quoted, and cut where it is long."""
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 3] + "...")


def number(column: str, text: str) -> float:
    """The finite number in a cell. Raises BadCell."""
    try:
        value = float(text)
    except ValueError:
        raise BadCell(column, f"{shown(text)} is not a number") from None
    if not math.isfinite(value):
        raise BadCell(column, f"{shown(text)} is not a finite number")
    return value


def whole(column: str, text: str, known: Collection[int], expected: str) -> int:
    """The whole number in a cell, one of `known`; "3.0" is 3 and "3.7" is none. Raises BadCell that says `expected`."""
    try:
        value = number(column, text)
    except BadCell:
        raise BadCell(column, f"{shown(text)}; expected {expected}") from None
    if value != int(value) or int(value) not in known:
        raise BadCell(column, f"{shown(text)}; expected {expected}")
    return int(value)


def valence_or_arousal(column: str, text: str) -> float:
    """A value in -1..1; NaN where it is missing or -2. Raises BadCell."""
    if missing(text):
        return math.nan
    value = number(column, text)
    if value == NOT_ANNOTATED:
        return math.nan
    if not -1 <= value <= 1:
        raise BadCell(column, f"{shown(text)} lies outside -1..1; expected a value there, or -2 for none")
    return value


def split_named(column: str, text: str) -> str:
    """train, validation or test, by any word in use for it. Raises BadCell."""
    try:
        return SPLIT_WORDS[text.strip().lower()]
    except KeyError:
        raise BadCell(column, f"{shown(text)} is unknown; expected train, validation or test") from None


def path(column: str, text: str) -> str:
    """A path as it is written. Raises BadCell where there is none, or one with a line break: a quote left open."""
    if missing(text):
        raise BadCell(column, "there is none")
    if "\n" in text or "\r" in text:
        raise BadCell(column, f"{shown(text)} holds a line break; a quote may have been left open")
    return text.strip()


def grey_pixels(column: str, text: str, side: int) -> np.ndarray:
    """(side, side) uint8 from numbers with spaces between them. Raises BadCell."""
    values = text.split()
    if len(values) != side * side:
        raise BadCell(column, f"{len(values):,} pixels; expected {side * side:,}")
    try:
        return np.array(values, np.uint8).reshape(side, side)
    except (ValueError, OverflowError):
        return _pixels_of_floats(column, values).reshape(side, side)


def _pixels_of_floats(column, values):
    """Tables that were saved again hold 128.0; slower, so only where whole numbers are not found."""
    wanted = range(256)
    return np.array([whole(column, value, wanted, "whole numbers of 0 to 255") for value in values], np.uint8)
