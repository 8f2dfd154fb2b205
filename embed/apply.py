"""A trained head on the rows of a feature cache: coordinates, probabilities and the emotion, whatever the rows come
from."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from data.emotions import EMOTIONS, UNLABELLED
from data.files.cache import CacheError, classes_of, header_of, open_cache, read_split
from data.files.publish import refuse_difference
from data.files.runs import Head, HeadOutcome, Runs
from data.frames.named_columns import Words, frame
from data.heads import ANNOTATED, PREDICTED, Family, softmax
from data.networks import is_imported
from data.runtime.failures import Refused
from embed.rows.feature_caches import MUST_AGREE

if TYPE_CHECKING:
    import pandas

AROUSAL_VALENCE = {PREDICTED: "valence_arousal_predicted", ANNOTATED: "valence_arousal"}  # where caches hold it
AGREED = tuple(name for name in MUST_AGREE if name != "views")  # further views are not looked at


@dataclass
class Applied:
    """What one head says of n rows. D classifiers."""

    columns: dict  # name -> (n,) values that say which row it is: split, row, face, path, toy
    label: np.ndarray  # (n,) int64 annotated emotion, UNLABELLED where there is none
    names: tuple  # of the coordinates
    coordinates: np.ndarray  # (n, dimensions)
    probabilities: dict  # data set of the classifier -> (n, C)
    predicted: np.ndarray  # (n,) int64, by the classifier asked for; UNLABELLED where arousal-valence is not annotated
    classes: tuple = EMOTIONS  # of the head
    label_classes: tuple = EMOTIONS  # of the cache

    def table(self) -> dict:
        """Name -> column, as data/frames/named_columns.py takes it: which row it is, label, predicted, the coordinates,
        then NAME:EMOTION, the probabilities of each classifier."""
        shown = self.coordinates if self.names else np.zeros((len(self.predicted), 0))
        label, predicted = Words(self.label, self.label_classes), Words(self.predicted, self.classes)
        table = {**self.columns, "label": label, "predicted": predicted}
        table |= dict(zip(self.names, shown.T))
        for name, own in self.probabilities.items():
            table |= {f"{name}:{emotion}": column for emotion, column in zip(self.classes, own.T)}
        return table

    def frame(self) -> "pandas.DataFrame":
        """`table` as a DataFrame; needs the extra `frames`."""
        return frame(self.table())


def apply(runs: Runs, path: Path, family: Family, k: int, *, run: int = 0, classifier: str | None = None) -> Applied:
    """Applied of one kept head to every row of the feature cache at `path`, each in its plain view.

    Coordinates are canonical where the head has a canonical form; `runs.raw()` gives those that were trained.
    k is 0 for a family without learned dimensions, whatever is given. classifier: the data set whose classifier
    decides, the largest training domain where None. Raises Refused for a head whose weights were not kept, CacheError
    or data.files.publish.Mismatch for a cache that does not fit the results."""
    k = k if family.projects else 0
    head = kept_outcome(runs, Head(family.name, k, run))
    trained = list(runs.classifiers)
    if family.arousal_valence == ANNOTATED:
        trained = [runs.provenance.get("annotated_domain")]
    place = deciding(trained, classifier)
    columns, label, feature, v = _rows(runs, path, family)
    z = family.representation(head.weights, feature, v)
    logits = family.logits(head.weights, z)
    probabilities = {name: softmax(each) for name, each in zip(trained, logits)}
    predicted = np.where(np.isfinite(logits[place]).all(1), logits[place].argmax(1), UNLABELLED)
    names, z = (head.canonical.axes, head.canonical.of(z)) if head.canonical else (family.coordinates(k), z)
    return Applied(columns, label.codes, names, z, probabilities, predicted, runs.classes, label.words)


def deciding(trained: list | tuple, classifier: str | None) -> int:
    """Place of the classifier that names the emotion among those that were trained: the first where None, since they
    are in the order of their training rows. Raises Refused for one that is not there."""
    if classifier and classifier not in trained:
        raise Refused(f"no classifier of {classifier!r} in these results; there are {', '.join(trained)}")
    return trained.index(classifier) if classifier else 0


def kept_outcome(runs: Runs, head: Head) -> HeadOutcome:
    """What is kept of a trained head. Raises Refused where there is none, or its weights were not kept."""
    outcome, named = runs.outcomes.get(head), f"{head.family}, k = {head.k}"
    again = f"`embed sweep --family {head.family} --k {head.k} --keep-weights`"
    if outcome is None:
        raise Refused(f"the results hold no head of {named}, run {head.run}; train it with {again}")
    if outcome.failure:
        raise Refused(f"{named}, run {head.run} {outcome.failure}; choose another --run")
    if not outcome.weights:
        raise Refused(f"the weights of {named} were not kept; {again} keeps them")
    return outcome


def _rows(runs, path, family):
    """(columns, labels as Words, features (n, F) float32, arousal-valence (n, 2) or None) of all splits of a cache."""
    values = AROUSAL_VALENCE.get(family.arousal_valence)
    with open_cache(path, "features") as file:
        _refuse_misfit(runs, path, file)
        wanted = ["row", "face", "path", "emotion", "feature", *([values] if values else [])]
        splits = [split for split in file if "feature" in file[split] and file[split]["feature"].shape[0]]
        if not splits:
            raise CacheError(f"{path} holds no face; there is nothing to apply a head to")
        if values and any(values not in file[split] for split in splits):
            raise CacheError(
                f"{path} holds no arousal-valence, which {family.name} needs; train that network, then "
                "`extract run` again"
            )
        parts, classes = [read_split(file, split, wanted) for split in splits], classes_of(file)
    columns = {"split": np.repeat(np.array(splits, object), [len(part["row"]) for part in parts])}
    columns |= {name: np.concatenate([part[name] for part in parts]) for name in ("row", "face", "path")}
    columns["toy"] = np.full(len(columns["row"]), int(runs.toy))
    label = Words(np.concatenate([part["emotion"] for part in parts]).astype(np.int64), classes)
    feature = np.concatenate([part["feature"][:, 0] for part in parts]).astype(np.float32)
    if not values:
        return columns, label, feature, None
    # predicted for each view, of which the first is the plain one; annotated once
    v = np.concatenate([part[values].reshape(len(part["row"]), -1)[:, :2] for part in parts])
    return columns, label, feature, v


def _refuse_misfit(runs, path, file):
    """Raise where the cache was made by other networks or settings than the heads were trained on."""
    name, header = swept_features(runs)
    found = header_of(file)
    refuse_difference(
        path,
        {field: found.get(field) for field in AGREED},
        {field: header.get(field) for field in AGREED},
        this="the results file",
        advice=f"the heads were trained on features of features/{name}.h5; {_again(header)}",
    )
    if bool(file.attrs["toy"]) != runs.toy:
        raise Refused(
            f"{path} is {'toy' if file.attrs['toy'] else 'real'} data, the results are not; they do not go together"
        )


def _again(header):
    """How to make features that heads on those with this header can be applied to."""
    if is_imported(header):
        return f"bring those of the same network with `embed import FILE --name {header['network']}`"
    return "run `extract run` with the same checkpoints and settings"


def swept_features(runs: Runs) -> tuple[str, dict]:
    """(name, header) of one of the feature caches that heads were trained on; all agree in what changes a feature.
    Raises Refused where the results do not tell."""
    swept = runs.provenance.get("features", {})
    if not swept:
        raise Refused(
            "the results file does not say which networks its features came from; make it again with `embed sweep`"
        )
    return next(iter(swept.items()))
