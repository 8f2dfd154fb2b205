"""Results of other classes than the paper's seven: every table, figure and the page take names and number from them."""

import csv
import dataclasses

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.metrics import confusion_matrix, f1_score

from data.emotions import EMOTIONS
from data.files.runs import Head, read_runs, write_runs
from data.metrics import accuracy_score
from evaluate.cli import main
from evaluate.reference import OTHER_CLASSES
from evaluate.statistics.trust.group_scores import weighted_scores
from tests.evaluate.made_up_runs import make
from tests.evaluate.made_up_study import make_study

CLASSES = {2: ("calm", "tense"), 3: ("negative", "neutral", "positive"), 8: (*EMOTIONS, "contempt")}
STUDY = {"names": ("affectnet", "rafdb"), "sizes": (44, 36), "runs": 2, "ks": (1,), "width": 8}


def evaluated(folder, classes):
    """What the commands say, with results and caches in `folder`; the page draws all that `figures` does."""
    runs = make_study(folder, classes=classes, **STUDY)
    for test in runs.tests.values():
        test.more["groups"] = np.array([f'{{"side": "{"ab"[row % 2]}"}}' for row in range(len(test.row))], object)
    write_runs(folder / "results" / "runs.h5", runs)
    said = {}
    for command in ("tables", "report"):
        result = CliRunner().invoke(main, [command, "--workdir", str(folder)])
        assert result.exit_code == 0, result.output
        assert "left out" not in result.stderr
        said[command] = result.stdout
    return said


@pytest.fixture(scope="module", params=CLASSES)
def other(request, tmp_path_factory):
    """(classes, folder, what the commands said)."""
    folder, classes = tmp_path_factory.mktemp("other"), CLASSES[request.param]
    with pytest.MonkeyPatch.context() as patch:
        if request.param != 3:  # drawn but not rendered, which takes most of the time
            patch.setattr("evaluate.page.items.as_svg", lambda figure: '<svg width="1pt" height="1pt"></svg>')
        return classes, folder / "results", evaluated(folder, classes)


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_line_says_that_the_papers_numbers_are_left_out_and_none_is_there(other):
    _, folder, said = other
    assert (
        "Table 3." in said["tables"] and " paper  " not in said["tables"] and "minus the paper's" not in said["tables"]
    )
    for name in ("table1", "table2", "table3", "claims", "section2_1"):
        text = (folder / "tables" / f"{name}.txt").read_text(encoding="utf-8")
        assert " ".join(text.split()).count(OTHER_CLASSES) == 1, name
    numbers = [record for path in (folder / "tables").glob("*.csv") for record in rows(path) if "paper" in record]
    assert len(numbers) > 50 and not any(record["paper"] for record in numbers)
    assert not any("published" in record["absent"] for record in rows(folder / "tables" / "table2.csv"))


def test_every_class_has_its_name_in_what_is_shown_by_class(other):
    classes, folder, _ = other
    named = {"confusion": "true", "agreement_by_class": "emotion", "shares": "emotion", "figure5": "emotion"}
    for name, field in {**named, "view": "predicted"}.items():
        found = {record[field] for record in rows(folder / "report" / f"{name}.csv")}
        assert found <= set(classes) and (name == "view" or found == set(classes)), name
    pairs = {record["pair"] for record in rows(folder / "report" / "third.csv")}
    assert all(set(pair.split(" and ")) <= set(classes) for pair in pairs) and pairs
    page = (folder / "report" / "report.html").read_text(encoding="utf-8")
    assert f"(classes: {', '.join(classes)})" in page and "Not shown" not in page
    for name in classes:
        assert page.count(f"</span>{name}</label>") == 1  # a box of the view


def test_of_single_emotions_nothing_is_claimed(other):
    _, folder, _ = other
    assert {record["statement"] for record in rows(folder / "report" / "maps.csv")} == {"classifiers agree"}
    assert "what it says of single emotions is left out" in (folder / "report" / "report.html").read_text("utf-8")


def test_where_a_head_gains_no_new_function_follows_the_classes(other):
    classes, folder, _ = other
    page = (folder / "report" / "report.html").read_text(encoding="utf-8")
    rank = 2 * (len(classes) - 1)
    assert f"2 linear classifiers on one representation can use {rank} learned dimensions" in page


def test_scores_are_those_of_scikit_learn(other):
    classes, folder, _ = other
    runs = read_runs(folder / "runs.h5")
    true, span = runs.tests["rafdb"].emotion, runs.span("rafdb")
    answers = [runs.outcomes[Head("cake", 3, run)].predicted[1, span] for run in range(2)]
    slow = np.mean([f1_score(true, own, average="macro", zero_division=0, labels=np.unique(true)) for own in answers])
    [record] = [
        each
        for each in rows(folder / "tables" / "table1.csv")
        if (each["table"], each["test"], each["representation"]) == ("table1", "rafdb", "CAKE-3")
    ]
    assert float(record["mean"]) == pytest.approx(100 * slow, abs=1e-3)
    counts = sum(confusion_matrix(true, own, labels=range(len(classes))) for own in answers)
    told = [int(each["count"]) for each in rows(folder / "report" / "confusion.csv") if each["test"] == "rafdb"]
    np.testing.assert_array_equal(counts.ravel(), told)


def test_the_seven_keep_what_the_paper_says(tmp_path):
    """The control: what is left out above is there where it belongs."""
    write_runs(tmp_path / "results" / "runs.h5", make(runs=2))
    text = CliRunner().invoke(main, ["tables", "--workdir", str(tmp_path)]).stdout
    assert OTHER_CLASSES not in text and " paper  " in text and "Deep Locality Preserving" in text
    assert any(record["paper"] for record in rows(tmp_path / "results" / "tables" / "claims.csv"))


def test_scores_of_many_classes_are_weighted_as_those_of_rows_taken_as_often():
    generator = np.random.default_rng(0)
    true, answers = generator.integers(0, 127, 200), generator.integers(0, 127, (2, 200)).astype(np.uint8)
    answers[:, ::2] = true[::2]
    weights = generator.integers(0, 3, (4, 200))
    found = weighted_scores(true, answers, weights.astype(np.float32), accuracy_score, classes=127)
    slow = [np.mean([np.repeat(true == own, weight).mean() for own in answers]) for weight in weights]
    np.testing.assert_allclose(found, slow, atol=1e-6)


def test_results_of_other_classes_are_not_compared(tmp_path):
    three = make(runs=2, classes=CLASSES[3])
    named = dataclasses.replace(three, classes=("bad", "middling", "good"))
    for name, runs in (("one", three), ("same", three), ("other", named)):
        write_runs(tmp_path / "results" / f"{name}.h5", runs)
    call = lambda *names: CliRunner().invoke(main, ["compare", "--workdir", str(tmp_path), *names])
    assert call("one", "same").exit_code == 0
    result = call("one", "other")
    assert result.exit_code == 1 and result.output.count("\n") == 1
    assert "negative, neutral, positive" in result.output and "bad, middling, good" in result.output
