"""results/runs.h5: one row for each trained head, with the confusion counts that every table follows from."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from data import heads
from data.emotions import EMOTIONS
from data.files.cache import CacheError, header_of, open_cache, provenance_of, seal
from data.files.hdf5 import dataset_names, publish_hdf5, read_array, write_array

FAMILIES = ("cake", "av", "cake-norm", "baseline", "av-true")
WITH_AROUSAL_VALENCE = ("av", "av-true")  # predicted for all domains; annotated, so one domain alone (Section 2.1)
BASELINE_SIZE = 512
UNSCORED = 255  # stands in `predicted` where a classifier was not trained or a test row has no annotation


def representation_size(family, k):
    """Dimensions the classifier sees: k, k + 2 with arousal-valence, 512 for the baseline."""
    return BASELINE_SIZE if family == "baseline" else k + 2 * (family in WITH_AROUSAL_VALENCE)


@dataclass(frozen=True)
class Head:
    """The key of one trained head. The baseline has k = 0."""

    family: str
    k: int
    run: int


@dataclass
class HeadOutcome:
    """What training one head gave. D classifiers, T test sets, rows of all test sets one after the other.

    av-true has one classifier, on the annotated rows of one test set; the other counts are 0 and predictions
    UNSCORED."""

    seed: int
    loss: float  # Eq. 1 over all training rows, after the last step
    confusion: np.ndarray  # (D, T, 7, 7) int64: true class by row, predicted by column
    failure: str = ""  # why the head has no scores, else empty
    predicted: np.ndarray | None = None  # (D, rows) uint8, for small heads and the baseline
    weights: dict = field(default_factory=dict)  # name -> float32 array, on features as cached
    range: np.ndarray | None = (
        None  # (2, dimensions) lowest and highest coordinates of all rows, for small heads: Figure 5's grid
    )


@dataclass
class TestSet:
    """The test rows of one data set: what scores are computed on, and how many listed images they stand for."""

    emotion: np.ndarray  # (n,) int8
    row: np.ndarray  # (n,) int64, row in the source list
    status_counts: np.ndarray  # (8, statuses) int64, of every listed image


@dataclass
class Runs:
    """Everything in a results file. `identity` is what must agree before heads are added to it."""

    identity: dict
    classifiers: tuple  # training domains, in the order of the confusion counts
    tests: dict  # data set name -> TestSet, in that order
    toy: bool
    provenance: dict
    outcomes: dict = field(default_factory=dict)  # Head -> HeadOutcome

    @property
    def rows(self):
        """Rows of all test sets."""
        return sum(len(test.emotion) for test in self.tests.values())

    def span(self, name):
        """Where the rows of one test set lie among those of all."""
        names = list(self.tests)
        start = sum(len(self.tests[other].emotion) for other in names[: names.index(name)])
        return slice(start, start + len(self.tests[name].emotion))

    def confusions(self, family, k):
        """(runs, D, T, 7, 7) counts of the heads of one family and k that did not fail, in order of their run."""
        heads = sorted(
            (
                head
                for head, outcome in self.outcomes.items()
                if (head.family, head.k) == (family, k) and not outcome.failure
            ),
            key=lambda head: head.run,
        )
        shape = (0, len(self.classifiers), len(self.tests), len(EMOTIONS), len(EMOTIONS))
        return np.stack([self.outcomes[head].confusion for head in heads]) if heads else np.zeros(shape, np.int64)


def write_runs(path, runs):
    """Publish the results file, whole or not at all."""

    def fill(file):
        _write_heads(file, runs)
        for name, test in runs.tests.items():
            for field_name, array in vars(test).items():
                write_array(file, f"tests/{name}/{field_name}", array)
        file.attrs["classifiers"] = json.dumps(runs.classifiers)
        file.attrs["test_sets"] = json.dumps(list(runs.tests))
        seal(file, "runs", header=runs.identity, toy=runs.toy, provenance=runs.provenance)

    publish_hdf5(path, fill)


def _write_heads(file, runs):
    # sorted, so that the file does not depend on the order in which heads were trained
    order = {name: place for place, name in enumerate(heads.FAMILIES)}
    place = lambda head: (order.get(head.family, len(order)), head.family, head.k, head.run)
    outcomes = {head: runs.outcomes[head] for head in sorted(runs.outcomes, key=place)}
    write_array(file, "heads/family", np.array([head.family for head in outcomes], object))
    for name in ("k", "run"):
        write_array(file, f"heads/{name}", np.array([getattr(head, name) for head in outcomes], np.int32))
    write_array(file, "heads/seed", np.array([outcome.seed for outcome in outcomes.values()], np.int64))
    write_array(file, "heads/loss", np.array([outcome.loss for outcome in outcomes.values()], np.float64))
    write_array(file, "heads/failure", np.array([outcome.failure for outcome in outcomes.values()], object))
    confusion = np.stack([outcome.confusion for outcome in outcomes.values()])
    file.create_dataset("confusion", data=confusion.astype(np.int32), compression="gzip")
    for head, outcome in outcomes.items():
        kept = {**outcome.weights, "predicted": outcome.predicted, "range": outcome.range}
        for name, array in ((name, array) for name, array in kept.items() if array is not None):
            write_array(file, f"kept/{head.family}/{head.k}/{head.run}/{name}", array)


def read_runs(path):
    """The Runs of a results file. Raises CacheError or FileNotFoundError, saying what to do."""
    with open_cache(Path(path), "runs") as file:
        try:
            return _read(file)
        except KeyError as error:
            raise CacheError(
                f"{path} lacks a part of a results file ({error.args[0]}); make it again with `embed sweep`"
            ) from error


def _read(file):
    tests = {
        name: TestSet(
            **{
                field_name: read_array(file[f"tests/{name}/{field_name}"])
                for field_name in TestSet.__dataclass_fields__
            }
        )
        for name in json.loads(file.attrs["test_sets"])
    }
    return Runs(
        identity=header_of(file),
        classifiers=tuple(json.loads(file.attrs["classifiers"])),
        tests=tests,
        toy=bool(file.attrs["toy"]),
        provenance=provenance_of(file),
        outcomes=_read_heads(file),
    )


def _read_heads(file):
    columns = {name: read_array(file[f"heads/{name}"]) for name in ("family", "k", "run", "seed", "loss", "failure")}
    confusion = file["confusion"][()].astype(np.int64)
    outcomes = {}
    for index, family in enumerate(columns["family"]):
        head = Head(family, int(columns["k"][index]), int(columns["run"][index]))
        kept = _read_kept(file, f"kept/{head.family}/{head.k}/{head.run}")
        outcomes[head] = HeadOutcome(
            seed=int(columns["seed"][index]),
            loss=float(columns["loss"][index]),
            failure=columns["failure"][index],
            confusion=confusion[index],
            predicted=kept.pop("predicted", None),
            range=kept.pop("range", None),
            weights=kept,
        )
    return outcomes


def _read_kept(file, name):
    return {field_name: file[name][field_name][()] for field_name in dataset_names(file[name])} if name in file else {}
