"""A column of the results is one declaration: written, read, checked and described by it, and absent from files from
before it."""

import h5py
import numpy as np
import pytest

from data.files import columns
from data.files.cache import CacheError, damaged
from data.files.columns import COLUMNS, HEAD, TEST_SET, Column, register
from data.files.fields import TEXT, Field
from data.files.runs import Head, HeadOutcome, read_runs, write_runs
from tests.data.files.test_runs import made_up

# All that is needed for one more column of each kind.
SECONDS = Column(
    "seconds", HEAD, Field("float64", ("head",), "how long its training took", needed=False), default=float("nan")
)
CURVE = Column(
    "curve", HEAD, Field("float32", ("head", "epoch"), "loss of every epoch", needed=False), default=float("inf")
)
RIGHT = Column(
    "right",
    HEAD,
    Field("int32", ("head", "classifier"), "how many rows of all test sets were named rightly", needed=False),
    default=-1,
    made=lambda head: np.einsum("dtcc->d", head["confusion"]),
)
REMARK = Column("remark", HEAD, Field(TEXT, ("head",), "what somebody thought of it", needed=False), default="none")
WEIGHT = Column("weight", TEST_SET, Field("float32", ("test row",), "how much a row counts", needed=False, packed=True))
FURTHER = (SECONDS, CURVE, RIGHT, REMARK, WEIGHT)


@pytest.fixture
def path(tmp_path):
    """A results file from before there were further columns."""
    write_runs(tmp_path / "runs.h5", made_up())
    return tmp_path / "runs.h5"


@pytest.fixture
def further(monkeypatch):
    """Function that registers columns for one test."""
    monkeypatch.setattr(columns, "COLUMNS", dict(COLUMNS))
    return lambda *more: [register(column) for column in more]


def filled():
    """Runs whose heads and test sets have a value in every further column."""
    runs = made_up()
    for number, outcome in enumerate(runs.outcomes.values()):
        outcome.more = {
            "seconds": 0.5 * number,
            "curve": np.arange(4, dtype=np.float32) + number,
            "remark": f"remark {number}",
        }
    for test in runs.tests.values():
        test.more = {"weight": np.arange(len(test.emotion))}
    return runs


def test_a_further_column_is_written_read_and_described(path, further):
    further(*FURTHER)
    runs = filled()
    write_runs(path, runs)
    found = read_runs(path)
    for head, outcome in runs.outcomes.items():
        more = found.outcomes[head].more
        assert (more["seconds"], more["remark"]) == (outcome.more["seconds"], outcome.more["remark"])
        np.testing.assert_array_equal(more["curve"], outcome.more["curve"])
        np.testing.assert_array_equal(more["right"], [np.trace(counts.sum(0)) for counts in outcome.confusion])
    for name, test in runs.tests.items():
        np.testing.assert_array_equal(found.tests[name].more["weight"], test.more["weight"])
    with h5py.File(path) as file:
        assert damaged(file) == []
        assert file["heads/curve"].attrs["description"] == "loss of every epoch"
        assert file["heads/curve"].attrs["axes"] == "head, epoch"
        assert file["heads/right"].dtype == np.int32


def test_a_file_from_before_the_column_gives_its_default(path, further):
    further(*FURTHER)
    found = read_runs(path)
    for outcome in found.outcomes.values():
        assert np.isnan(outcome.more["seconds"]) and outcome.more["curve"] == np.inf
        assert (outcome.more["right"], outcome.more["remark"]) == (-1, "none")
    assert all("weight" not in test.more for test in found.tests.values())


def test_heads_that_join_a_file_from_before_have_their_values_beside_the_defaults(path, further):
    further(*FURTHER)
    runs = read_runs(path)
    counts = np.ones((2, 2, 7, 7), np.int64)
    new = Head("cake", 2, 0)
    runs.outcomes[new] = HeadOutcome(1, 0.1, counts, more={"seconds": 3.0, "curve": np.arange(4.0)})
    write_runs(path, runs)
    found = read_runs(path).outcomes
    assert found[new].more["seconds"] == 3 and found[new].more["right"].tolist() == [14, 14]
    assert found[new].more["remark"] == "none"
    old = found[Head("cake", 3, 0)].more
    assert np.isnan(old["seconds"]) and old["curve"].tolist() == [np.inf] * 4 and old["right"].tolist() == [-1, -1]


def test_a_column_that_nobody_fills_is_not_written(path, further):
    further(CURVE, WEIGHT)
    write_runs(path, read_runs(path))
    with h5py.File(path) as file:
        assert "curve" not in file["heads"] and "weight" not in file["tests/a"]


def test_a_column_that_nobody_declared_is_refused_or_left_out_for_who_only_reads(path, further, monkeypatch, caplog):
    before = dict(COLUMNS)
    further(*FURTHER)
    write_runs(path, filled())
    monkeypatch.setattr(columns, "COLUMNS", before)
    with pytest.raises(CacheError, match="the column 'curve', .*the column 'weight', unknown here; .*CAKE_PLUGINS"):
        read_runs(path)
    found = read_runs(path, partly=True)
    assert "the column 'curve'" in caplog.text
    for head, outcome in made_up().outcomes.items():
        np.testing.assert_array_equal(found.outcomes[head].confusion, outcome.confusion)
        assert found.outcomes[head].more == {}


@pytest.mark.parametrize("value, match", [(np.zeros((3, 5)), "shape"), (np.zeros(3, np.int8), "type int8")])
def test_a_declared_column_is_held_against_its_declaration(path, further, value, match):
    further(SECONDS)
    with h5py.File(path, "r+") as file:
        file["heads/seconds"] = value
    with pytest.raises(CacheError, match=f"holds heads/seconds of {match}"):
        read_runs(path)


def test_no_two_columns_of_one_name_and_none_that_old_files_lack_without_a_default(further):
    further(SECONDS)
    assert register(SECONDS) is SECONDS
    with pytest.raises(ValueError, match="a column 'seconds' already"):
        register(Column("seconds", HEAD, Field("int8", ("head",), "another", needed=False), default=0))
    with pytest.raises(ValueError, match="is not needed"):
        register(Column("minutes", HEAD, Field("int8", ("head",), "needed in every file")))
    with pytest.raises(ValueError, match="plain name"):
        register(Column("a/b", HEAD, Field("int8", ("head",), "elsewhere", needed=False)))


def test_some_heads_without_a_value_need_a_default(path, further):
    further(Column("votes", HEAD, Field("int8", ("head",), "for it", needed=False)))
    runs = made_up()
    runs.outcomes[Head("cake", 3, 1)].more["votes"] = 3
    with pytest.raises(ValueError, match="votes has no value for some heads"):
        write_runs(path, runs)


def test_paths_of_test_rows_come_back_and_are_none_where_a_file_has_none(path):
    assert all(test.path is None for test in read_runs(path).tests.values())
    runs = made_up()
    for test in runs.tests.values():
        test.path = np.array([f"bilder/ü{row}.jpg" for row in test.row], object)
    write_runs(path, runs)
    for name, test in read_runs(path).tests.items():
        assert test.path.tolist() == runs.tests[name].path.tolist()
