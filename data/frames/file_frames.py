"""What the project's files hold, as DataFrames: features and manifests of stage one, heads and test rows of a results
file. The types are those of data/frames/named_columns.py."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np

from data import metrics
from data.coverage import STATUSES, TRIES
from data.emotions import EMOTIONS
from data.files.cache import classes_of, open_cache, read_split
from data.files.runs import UNSCORED, Head, Runs
from data.frames.named_columns import Words, frame
from data.runtime.failures import Refused

if TYPE_CHECKING:
    import pandas

SCORES = {"accuracy": metrics.accuracy_score, "macro_f1": metrics.macro_f1_score}
# column -> (dataset of a split, its place in the last axis or None); those that a file has, in this order
_CROP = {
    "row": ("row", None),
    "face": ("face", None),
    "path": ("path", None),
    "label": ("emotion", None),
    "valence": ("valence_arousal", 0),
    "arousal": ("valence_arousal", 1),
    "predicted_valence": ("valence_arousal_predicted", 0),
    "predicted_arousal": ("valence_arousal_predicted", 1),
    "held_out": ("held_out", None),
    "cluster": ("cluster", None),
    "groups": ("groups", None),
}
_LISTED = ("row", "path", "label", "valence", "arousal", "status", "found_by", "faces", "crops", "left_out", "reason",
           "cluster", "groups")  # fmt: skip
_WORDS = {"status": STATUSES, "found_by": TRIES}


def features(path: Path, *, values: bool = True) -> "pandas.DataFrame":
    """A row for each crop of features/NAME.h5, in its plain view: split, row, face, path, label, valence and arousal as
    annotated and as predicted, who is in it, with `values` feature_0, feature_1, ... (float32), and toy.

    `embed import` takes such a table as it is."""
    with open_cache(path, "features") as file:
        splits = [split for split in file if "feature" in file[split]]
        parts = {split: _crops(file, split, values) for split in splits}
        classes, toy = classes_of(file), int(file.attrs["toy"])
    for own in parts.values():
        own["toy"] = np.full(len(own["row"]), toy)
    return frame(_joined(parts, classes))


def _crops(file, split, values):
    wanted = [dataset for dataset, _ in dict.fromkeys(_CROP.values()) if dataset in file[split]]
    arrays = read_split(file, split, list(dict.fromkeys(wanted)))
    if "valence_arousal_predicted" in arrays:
        arrays["valence_arousal_predicted"] = arrays["valence_arousal_predicted"][:, 0]
    own = _columns(arrays, _CROP)
    if values:
        plain = file[split]["feature"][:, 0].astype(np.float32)
        own |= {f"feature_{place}": column for place, column in enumerate(plain.T)}
    return own


def manifest(path: Path) -> "pandas.DataFrame":
    """A row for every listed image of aligned/NAME.h5: split, row, path, label, what became of it and why."""
    with open_cache(path, "aligned") as file:
        parts = {split: _columns(_listed(file[split]["manifest"]), _LISTED) for split in file}
    return frame(_joined(parts))


def _listed(group: h5py.Group) -> dict:
    return read_split(group.parent, "manifest", [name for name in group if name != "key"])


def _columns(arrays: dict, names: Iterable[str]) -> dict:
    """The columns of these names that there are arrays for."""
    found = {}
    for name in names:
        dataset, place = _CROP.get(name, (name, None))
        if dataset in arrays:
            array = arrays[dataset]
            found[name] = array if place is None else array[:, place]
    if "held_out" in found:
        found["held_out"] = found["held_out"] > 0
    return found


def _joined(parts: dict, classes: tuple = EMOTIONS) -> dict:
    """The columns of all splits one below the other; where a split lacks one, it is missing, empty or False there."""
    names = list(dict.fromkeys(name for own in parts.values() for name in own))
    sizes = {split: len(own["row"]) for split, own in parts.items()}
    table = {"split": np.repeat(np.array(list(sizes), object), list(sizes.values()))}
    for name in names:
        like = next(own[name] for own in parts.values() if name in own)
        found = [own[name] if name in own else _nothing(like, sizes[split]) for split, own in parts.items()]
        column = np.concatenate(found)
        words = _WORDS.get(name)
        table[name] = Words(column, classes) if name == "label" else Words(column, words) if words else column
    return table


def _nothing(like, rows):
    return np.full(rows, {"O": "", "f": np.nan, "b": False}[like.dtype.kind], like.dtype)


def heads(runs: Runs) -> "pandas.DataFrame":
    """A row for each head of a results file: family, k, run, seed, loss, failure, further columns, and for each test
    set NAME:accuracy and NAME:macro_f1 (fractions) by its own classifier; NaN where a head was not scored on it."""
    outcomes = list(runs.outcomes.items())
    table = {name: np.array([getattr(head, name) for head, _ in outcomes]) for name in ("family", "k", "run")}
    for name in ("seed", "loss", "failure"):
        table[name] = np.array([getattr(outcome, name) for _, outcome in outcomes])
    further = dict.fromkeys(name for _, outcome in outcomes for name in outcome.more)
    table |= {name: np.array([outcome.more.get(name) for _, outcome in outcomes]) for name in further}
    for place, name in enumerate(runs.tests):
        classifier = runs.classifiers.index(name)
        counts = np.stack([outcome.confusion[classifier, place] for _, outcome in outcomes])
        unscored = counts.sum((1, 2)) == 0
        for score, of in SCORES.items():
            table[f"{name}:{score}"] = np.where(unscored, np.nan, of(counts))
    return frame(table)


def rows_tested(runs: Runs, head: Head | None = None) -> "pandas.DataFrame":
    """A row for each test row of a results file: test (its data set), row, path, cluster and groups where they are
    known, label; with a `head`, NAME:predicted by each classifier. Raises Refused for one whose predictions were not
    kept."""
    parts = {}
    for name, test in runs.tests.items():
        told = {"path": test.path, **{name: test.more.get(name) for name in ("cluster", "groups")}}
        own = {"row": test.row, **{name: column for name, column in told.items() if column is not None}}
        parts[name] = {**own, "label": test.emotion}
    table = _joined(parts, runs.classes)
    table = {"test": table.pop("split"), **table}
    for name, answers in zip(runs.classifiers, _predicted(runs, head) if head else ()):
        table[f"{name}:predicted"] = Words(np.where(answers == UNSCORED, -1, answers.astype(np.int16)), runs.classes)
    return frame(table)


def _predicted(runs, head):
    named = f"{head.family}, k = {head.k}, run {head.run}"
    if head not in runs.outcomes:
        raise Refused(f"the results hold no head of {named}; train it with `embed sweep`")
    if runs.outcomes[head].predicted is None:
        raise Refused(f"the predictions of {named} were not kept; those of small heads and of Figure 4's grid are")
    return runs.outcomes[head].predicted
