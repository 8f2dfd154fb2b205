"""The test rows behind the scores: features and arousal-valence from the caches that a sweep was made on, for what
needs more than counts."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.files.cache import open_cache, read_split
from data.files.runs import Runs, TestSet
from data.heads import ANNOTATED, PREDICTED, Family
from data.runtime.failures import Refused

PIECE = 8192  # neighbouring rows that are read together
FIELDS = ("feature", "emotion", "row", "path", "valence_arousal", "valence_arousal_predicted")


@dataclass
class Samples:
    """The labelled test rows of one data set, in the order of the results file; F features a row."""

    feature: np.ndarray  # (n, F) float32
    emotion: np.ndarray  # (n,) int64
    row: np.ndarray  # (n,) int64, row in the source list
    path: np.ndarray  # (n,) text
    annotated: np.ndarray  # (n, 2) valence and arousal, NaN where missing
    predicted: np.ndarray | None  # (n, 2) as the regression network gives them
    cache: Path  # where they were read from

    def __len__(self) -> int:
        return len(self.emotion)

    def has_annotations(self) -> np.ndarray:
        """(n,) whether both values are there."""
        return np.isfinite(self.annotated).all(1)

    def arousal_valence(self, family: Family) -> np.ndarray | None:
        """(n, 2) the arousal-valence that a family stands on; None where it needs none, or where none was predicted."""
        return {PREDICTED: self.predicted, ANNOTATED: self.annotated}.get(family.arousal_valence)


def read_samples(runs: Runs, folder: Path) -> tuple[dict, dict]:
    """({data set: Samples}, {data set: why there are none}) of the test sets of `runs`, from the feature caches in
    `folder`."""
    found, gaps = {}, {}
    digests = dict(map(tuple, runs.identity.get("caches", [])))
    for name in runs.tests:
        try:
            found[name] = _read(Path(folder) / f"{name}.h5", digests.get(name), runs.tests[name])
        except FileNotFoundError:
            gaps[name] = f"no feature cache {name}.h5 at hand"
        except ValueError as error:  # CacheError is one
            gaps[name] = str(error)
        except KeyError as error:
            gaps[name] = f"the feature cache {name}.h5 lacks a part ({error.args[0]}); run `extract run` again"
    return found, gaps


def _read(path: Path, digest: str | None, test: TestSet) -> Samples:
    with open_cache(path, "features") as file:
        if digest is not None and file.attrs["digest"] != digest:
            raise Refused(f"the feature cache {path.name} is not the one that was swept; run `embed sweep` again")
        arrays = read_split(file, "test", [name for name in FIELDS if name in file["test"]])
    labelled = arrays["emotion"] >= 0
    kept = {name: array[labelled] for name, array in arrays.items()}
    if not np.array_equal(kept["row"], test.row):
        raise Refused(
            f"the feature cache {path.name} holds other test rows than the results file; run `embed sweep` again"
        )
    predicted = kept.get("valence_arousal_predicted")
    return Samples(
        kept["feature"][:, 0].astype(np.float32),
        kept["emotion"].astype(np.int64),
        kept["row"],
        kept["path"],
        kept["valence_arousal"],
        None if predicted is None else predicted[:, 0],
        Path(path),
    )


def training_rows(samples: Samples, most: int, generator: np.random.Generator) -> tuple:
    """(features (n, F) float32 of the plain crops, emotion (n,), predicted arousal-valence (n, 2) or None) of up to
    `most` labelled training rows, drawn at random, from the cache that Samples are of."""
    with open_cache(samples.cache, "features") as file:
        emotion = file["train/emotion"][()]
        labelled = np.flatnonzero(emotion >= 0)
        chosen = np.sort(generator.choice(labelled, min(most, len(labelled)), replace=False))
        pieces = np.split(chosen, np.flatnonzero(np.diff(chosen // PIECE)) + 1)
        feature = [file["train/feature"][own[0] : own[-1] + 1, 0][own - own[0]] for own in pieces if len(own)]
        predicted = file["train/valence_arousal_predicted"][()] if samples.predicted is not None else None
    values = None if predicted is None else predicted[chosen, 0].astype(np.float64)
    return np.concatenate(feature).astype(np.float32), emotion[chosen].astype(np.int64), values
