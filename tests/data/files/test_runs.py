"""results/runs.h5: what is written comes back, and what is not a complete results file is refused."""

import json

import h5py
import numpy as np
import pytest

from data.canonical import Canonical
from data.coverage import STATUSES
from data.emotions import EMOTIONS
from data.files.cache import CacheError, damaged
from data.files.runs import Head, HeadOutcome, Runs, read_runs, write_runs
from data.files.runs import TestSet as Rows  # pytest takes the name for a class of tests
from data.heads import CAKE, FAMILIES


def made_up():
    """Two domains; one head with all that is kept, one with counts alone, one that failed."""
    generator = np.random.default_rng(0)
    tests = {
        name: Rows(
            generator.integers(0, 7, size).astype(np.int8),
            np.arange(size) + 5,
            generator.integers(0, 9, (8, len(STATUSES))),
        )
        for name, size in (("b", 6), ("a", 4))
    }
    counts = generator.integers(0, 50, (3, 2, 2, 7, 7))
    outcomes = {
        Head("cake", 3, 1): HeadOutcome(
            11,
            0.25,
            counts[0],
            predicted=generator.integers(0, 7, (2, 10)).astype(np.uint8),
            weights={
                name: generator.normal(size=shape).astype(np.float32)
                for name, shape in CAKE.shapes(3, features=512, classes=7, domains=2).items()
            },
            canonical=Canonical(
                generator.normal(size=(3, 3)).astype(np.float32),
                generator.normal(size=3).astype(np.float32),
                ("along_valence", "along_arousal", "along_anger"),
                np.float32([[-2, -3, -2], [2, 2.5, 2]]),
            ),
        ),
        Head("cake", 3, 0): HeadOutcome(2**62, 0.5, counts[1]),
        Head("av", 0, 0): HeadOutcome(13, float("nan"), counts[2], failure="diverged: training loss nan"),
    }
    return Runs(
        identity={"seed": 0, "caches": {"b": "12", "a": "34"}},
        classifiers=("b", "a"),
        tests=tests,
        toy=True,
        provenance={"pretraining": ["b"], "left_out": {}},
        outcomes=outcomes,
    )


@pytest.fixture
def path(tmp_path):
    write_runs(tmp_path / "results" / "runs.h5", made_up())
    return tmp_path / "results" / "runs.h5"


def test_runs_come_back_as_written(path):
    runs, found = made_up(), read_runs(path)
    for name in ("identity", "classifiers", "toy", "provenance"):
        assert getattr(found, name) == getattr(runs, name)
    assert list(found.tests) == ["b", "a"] and found.outcomes.keys() == runs.outcomes.keys()
    assert list(found.outcomes) == sorted(
        runs.outcomes, key=lambda head: (list(FAMILIES).index(head.family), head.k, head.run)
    )
    for name, test in runs.tests.items():
        for field, array in vars(test).items():
            np.testing.assert_array_equal(getattr(found.tests[name], field), array)


@pytest.mark.parametrize("head", made_up().outcomes)
def test_every_outcome_comes_back_as_written(path, head):
    outcome, found = made_up().outcomes[head], read_runs(path).outcomes[head]
    assert (found.seed, found.failure, found.weights.keys()) == (outcome.seed, outcome.failure, outcome.weights.keys())
    np.testing.assert_array_equal(found.loss, outcome.loss)
    np.testing.assert_array_equal(found.confusion, outcome.confusion)
    assert found.confusion.dtype == np.int64  # int32 on disk; sums of many runs must not wrap
    assert (found.predicted is None) == (outcome.predicted is None)
    if outcome.predicted is not None:
        np.testing.assert_array_equal(found.predicted, outcome.predicted)
    for name, array in outcome.weights.items():
        np.testing.assert_array_equal(found.weights[name], array)


def test_the_canonical_form_comes_back_as_written_and_can_be_left_out(path):
    found, written = (each.outcomes[Head("cake", 3, 1)] for each in (read_runs(path), made_up()))
    assert found.canonical.axes == written.canonical.axes
    for name in ("T", "t", "range"):
        np.testing.assert_array_equal(getattr(found.canonical, name), getattr(written.canonical, name))
    runs = read_runs(path)
    assert runs.outcomes[Head("cake", 3, 0)].canonical is None
    assert all(outcome.canonical is None for outcome in runs.raw().outcomes.values())
    assert runs.outcomes[Head("cake", 3, 1)].canonical is not None  # `raw` gives others, it changes none


@pytest.mark.parametrize(
    "name, array, match",
    [
        ("canonical_T", np.zeros((3, 2), np.float32), "canonical_T of shape"),
        ("canonical_t", np.zeros(2, np.float32), "canonical_t of shape"),
        ("canonical_t", np.zeros(3), "canonical_t of type float64"),
        ("canonical_range", np.zeros((3, 3), np.float32), "canonical_range of shape"),
    ],
)
def test_a_canonical_form_of_another_shape_is_refused(path, name, array, match):
    with h5py.File(path, "r+") as file:
        del file[f"kept/cake/3/1/{name}"]
        file[f"kept/cake/3/1/{name}"] = array
    with pytest.raises(CacheError, match=match):
        read_runs(path)


def test_nothing_but_the_file_is_left_and_its_digests_hold(path):
    assert [each.name for each in path.parent.iterdir()] == ["runs.h5"]
    with h5py.File(path, "r+") as file:
        assert damaged(file) == []
        file["confusion"][0, 0, 0, 0, 0] += 1  # the control: one count more is seen
        assert damaged(file) == ["confusion"]


def test_confusions_are_in_order_of_the_run_and_without_failures():
    runs = made_up()
    np.testing.assert_array_equal(
        runs.confusions("cake", 3), np.stack([runs.outcomes[Head("cake", 3, run)].confusion for run in (0, 1)])
    )
    for family, k in (("av", 0), ("cake", 2)):
        assert runs.confusions(family, k).shape == (0, 2, 2, 7, 7)


def test_a_later_write_replaces_the_file(path):
    runs = read_runs(path)
    runs.outcomes[Head("baseline", 0, 0)] = HeadOutcome(1, 0.1, np.ones((2, 2, 7, 7), np.int64))
    write_runs(path, runs)
    assert list(read_runs(path).outcomes)[-1] == Head("baseline", 0, 0)


def test_a_write_that_fails_leaves_the_old_file(path):
    before = path.read_bytes()
    runs = made_up()
    runs.provenance = {"unwritable": object()}
    with pytest.raises(TypeError):
        write_runs(path, runs)
    assert path.read_bytes() == before and [each.name for each in path.parent.iterdir()] == ["runs.h5"]


def _set(name, value):
    return lambda file: file.attrs.__setitem__(name, value)


@pytest.mark.parametrize(
    "spoil, match",
    [
        (_set("complete", False), "incomplete"),
        (lambda file: file.attrs.__delitem__("complete"), "incomplete"),
        (_set("schema_version", 99), "schema version 99, this code reads"),
        (_set("kind", "features"), "kind features, expected kind runs"),
        (lambda file: file.attrs.__delitem__("kind"), "not a file of this project"),
        (_set("emotions", json.dumps(EMOTIONS[::-1])), "orders its classes"),
        (_set("emotions", '["anger"]'), "names its classes as"),
        (lambda file: file.__setitem__("link", h5py.ExternalLink("other.h5", "/x")), "external link"),
        (lambda file: file.__delitem__("confusion"), "lacks a part"),
        (lambda file: file.attrs.__delitem__("classifiers"), "lacks a part"),
    ],
)
def test_what_is_no_whole_results_file_is_refused(path, spoil, match):
    with h5py.File(path, "r+") as file:
        spoil(file)
    with pytest.raises(CacheError, match=match) as error:
        read_runs(path)
    assert str(path) in str(error.value)


def test_a_cut_and_a_missing_file_name_the_command(path):
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(CacheError, match="not a readable HDF5 file.*embed sweep"):
        read_runs(path)
    with pytest.raises(FileNotFoundError, match="is missing; make it with `embed sweep --results .*other.h5`"):
        read_runs(path.with_name("other.h5"))
