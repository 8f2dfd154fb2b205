"""A trained head on the rows of a feature cache: coordinates, probabilities and the emotion, whatever the rows come
from."""

import csv
from dataclasses import dataclass

import numpy as np

from data.emotions import EMOTIONS, UNLABELLED
from data.files.cache import CacheError, header_of, open_cache, read_split
from data.files.publish import refuse_difference
from data.files.runs import WITH_AROUSAL_VALENCE, Head
from data.runtime.failures import Refused
from embed.rows.feature_caches import MUST_AGREE

AGREED = tuple(name for name in MUST_AGREE if name != "views")  # further views are not looked at


@dataclass
class Applied:
    """What one head says of n rows. D classifiers."""

    columns: dict  # name -> (n,) values that say which row it is: split, row, face, path, toy
    names: tuple  # of the coordinates
    coordinates: np.ndarray  # (n, dimensions)
    probabilities: dict  # data set of the classifier -> (n, 7)
    emotion: np.ndarray  # (n,) int64, by the classifier asked for; UNLABELLED where arousal-valence is not annotated


def apply(runs, path, family, k, *, run=0, classifier=None):
    """Applied of one kept head to every row of the feature cache at `path`, each in its plain view.

    classifier: the data set whose classifier decides, the largest training domain where None. Raises ValueError for a
    head whose weights were not kept, CacheError or data.files.publish.Mismatch for a cache that does not fit the
    results."""
    k = 0 if family == "baseline" else k
    weights = _weights(runs, family, k, run)
    trained = [
        name for name in runs.classifiers if family != "av-true" or name == runs.provenance.get("annotated_domain")
    ]
    classifier = classifier or trained[0]  # they are in the order of their training rows
    if classifier not in trained:
        raise Refused(f"no classifier of {classifier!r} in these results; there are {', '.join(trained)}")
    columns, feature, v = _rows(runs, path, family)
    z = representation(weights, family, feature, v)
    logits = _logits(weights, z)
    probabilities = {name: _softmax(each) for name, each in zip(trained, logits)}
    deciding = logits[trained.index(classifier)]
    emotion = np.where(np.isfinite(deciding).all(1), deciding.argmax(1), UNLABELLED)
    return Applied(columns, coordinate_names(family, k), z, probabilities, emotion)


def _weights(runs, family, k, run):
    outcome = runs.outcomes.get(Head(family, k, run))
    if outcome is None:
        raise Refused(
            f"the results hold no head of {family}, k = {k}, run {run}; train it with `embed sweep --family "
            f"{family} --k {k} --keep-weights`"
        )
    if outcome.failure:
        raise Refused(f"{family}, k = {k}, run {run} {outcome.failure}; choose another --run")
    if not outcome.weights:
        raise Refused(
            f"the weights of {family}, k = {k} were not kept; `embed sweep --family {family} --k {k} "
            "--keep-weights` keeps them"
        )
    return outcome.weights


def _rows(runs, path, family):
    """(columns, features (n, 512) float32, arousal-valence (n, 2) or None) of all splits of a cache."""
    with open_cache(path, "features") as file:
        _refuse_misfit(runs, path, file)
        names = {"av": "valence_arousal_predicted", "av-true": "valence_arousal"}
        wanted = [name for name in ("row", "face", "path", "feature", names.get(family)) if name]
        splits = [split for split in file if "feature" in file[split] and file[split]["feature"].shape[0]]
        if not splits:
            raise CacheError(f"{path} holds no face; there is nothing to apply a head to")
        if family in names and any(names[family] not in file[split] for split in splits):
            raise CacheError(
                f"{path} holds no arousal-valence, which {family} needs; train that network, then `extract run` again"
            )
        parts = [read_split(file, split, wanted) for split in splits]
    columns = {"split": np.repeat(splits, [len(part["row"]) for part in parts])}
    columns |= {name: np.concatenate([part[name] for part in parts]) for name in ("row", "face", "path")}
    columns["toy"] = np.full(len(columns["row"]), int(runs.toy))
    v = (
        np.concatenate([part[names[family]].reshape(len(part["row"]), -1)[:, :2] for part in parts])
        if family in names
        else None
    )
    return columns, np.concatenate([part["feature"][:, 0] for part in parts]).astype(np.float32), v


def _refuse_misfit(runs, path, file):
    """Raise where the cache was made by other networks or settings than the heads were trained on."""
    swept = runs.provenance.get("features", {})
    if not swept:
        raise Refused(
            "the results file does not say which networks its features came from; make it again with `embed sweep`"
        )
    name, header = next(iter(swept.items()))
    found = header_of(file)
    refuse_difference(
        path,
        {field: found.get(field) for field in AGREED},
        {field: header.get(field) for field in AGREED},
        advice=f"the heads were trained on features of features/{name}.h5; run `extract run` with the same "
        "checkpoints and settings",
    )
    if bool(file.attrs["toy"]) != runs.toy:
        raise Refused(
            f"{path} is {'toy' if file.attrs['toy'] else 'real'} data, the results are not; they do not go together"
        )


def coordinate_names(family, k):
    """What the columns of a representation are called."""
    return (
        *(("valence", "arousal") if family in WITH_AROUSAL_VALENCE else ()),
        *(f"k{index}" for index in range(1, k + 1)),
    )


def representation(weights, family, feature, v):
    """(n, dimensions) what the classifiers see: z = A x + a, with arousal-valence before it, or on the unit sphere.

    The baseline's classifiers see the features themselves: no coordinate."""
    if family == "baseline":
        return feature
    z = feature @ weights["A"].T + weights["a"]
    if family == "cake-norm":
        return z / np.linalg.norm(z, axis=1, keepdims=True)
    return z if v is None else np.concatenate([v, z], 1)


def _logits(weights, z):
    """(D, n, 7) logits_d = Bv_d v + B_d z + b_d of every classifier."""
    B = np.concatenate([weights["Bv"], weights["B"]], 2) if "Bv" in weights else weights["B"]
    return np.einsum("dck,nk->dnc", B, z) + weights["b"][:, None]


def _softmax(logits):
    shifted = np.exp(logits - logits.max(1, keepdims=True))
    return shifted / shifted.sum(1, keepdims=True)


def write_csv(applied, file):
    """A line for every row: which it is, the emotion, the coordinates, then the probabilities of each classifier."""
    writer = csv.writer(file, lineterminator="\n")
    shown = applied.coordinates if applied.names else np.zeros((len(applied.emotion), 0))
    writer.writerow(
        [
            *applied.columns,
            "emotion",
            *applied.names,
            *(f"{name}:{emotion}" for name in applied.probabilities for emotion in EMOTIONS),
        ]
    )
    probabilities = np.concatenate(list(applied.probabilities.values()), 1)
    for index, emotion in enumerate(applied.emotion):
        writer.writerow(
            [
                *(values[index] for values in applied.columns.values()),
                "" if emotion == UNLABELLED else EMOTIONS[emotion],
                *(_cell(value, ".6g") for value in shown[index]),
                *(_cell(value, ".6f") for value in probabilities[index]),
            ]
        )


def _cell(value, form):
    return f"{value:{form}}" if np.isfinite(value) else ""
