"""Tables 1 to 3: recomputed from raw predictions by scikit-learn, the paper beside them, gaps named."""

import csv
import io

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from data.files.runs import Head, HeadOutcome
from evaluate import reference
from evaluate.page.origin import origin
from evaluate.statistics.scores import over_runs
from evaluate.tables.formats.format_registry import records_of
from evaluate.tables.formats.markdown import as_markdown
from evaluate.tables.formats.text import as_text
from evaluate.tables.paper_tables import conventions, multi_domain_summary, table_1, table_2, table_3
from evaluate.tables.printed import difference, percent
from evaluate.tables.table_files import all_tables
from tests.evaluate.made_up_runs import make


def slow(runs, family, k, classifier, test, score):
    """Mean and sample deviation over runs, from the predictions of every row."""
    names = list(runs.tests)
    ends = np.cumsum([0, *(len(each.emotion) for each in runs.tests.values())])
    place = names.index(test)
    values = []
    for head, outcome in runs.outcomes.items():
        if (head.family, head.k) == (family, k):
            values.append(
                score(
                    runs.tests[test].emotion,
                    outcome.predicted[runs.classifiers.index(classifier), ends[place] : ends[place + 1]],
                )
            )
    return 100 * np.mean(values), 100 * np.std(values, ddof=1)


def macro(true, predicted):
    return f1_score(true, predicted, labels=np.unique(true), average="macro", zero_division=0)


def records(table):
    return {
        (record["representation"], record["score"], record["classifier"], record["test"]): record
        for record in table.records
    }


@pytest.mark.parametrize("classes", [7, 5])
def test_table_1_is_what_scikit_learn_says_of_the_raw_predictions(classes):
    runs = make(present=classes)
    found = records(table_1(runs))
    assert len(found) == 12
    for name in runs.tests:
        for label, family, k in (("CAKE-3", "cake", 3), ("AV1", "av", 1), ("AV", "av", 0), ("CAKE-2", "cake", 2)):
            mean, deviation = slow(runs, family, k, name, name, macro)
            record = found[label, "macro F1", name, name]
            assert (float(record["mean"]), float(record["deviation"])) == (
                pytest.approx(mean, abs=1e-3),
                pytest.approx(deviation, abs=1e-3),
            )
            assert record["n"] == len(runs.tests[name].emotion) and record["runs"] == 10


def test_table_2_and_the_conventions_agree_with_scikit_learn():
    runs = make()
    found = records(conventions(runs))
    for name in runs.tests:
        for kind, score in (
            ("accuracy", accuracy_score),
            ("mean recall", balanced_accuracy_score),
            ("macro F1", macro),
        ):
            assert float(found["CAKE-3", kind, name, name]["mean"]) == pytest.approx(
                slow(runs, "cake", 3, name, name, score)[0], abs=1e-3
            )
    second = records(table_2(runs))
    assert (
        second["Baseline", "mean recall", "rafdb", "rafdb"]["mean"]
        == found["Baseline", "mean recall", "rafdb", "rafdb"]["mean"]
    )
    assert (
        second["Baseline", "accuracy", "sfew", "sfew"]["mean"] == found["Baseline", "accuracy", "sfew", "sfew"]["mean"]
    )


def test_table_3_crosses_every_classifier_with_every_test_set():
    runs = make()
    found = records(table_3(runs))
    assert len(found) == 9
    for (_, _, classifier, test), record in found.items():
        assert float(record["mean"]) == pytest.approx(slow(runs, "cake", 3, classifier, test, macro)[0], abs=1e-3)


def test_the_order_of_the_runs_is_no_matter():
    runs, turned = make(), make()
    turned.outcomes = dict(reversed(turned.outcomes.items()))
    assert table_1(runs).rows == table_1(turned).rows


def test_the_paper_stands_beside_with_the_difference_in_points_and_deviations():
    score = over_runs(np.array([0.60, 0.62]))
    assert difference(score, (58.1, 0.5), toy=False) == "+2.9 (+5.8 dev.)"
    assert difference(score, (55.8, 0.0), toy=False) == "+5.2"
    assert difference(score, (58.1, 0.5), toy=True) == "toy" and difference(score, None, toy=False) == "–"
    rows = table_1(make()).rows
    assert [row[0] for row in rows] == ["AffectNet", "", "", "", "SFEW", "", "", "", "RAF-DB", "", "", ""]
    assert rows[0][5] == "58.1 ± 0.5" and rows[0][2] == "3" and rows[2][2] == "2"


def test_data_sets_of_ones_own_have_no_paper_columns():
    tables = all_tables(make(("a", "b", "c")))
    text = "\n".join(map(as_text, tables))
    assert (
        "paper" not in text.replace("(the paper: AffectNet alone)", "").replace("The paper's claims", "")
        and "Covariance" not in text
    )
    assert [row[0] for row in tables[0].rows if row[0]] == ["a", "b", "c"]


def test_what_cannot_be_computed_says_why():
    runs = make(families=("cake", "baseline"))
    rows = table_1(runs).rows
    assert rows[1][3] == "– no predicted arousal-valence" and "±" in rows[0][3]
    assert ("CAKE-3-Norm", "3", "– not swept", "–", "–") in multi_domain_summary(runs).rows
    for head in [head for head in runs.outcomes if head.family == "baseline"]:
        runs.outcomes[head].failure = "diverged"
    assert ("Baseline", "512", "– every run diverged", "–", "–") in multi_domain_summary(runs).rows
    assert any("10 heads diverged" in note for note in table_1(runs).notes)


def test_a_single_run_has_no_deviation():
    table = table_1(make(runs=1))
    assert table.rows[0][3].endswith("± –") and "a single run: no deviation" in table.notes
    assert table.records[0]["deviation"] == ""


def test_notes_state_n_coverage_classes_and_pretraining():
    notes = " | ".join(table_1(make(present=6)).notes)
    assert "AffectNet: n = 140 of 143 listed images, coverage 97.9%; 6 of 7 classes" in notes
    assert "trained on 1,000 rows (paper 283,901)" in notes and "pre-trained on AffectNet (the paper" in notes


def test_notes_and_origin_say_what_the_network_is():
    runs = make()
    assert "architecture" not in " ".join(row[0] for row in origin(runs).rows)
    pooled = {"network": "cov", "architecture": "resnet18 with covariance pooling", "parameters": 15_470_000}
    runs.provenance.update(pooled)
    assert "backbone cov, resnet18 with covariance pooling, pre-trained on AffectNet" in " ".join(table_1(runs).notes)
    assert ("architecture", "resnet18 with covariance pooling, 15.5 million parameters") in origin(runs).rows


def test_toy_is_called_toy_in_every_table():
    tables = all_tables(make(toy=True))
    assert all(table.title.startswith("TOY DATA") for table in tables)
    assert {record["toy"] for table in tables for record in table.records} == {1}


def test_formats_hold_the_same_numbers():
    table = table_1(make())
    cell = table.rows[0][3]
    assert cell in as_text(table) and cell in as_markdown(table)
    parsed = list(csv.DictReader(io.StringIO(records_of([table]))))
    assert cell == f"{float(parsed[0]['mean']):.1f} ± {float(parsed[0]['deviation']):.1f}"
    assert all(
        line.count("|") == len(table.columns) + 1 for line in as_markdown(table).splitlines() if line.startswith("|")
    )
    assert max(len(line) for line in as_text(table).splitlines()) <= 100


def test_percent_of_nothing_is_a_dash():
    assert percent(None) == "–" and percent(over_runs(np.array([0.5]))) == "50.0 ± –"


def test_an_outcome_of_another_run_changes_the_mean():
    runs = make()
    before = table_1(runs).rows[0][3]
    head = Head("cake", 3, 0)
    runs.outcomes[head] = HeadOutcome(0, 1.0, np.broadcast_to(np.eye(7, dtype=int), (3, 3, 7, 7)))
    assert table_1(runs).rows[0][3] != before


def test_the_papers_numbers_hang_together():
    for name, rows in reference.TABLE_1.items():
        assert rows["cake", 3][0] == reference.TABLE_3[name][name][0]
    assert sum(reference.TRAINING_ROWS.values()) == 296_043


def test_a_lost_run_is_told_and_the_others_are_scored():
    runs = make(runs=3)
    runs.outcomes[Head("cake", 3, 1)].failure = "diverged"
    table = table_1(runs)
    assert "1 head diverged and is left out; runs scored: CAKE-3 over 2 of 3" in table.notes
    assert [record["runs"] for record in table.records[:2]] == [2, 3]


def test_a_sweep_of_more_runs_at_other_sizes_does_not_count_as_runs_of_the_tables():
    runs = make(runs=2)
    runs.outcomes[Head("cake", 64, 9)] = runs.outcomes[Head("cake", 3, 0)]
    assert any("over 2 runs" in note for note in table_1(runs).notes)


def test_machines_read_the_difference_and_the_reason_of_a_gap():
    real, toy = make(families=("cake", "baseline")), make(toy=True)
    found = records(table_1(real))
    first, gap = found["CAKE-3", "macro F1", "rafdb", "rafdb"], found["AV", "macro F1", "sfew", "sfew"]
    assert float(first["difference"]) == pytest.approx(float(first["mean"]) - 64.4, abs=1e-3)
    assert (first["absent"], first["dimensions"]) == ("", 3)
    assert (gap["mean"], gap["difference"], gap["absent"], gap["paper"]) == (
        "",
        "",
        "no predicted arousal-valence",
        33.3,
    )
    assert {record["difference"] for record in table_1(toy).records} == {""}


def test_systems_without_a_figure_on_the_data_sets_at_hand_are_not_listed():
    first_cells = [row[0] for row in table_2(make(("sfew",), sizes=(40,))).rows]
    assert "Transfer Learning" in first_cells and "Compact Model" not in first_cells


@pytest.mark.parametrize(
    "names", [("affectnet", "rafdb", "sfew", "fer2013"), tuple(f"photographs-of-{letter}" for letter in "abcdef")]
)
@pytest.mark.parametrize("families", [("cake", "av", "cake-norm", "baseline"), ("baseline",)])
def test_every_table_fits_the_terminal(names, families):
    for table in all_tables(make(names, runs=2, toy=True, families=families, sizes=(20,) * len(names))):
        assert max(map(len, as_text(table).splitlines())) <= 100


def test_provenance_of_an_older_sweep_may_lack_what_the_notes_say():
    runs = make(runs=2)
    runs.provenance = {}
    assert not any("pre-trained" in note or "trained on" in note for note in table_1(runs).notes)


def test_coverage_is_told_twice():
    table = table_1(make())
    note = next(note for note in table.notes if "counted wrong" in note)
    assert f"{float(table.records[0]['undetected_wrong']):.1f} on AffectNet" in note
    whole = make()
    for test in whole.tests.values():
        test.status_counts[:, 1] = 0
    assert not any("counted wrong" in note for note in table_1(whole).notes)
