"""Section 2.1: the gain from added dimensions recomputed from raw predictions, the paper's beside it."""

import numpy as np
import pytest

from data.files.runs import Head
from evaluate.tables.formats.text import as_text
from evaluate.tables.section_2_1 import section_2_1
from tests.evaluate.made_up_study import make_study


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return make_study(tmp_path_factory.mktemp("study"))


def test_section_2_1_has_the_gain_and_the_papers_beside_it(runs):
    table = section_2_1(runs)
    assert [row[0] for row in table.rows] == ["+0", "+1", "+2", "+3", "+4", "+8"]
    assert table.rows[0][2] == "–" and table.rows[0][4] == "83.0" and table.rows[1][5] == "+3.0"
    truth = runs.tests["affectnet"].emotion
    slow = [
        np.mean([(runs.outcomes[Head("av-true", k, run)].predicted[0, :150] == truth).mean() for run in range(3)])
        for k in (0, 1)
    ]
    assert table.rows[1][2] == f"{100 * (slow[1] - slow[0]):+.1f}"
    assert "n = 150" in as_text(table)


def test_section_2_1_says_what_it_lacks(tmp_path):
    table = section_2_1(make_study(tmp_path, families=("cake",), runs=1))
    assert "no annotated arousal-valence" in as_text(table) and table.records[0]["absent"]
