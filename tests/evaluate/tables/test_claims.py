"""The paper's claims: yes, no and undecided on planted differences, the paper's own gaps, and what cannot be asked."""

import numpy as np
import pytest

from data.files.runs import Head
from data.metrics import accuracy_score, macro_f1_score
from evaluate.statistics.comparison import Comparison, Resamples
from evaluate.tables.claims import CLAIMS, answer, claims, paper_gap
from evaluate.tables.formats.text import as_text
from tests.evaluate.made_up_runs import make
from tests.evaluate.made_up_study import make_study


def table_of(runs):
    return claims(runs, Resamples(runs, np.random.default_rng(0)))


@pytest.mark.parametrize(
    "over_runs, over_rows, expected",
    [
        ((0.01, 0.02), (0.01, 0.03), "yes"),
        ((-0.02, -0.01), (-0.03, -0.01), "no"),
        ((0.01, 0.02), (-0.01, 0.03), "undecided"),
        ((0.01, 0.02), (-0.03, -0.01), "undecided"),
        (None, (0.01, 0.02), "undecided"),
    ],
)
def test_yes_and_no_need_both_tests(over_runs, over_rows, expected):
    assert answer(Comparison(0.01, over_runs, over_rows)) == expected


def test_the_papers_own_gaps():
    gaps = [round(paper_gap(CLAIMS[1], [name]), 1) for name in ("affectnet", "sfew", "rafdb")]
    assert gaps == [2.5, 3.9, 1.4] and paper_gap(CLAIMS[1], ["affectnet", "sfew"]) is None
    assert (
        paper_gap(CLAIMS[0], ["rafdb"]) == pytest.approx(0.6)
        and paper_gap(CLAIMS[4], ["affectnet"]) == 3
        and paper_gap(CLAIMS[4], ["mine"]) is None
    )
    assert paper_gap(CLAIMS[3], ["affectnet"]) == pytest.approx(-0.2)  # the paper's own table does not bear this out


def test_every_difference_is_that_of_the_raw_counts(tmp_path):
    runs = make_study(tmp_path)
    records = {(record["claim"], record["test"]): record for record in table_of(runs).records}
    for claim, test, score in ((CLAIMS[2], "rafdb", macro_f1_score), (CLAIMS[4], "affectnet", accuracy_score)):
        place = list(runs.tests).index(test)
        slow = [
            np.mean([score(runs.outcomes[Head(*each.key, run)].confusion[place, place]) for run in range(3)])
            for each in (claim.first, claim.second)
        ]
        assert float(records[claim.text, test]["difference"]) == pytest.approx(100 * (slow[0] - slow[1]), abs=1e-3)
    assert records[CLAIMS[2].text, "all"]["supported"] == "yes"  # planted: two dimensions cannot hold three factors
    assert len(records) == 5 * 4 + 1


def test_what_was_not_swept_is_named_in_one_row():
    runs = make(families=("cake", "baseline"))
    table = table_of(runs)
    assert [row[2] for row in table.rows if row[0] in list("1245")] == ["– no predicted arousal-valence"] * 3 + [
        "– not swept"
    ]
    assert "A third learned dimension" in as_text(table) and max(map(len, as_text(table).splitlines())) <= 100


def test_a_single_run_leaves_every_claim_undecided():
    assert {row[-1] for row in table_of(make(runs=1)).rows} <= {"undecided", "–"}


def test_toy_data_stand_beside_no_number_of_the_paper():
    table = table_of(make(toy=True))
    assert (
        {record["paper"] for record in table.records} == {""}
        and table.title.startswith("TOY")
        and "paper" not in table.columns
    )
