"""The paper's claims: yes, no and undecided on planted differences, the paper's own gaps, and what cannot be asked."""

import numpy as np
import pytest

from data.files.runs import Head, HeadOutcome
from data.metrics import accuracy_score, macro_f1_score
from evaluate.statistics.inference.claimed import CLAIMS
from evaluate.tables.claims import claims
from evaluate.tables.formats.text import as_text
from tests.evaluate import made_up_runs
from tests.evaluate.made_up_runs import make
from tests.evaluate.made_up_study import make_study

RUNS = 6
NAMES = [claim.text for claim in CLAIMS]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Runs whose predictions are kept for every size, as a sweep keeps those on Figure 4's axis."""
    runs = make_study(tmp_path_factory.mktemp("study"), runs=RUNS, all_kept=True)
    return runs, {(record["claim"], record["test"]): record for record in claims(runs).records}


def test_the_papers_own_gaps():
    gaps = [round(CLAIMS[1].stated[name,], 1) for name in ("affectnet", "sfew", "rafdb")]
    assert gaps == [2.5, 3.9, 1.4] and ("affectnet", "sfew") not in CLAIMS[1].stated
    assert CLAIMS[0].stated["rafdb",] == pytest.approx(0.6) and CLAIMS[4].stated["affectnet",] == 3
    assert CLAIMS[3].stated["affectnet",] == pytest.approx(-0.2)  # the paper's own table does not bear this out
    assert CLAIMS[5].stated["affectnet",] == pytest.approx(0.6)


def slow_score(runs, key, test, score=macro_f1_score):
    place = list(runs.tests).index(test)
    return np.mean([score(runs.outcomes[Head(*key, run)].confusion[place, place]) for run in range(RUNS)])


def slow_average(runs, key):
    sizes = [len(test.emotion) for test in runs.tests.values()]
    return np.average([slow_score(runs, key, test) for test in runs.tests], weights=sizes)


def test_every_difference_is_that_of_the_raw_counts(study):
    runs, records = study
    found = lambda place, test: float(records[NAMES[place], test]["difference"])
    assert found(2, "rafdb") == pytest.approx(
        100 * (slow_score(runs, ("cake", 3), "rafdb") - slow_score(runs, ("cake", 2), "rafdb")), abs=1e-3
    )
    gained = [slow_score(runs, ("av-true", k), "affectnet", accuracy_score) for k in (0, 1)]
    assert found(4, "affectnet") == pytest.approx(100 * (gained[1] - gained[0]), abs=1e-3)
    two, three, four, eight = (slow_average(runs, ("cake", k)) for k in (2, 3, 4, 8))
    assert found(7, "all") == pytest.approx(100 * (three - two - max(four - three, eight - four)), abs=1e-3)
    assert found(8, "all") == pytest.approx(100 * (max(four, eight) - three), abs=1e-3)
    beside = np.mean([slow_average(runs, ("cake", k)) - slow_average(runs, ("av", k - 2)) for k in (3, 4)])
    assert found(9, "all") == pytest.approx(100 * beside, abs=1e-3)


def test_how_far_a_classifier_generalises_is_that_of_the_raw_counts(study):
    runs, records = study
    scores = np.array(
        [
            [
                np.mean([macro_f1_score(runs.outcomes[Head("cake", 3, run)].confusion[c, t]) for run in range(RUNS)])
                for t in range(3)
            ]
            for c in range(3)
        ]
    )
    behind = [np.mean([scores[t, t] - scores[c, t] for t in range(3) if t != c]) for c in range(3)]  # sfew is the last
    best = min(behind[0], behind[2]) - behind[1]
    least = behind[2] - max(behind[0], behind[1])
    assert float(records[NAMES[11], "all"]["difference"]) == pytest.approx(100 * best, abs=1e-3)
    assert float(records[NAMES[12], "all"]["difference"]) == pytest.approx(100 * least, abs=1e-3)


def test_what_was_planted_is_found(study):
    _, records = study
    assert records[NAMES[2], "all"]["supported"] == "yes"  # two dimensions cannot hold three factors
    assert records[NAMES[8], "all"]["supported"] in ("yes", "undecided")
    assert len({record["claim"] for record in records.values()}) == len(CLAIMS) == 13
    for record in records.values():
        assert record["supported"] in ("yes", "no", "undecided") and float(record["p"]) <= float(record["p_holm"])


def test_little_is_asked_within_a_point_both_ways():
    """Many alike sizes gain nothing: within a point, yes. A later size that is far better: no."""
    alike, better = (make_study_of_sizes(gain) for gain in (0.0, 0.2))
    answers = [
        next(record for record in claims(runs).records if record["claim"] == NAMES[8]) for runs in (alike, better)
    ]
    assert [answer["supported"] for answer in answers] == ["yes", "no"]


def make_study_of_sizes(gain):
    """CAKE-3, right in six of ten answers, and CAKE-8, which is right in as many and `gain` more."""
    runs = made_up_runs.make(sizes=(9000, 3000, 3000), families=())
    truth = np.concatenate([test.emotion for test in runs.tests.values()])
    for run in range(10):
        for k, share in ((3, 0.6), (8, 0.6 + gain)):
            generator = np.random.default_rng((run, k))
            right = generator.random((3, len(truth))) < share
            predicted = np.where(right, truth, (truth + 1 + generator.integers(0, 6, right.shape)) % 7).astype(np.uint8)
            confusion = made_up_runs._confusion(runs.tests, predicted)
            runs.outcomes[Head("cake", k, run)] = HeadOutcome(
                seed=run, loss=1.0, confusion=confusion, predicted=predicted
            )
    return runs


def test_what_was_not_swept_is_named_in_one_row():
    table = claims(make(families=("cake", "baseline")))
    reasons = {row[0]: row[2] for row in table.rows if row[0]}
    assert reasons["1"] == reasons["2"] == reasons["4"] == "– no predicted arousal-valence"
    assert reasons["5"] == "– not swept" and reasons["8"] == "– no size beyond 3 was swept"
    assert "A third learned dimension" in as_text(table) and max(map(len, as_text(table).splitlines())) <= 100


def test_claims_about_named_data_sets_are_not_asked_of_others():
    table = claims(make(names=("a", "b", "c")))
    assert [row[2] for row in table.rows if row[0] in ("12", "13")] == [
        "– it is about RAF-DB among three data sets",
        "– it is about SFEW among three data sets",
    ]


def test_a_single_run_leaves_every_claim_undecided():
    assert {row[-1] for row in claims(make(runs=1)).rows} <= {"undecided", "–"}


def test_toy_data_stand_beside_no_number_of_the_paper():
    table = claims(make(toy=True))
    assert {record["paper"] for record in table.records} == {""} and table.title.startswith("TOY")
    assert "paper" not in table.columns
