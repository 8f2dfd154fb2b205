"""Matrices hold Table 3, and rows that sum to one."""

import pytest

from evaluate.figures.matrices import confusions, cross_database
from tests.evaluate.figures.shown import texts


def test_matrices_hold_table_3_and_row_shares(study):
    runs, _ = study
    table = cross_database(runs)
    assert (
        len(table.records) == 9
        and len(texts(table.figure.axes[0])) == 9
        and table.figure.axes[0].get_xlabel() == "tested on"
    )
    shares = confusions(runs)
    assert len(shares.figure.axes) == 3
    rows = [float(record["share"]) for record in shares.records if (record["test"], record["true"]) == ("sfew", "fear")]
    assert sum(rows) == pytest.approx(100, abs=0.01)
