"""results/runs.h5: one row for each trained head, with the confusion counts that every table follows from."""

import json
import logging
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import h5py
import numpy as np

from data import heads
from data.canonical import Canonical, taken_from
from data.emotions import EMOTIONS
from data.files import schema
from data.files.cache import CacheError, classes_of, header_of, open_cache, provenance_of, seal
from data.files.columns import HEAD, TEST_SET, columns
from data.files.hdf5 import dataset_names, publish_hdf5, read_array, write_array
from data.files.made_by import commands

UNSCORED = 255  # stands in `predicted` where a classifier was not trained or a test row has no annotation
PLUGINS = "name the module that registers it in the environment variable CAKE_PLUGINS"

log = logging.getLogger(__name__)


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
    confusion: np.ndarray  # (D, T, C, C) int64: true class by row, predicted by column
    failure: str = ""  # why the head has no scores, else empty
    predicted: np.ndarray | None = None  # (D, rows) uint8, for small heads and the baseline
    weights: dict = field(default_factory=dict)  # name -> float32 array, on features as cached
    # (2, dimensions) lowest and highest coordinates of all rows, for small heads: Figure 5's grid
    range: np.ndarray | None = None
    canonical: Canonical | None = None  # of small heads; None, as in files from before it, where coordinates are raw
    more: dict = field(default_factory=dict)  # further columns (data.files.columns): name -> value


@dataclass
class TestSet:
    """The test rows of one data set: what scores are computed on, and how many listed images they stand for."""

    emotion: np.ndarray  # (n,) int8
    row: np.ndarray  # (n,) int64, row in the source list
    status_counts: np.ndarray  # (C + 1, statuses) int64, of every listed image
    path: np.ndarray | None = None  # (n,) str, as the source list spells it; None in files from before it was kept
    more: dict = field(default_factory=dict)  # further columns, as of HeadOutcome


@dataclass
class Runs:
    """Everything in a results file. `identity` is what must agree before heads are added to it."""

    identity: dict
    classifiers: tuple  # training domains, in the order of the confusion counts
    tests: dict  # data set name -> TestSet, in that order
    toy: bool
    provenance: dict
    outcomes: dict = field(default_factory=dict)  # Head -> HeadOutcome
    source: str = field(default="", compare=False)  # name of the file they were read from
    classes: tuple = EMOTIONS  # names of the C classes

    @property
    def features(self) -> int:
        """How many numbers a feature has that the heads stand on."""
        stated = schema.stated_width("runs", self.identity, self.provenance)
        kept = (
            (head.family, {name: array.shape for name, array in outcome.weights.items()})
            for head, outcome in self.outcomes.items()
        )
        return schema.width_of_weights(kept) if stated is None else stated

    @property
    def rows(self) -> int:
        """Rows of all test sets."""
        return sum(len(test.emotion) for test in self.tests.values())

    def span(self, name: str) -> slice:
        """Where the rows of one test set lie among those of all."""
        names = list(self.tests)
        start = sum(len(self.tests[other].emotion) for other in names[: names.index(name)])
        return slice(start, start + len(self.tests[name].emotion))

    def raw(self) -> "Runs":
        """The same without canonical forms: all coordinates are then those that were trained."""
        outcomes = {head: replace(outcome, canonical=None) for head, outcome in self.outcomes.items()}
        return replace(self, outcomes=outcomes)

    def scored(self, family: str, k: int) -> list[HeadOutcome]:
        """The outcomes of the heads of one family and k that did not fail, in order of their run."""
        found = [
            head for head in self.outcomes if head.k == k and head.family == family
        ]  # of thousands, few have this k
        outcomes = (self.outcomes[head] for head in sorted(found, key=lambda head: head.run))
        return [outcome for outcome in outcomes if not outcome.failure]

    def confusions(self, family: str, k: int) -> np.ndarray:
        """(runs, D, T, C, C) counts of the heads that `scored` gives."""
        counts = [outcome.confusion for outcome in self.scored(family, k)]
        shape = (0, len(self.classifiers), len(self.tests), len(self.classes), len(self.classes))
        return np.stack(counts) if counts else np.zeros(shape, np.int64)


def folder_of(path: Path) -> Path:
    """Where what is made of a results file goes: of runs.h5 beside it, of any other into a folder of its name."""
    if path.name == "runs.h5":
        return path.parent
    return path.with_suffix("") if path.suffix == ".h5" else path.with_name(f"{path.name}.evaluated")


def write_runs(path: Path, runs: Runs) -> None:
    """Publish the results file, whole or not at all."""

    def fill(file):
        _write_heads(file, runs)
        for name, test in runs.tests.items():
            _write_test_set(file, name, test)
        file.attrs["classifiers"] = json.dumps(runs.classifiers)
        file.attrs["test_sets"] = json.dumps(list(runs.tests))
        told = {"header": runs.identity, "toy": runs.toy, "provenance": runs.provenance, "classes": runs.classes}
        seal(file, "runs", **told)

    publish_hdf5(path, fill)


def _write_heads(file, runs):
    # sorted, so that the file does not depend on the order in which heads were trained
    order = list(heads.FAMILIES)
    outcomes = dict(
        sorted(runs.outcomes.items(), key=lambda item: (order.index(item[0].family), item[0].k, item[0].run))
    )
    values = [{**vars(head), **vars(outcome), **outcome.more} for head, outcome in outcomes.items()]
    for column in columns(HEAD):
        array = column.stacked([column.value(each) for each in values])
        if array is not None:
            write_array(file, column.path, array, packed=column.field.packed)
    for head, outcome in outcomes.items():
        kept = {**outcome.weights, "predicted": outcome.predicted, "range": outcome.range}
        kept |= outcome.canonical.arrays() if outcome.canonical else {}
        for name, array in ((name, array) for name, array in kept.items() if array is not None):
            write_array(file, f"kept/{head.family}/{head.k}/{head.run}/{name}", array)


def _write_test_set(file, name, test):
    values = {**vars(test), **test.more}
    for column in columns(TEST_SET):
        array = column.array(column.value(values))
        if array is not None:
            write_array(file, column.path.replace("*", name), array, packed=column.field.packed)


def read_runs(path: Path, *, partly: bool = False) -> Runs:
    """The Runs of a results file. Raises CacheError or FileNotFoundError, saying what to do.

    A file may hold heads of a family, or a column, that nobody has declared here: it is refused, since whoever adds
    heads to it would lose them; for one who only reads, partly=True leaves them out with a warning."""
    with open_cache(Path(path), "runs") as file:
        try:
            strange = undeclared(file)
            if strange and not partly:
                raise CacheError(f"{path} holds {strange}, unknown here; {PLUGINS}")
            if strange:
                log.warning("%s holds %s, unknown here and left out; %s", path, strange, PLUGINS)
            return _read(file, Path(path).name)
        except KeyError as error:
            raise CacheError(
                f"{path} lacks a part of a results file ({error.args[0]}); make it again with "
                f"{commands(path, ['runs'])}"
            ) from error


def undeclared(file: h5py.File) -> str:
    """The families and columns of an open results file that nobody has declared here, in words; empty for none."""
    families = sorted(set(read_array(file["heads/family"])) - heads.FAMILIES.keys())
    places = ["heads", *(f"tests/{name}" for name in file["tests"])]
    names = (name for place in places for name in file[place] if schema.undeclared("runs", f"{place}/{name}"))
    found = [f"heads of the family {name!r}" for name in families]
    return ", ".join([*found, *(f"the column {name!r}" for name in sorted(set(names)))])


def _read(file, source):
    return Runs(
        identity=header_of(file),
        classifiers=tuple(json.loads(file.attrs["classifiers"])),
        tests={name: _read_test_set(file, name) for name in json.loads(file.attrs["test_sets"])},
        toy=bool(file.attrs["toy"]),
        provenance=provenance_of(file),
        outcomes=_read_heads(file),
        source=source,
        classes=classes_of(file),
    )


def _read_test_set(file, name):
    values = {}
    for column in columns(TEST_SET):
        path = column.path.replace("*", name)
        values[column.name] = column.read(read_array(file[path])) if path in file else column.default
    return _made(TestSet, values)


def _read_heads(file):
    count = len(file["heads/family"])
    values = {column.name: _read_column(file, column, count) for column in columns(HEAD)}
    outcomes = {}
    for index in range(count):
        own = {name: column[index] for name, column in values.items()}
        head = Head(own.pop("family"), own.pop("k"), own.pop("run"))
        if head.family in heads.FAMILIES:
            outcomes[head] = _made(HeadOutcome, {**own, **_read_kept(file, head)})
    return outcomes


def _read_column(file, column, count):
    """The values of one column, one for each head: numbers and text of Python, or arrays."""
    if column.path not in file:
        return [column.default] * count
    array = column.read(read_array(file[column.path]))
    return array.tolist() if array.ndim == 1 else list(array)


def _read_kept(file, head):
    name = f"kept/{head.family}/{head.k}/{head.run}"
    kept = {array: read_array(file[name][array]) for array in dataset_names(file[name])} if name in file else {}
    own = {"predicted": kept.pop("predicted", None), "range": kept.pop("range", None), "canonical": taken_from(kept)}
    return {**own, "weights": kept}


def _made(made, values):
    """A HeadOutcome or TestSet of values by name; what is not a field of it goes into its `more`, if there is any."""
    own = {each.name for each in fields(made)}
    return made(
        **{name: value for name, value in values.items() if name in own},
        more={name: value for name, value in values.items() if name not in own and value is not None},
    )
