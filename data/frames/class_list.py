"""The names of classes, as a file lists them, and the class that a cell names."""

import re
from pathlib import Path

from data.emotions import EMOTIONS, LEFT_OUT_NAMES, MOST_CLASSES, UNLABELLED, emotion_named, is_class_list
from data.readers.tables import cells
from data.readers.tables.cells import BadCell
from data.readers.tables.small_files import lines
from data.runtime.failures import Refused

SHOWN = 20  # names in a message


def read_classes(path: Path) -> tuple:
    """The names in a text file, one a line, in its order. Raises Refused."""
    if not path.is_file():
        raise Refused(f"{path} is missing; expected a text file with the name of one class in each line")
    names = {}
    for number, text in lines(path):
        name = text.strip()
        if name in names:
            raise Refused(f"{path}, line {number}: {name!r} stands in line {names[name]}, too; name each class once")
        if not is_class_list((name, name + "'")):
            raise Refused(f"{path}, line {number}: {ascii(name)} holds characters that cannot be printed")
        names[name] = number
    if not is_class_list(tuple(names)):
        raise Refused(f"{path} names {len(names):,} classes, expected 2 to {MOST_CLASSES}")
    if set(names) == set(EMOTIONS) and tuple(names) != EMOTIONS:
        raise Refused(f"{path} has the seven emotions in another order, and theirs is fixed; leave --classes out")
    return tuple(names)


def label(column: str, text: str, classes: tuple = EMOTIONS) -> tuple[int, str]:
    """(class, reason it is left out) of a cell: a name, or a place among the classes, counted from 0; UNLABELLED where
    it is empty or -1. The seven emotions may be named by synonyms. Raises BadCell.

    `none` is a class of AffectNet, `None` what Python writes for an empty cell."""
    word = text.strip()
    if word in classes:
        return classes.index(word), ""
    if word != "none" and cells.missing(text):
        return UNLABELLED, ""
    if word.lower() in LEFT_OUT_NAMES:
        return UNLABELLED, word.lower()
    if _is_whole(word) and not any(map(_is_whole, classes)):
        expected = f"0 to {len(classes) - 1}, places among {_listed(classes)}, or -1 for none"
        return cells.whole(column, word, range(UNLABELLED, len(classes)), expected), ""
    if classes == EMOTIONS:
        try:
            return emotion_named(word), ""
        except ValueError as error:
            raise BadCell(column, str(error)) from None
    raise BadCell(column, f"{cells.shown(text)} is unknown; known are {_listed(classes)}")


def _is_whole(word):
    """As tables write whole numbers: a column with gaps has them as 3.0."""
    return re.fullmatch(r"-?[0-9]{1,9}(\.0+)?", word) is not None


def _listed(classes):
    return ", ".join(classes[:SHOWN]) + ", ..." * (len(classes) > SHOWN)
