"""What the rows of somebody else's features are: split, class, domain and what else is told of them, every cell
checked."""

import functools
import json
from collections import Counter
from dataclasses import dataclass

import numpy as np

from data.emotions import UNLABELLED
from data.frames.class_list import label
from data.frames.own_table import OwnTable, not_finite
from data.names import plain_name
from data.readers.tables import cells
from data.readers.tables.bad_rows import BadRows
from data.readers.tables.cells import BadCell
from data.runtime.failures import Refused

RULE = "every cell must be as expected; rows are counted from 0, lines from 1"
FLAGS = {"0": False, "1": True, "0.0": False, "1.0": True, "false": False, "true": True, "": False}
PAIRS = {"valence_arousal": ("valence", "arousal"), "predicted": ("predicted_valence", "predicted_arousal")}
SYNONYM = {"person": "cluster"}  # as caches call it


@dataclass
class OwnRows:
    """N rows."""

    domain: np.ndarray  # (N,) str
    split: np.ndarray  # (N,) str, train, validation or test
    emotion: np.ndarray  # (N,) int8, UNLABELLED where there is no class
    left_out: np.ndarray  # (N,) str, why a row is of none of the classes; else empty
    more: dict  # name -> (N, ...) further arrays, as feature caches hold them
    toy: bool
    notes: tuple


def read_rows(table: OwnTable, classes: tuple, domain: str) -> OwnRows:
    """The OwnRows of a table. domain: that of all rows where no column tells it. Raises Refused that names the first
    rows that are not as expected, and how many."""
    values = _values(table, classes)
    _refuse_halves(table, values)
    rows = len(table.feature)
    emotion = np.array([index for index, _ in values["label"]], np.int8)
    left_out = np.array([reason for _, reason in values["label"]], object)
    found = {"domain": values.get("domain", [domain] * rows), "split": values["split"]}
    found = {name: np.array(own, object) for name, own in found.items()}
    toy = set(values.get("toy", [False]))
    if len(toy) > 1:
        raise Refused(f"{table.path} holds rows of toy data beside others; import them apart")
    notes = (*table.notes, *_counted(emotion, left_out))
    return OwnRows(**found, emotion=emotion, left_out=left_out, more=_more(values, found), toy=toy.pop(), notes=notes)


def _values(table, classes):
    """Column -> what each row says."""
    bad = BadRows(table.path, RULE)
    parsers = {name: _parser(name, classes) for name in table.cells}
    faults, seen = {**not_finite(table.feature), **table.faults}, set()
    values = {SYNONYM.get(name, name): [] for name in table.cells}
    for place in range(len(table.feature)):
        try:
            if place in faults:
                raise faults[place]
            own = {name: parsers[name](name, texts[place]) for name, texts in table.cells.items()}
            _refuse_second(own, seen)
        except BadCell as error:
            bad.refuse(table.where(place), error)
            continue
        for name, value in own.items():
            values[SYNONYM.get(name, name)].append(value)
    bad.notes(len(values["label"]))
    return values


def _parser(name, classes):
    """The function of a column's name and a cell's text to what it says."""
    if name == "label":
        return functools.partial(label, classes=classes)
    return {
        "split": cells.split_named,
        "domain": _domain,
        "valence": cells.valence_or_arousal,
        "arousal": cells.valence_or_arousal,
        "predicted_valence": cells.number,
        "predicted_arousal": cells.number,
        "path": _path,
        "groups": _groups,
        "row": functools.partial(cells.whole, known=range(2**53), expected="a whole number from 0 on"),
        "face": functools.partial(cells.whole, known=range(2**15), expected="a whole number from 0 on"),
        "held_out": _flag,
        "toy": _flag,
    }.get(name, _person)


def _domain(column, text):
    try:
        return plain_name(text)
    except ValueError as error:
        raise BadCell(column, str(error)) from None


def _path(column, text):
    return cells.path(column, text) if text.strip() else ""


def _person(column, text):
    return "" if cells.missing(text) else text.strip()


def _groups(column, text):
    if not text:
        return ""
    try:
        told = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        told = None
    if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
        raise BadCell(column, f'{cells.shown(text)}; expected JSON such as {{"gender": "female"}}')
    return text


def _flag(column, text):
    try:
        return FLAGS[text.strip().lower()]
    except KeyError:
        raise BadCell(column, f"{cells.shown(text)}; expected 0 or 1") from None


def _refuse_second(own, seen):
    """(split, row, face) is the key of a row within its domain."""
    if "row" not in own:
        return
    key = (own.get("domain"), own["split"], own["row"], own.get("face"))
    if key in seen:
        raise BadCell("row", f"{own['row']} stands in {own['split']} a second time; name domains in a column, or leave "
                      "this one out")  # fmt: skip
    seen.add(key)


def _refuse_halves(table, values):
    for pair in PAIRS.values():
        there = [name for name in pair if name in values]
        if len(there) == 1:
            raise Refused(f"{table.path} has {there[0]} and not both of {' and '.join(pair)}; both are needed, or none")


def _counted(emotion, left_out):
    """Notes on rows that nothing is trained or tested on."""
    reasons = Counter(filter(None, left_out))
    if reasons:
        yield "left out: " + ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common())
    unlabelled = int(((emotion == UNLABELLED) & (left_out == "")).sum())
    if unlabelled:
        yield f"{unlabelled:,} rows have no label: they are neither trained nor tested on"


def _more(values, found):
    """Arrays as feature caches hold them; what is not told is a row's place, the first face, no path, no annotation."""
    rows = len(values["split"])
    text = {name: np.array(values[name], object) for name in ("cluster", "groups") if name in values}
    pairs = {name: np.array([values[side] for side in pair], np.float32).T.reshape(rows, 2)
             for name, pair in PAIRS.items() if pair[0] in values}  # fmt: skip
    predicted = pairs.pop("predicted", None)
    more = {
        "row": np.array(values["row"], np.int64) if "row" in values else _places(found),
        "face": np.array(values.get("face", [0] * rows), np.int16),
        "path": np.array(values.get("path", [""] * rows), object),
        "valence_arousal": np.full((rows, 2), np.nan, np.float32),
        **pairs,
        **text,
    }
    if predicted is not None:
        more["valence_arousal_predicted"] = predicted[:, None]
    if "held_out" in values:
        more["held_out"] = np.array(values["held_out"], np.uint8)
    return more


def _places(found):
    """(N,) int64 place of each row within its split of its domain."""
    counts, places = Counter(), []
    for key in zip(found["domain"], found["split"]):
        places.append(counts[key])
        counts[key] += 1
    return np.array(places, np.int64)
