"""The policy on rows that cannot be read."""

import pytest

from data.readers.tables.bad_rows import FEW, MOST, BadRows
from data.readers.tables.cells import BadCell
from data.runtime.failures import Refused


def with_bad(count):
    bad = BadRows("t.csv")
    for number in range(count):
        assert bad.leave_out(f"t.csv, line {number + 2}", BadCell("valence", "'x'")) == "bad valence"
    return bad


def test_a_table_without_rows_is_said():
    assert with_bad(0).notes(0) == ("t.csv holds no row",)


def test_none_is_said_where_there_is_none():
    assert with_bad(0).notes(10) == ()


@pytest.mark.parametrize(
    ("bad", "rows", "fine"),
    [(1, 1, True), (3, 4, True), (4, 5, False), (4, 399, False), (4, 400, True), (10, 1000, True), (11, 1000, False)],
)
def test_a_few_and_a_share_are_left_out(bad, rows, fine):
    assert (FEW, MOST) == (3, 0.01)
    if fine:
        [note] = with_bad(bad).notes(rows)
        assert (
            note == f"cannot be read and are left out: {bad} of {rows:,} rows; the first: t.csv, line 2, valence: 'x'"
        )
    else:
        with pytest.raises(Refused, match=rf"^t.csv: {bad} of {rows:,} rows .*line 2.*line 3.*line 4, .* \.\.\.$"):
            with_bad(bad).notes(rows)


def test_one_row_without_path_or_split_refuses_a_table_of_any_size():
    bad = with_bad(1)
    bad.refuse("t.csv, line 9", BadCell("split", "'dev'"))
    with pytest.raises(
        Refused, match="1 of 1,000,001 rows .*path and split are needed.*line 9, split: 'dev'"
    ) as caught:
        bad.notes(1_000_000)
    assert "line 2" not in str(caught.value)
