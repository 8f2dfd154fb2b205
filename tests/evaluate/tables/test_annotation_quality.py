"""Classifiers against each other: drops and agreement recomputed from raw predictions, gaps named."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from data.files.runs import Head
from evaluate.tables.annotation_quality import annotation_quality
from evaluate.tables.formats.format_registry import records_of
from evaluate.tables.formats.text import as_text
from tests.evaluate.made_up_runs import make


def tables(runs):
    return {table.name: table for table in annotation_quality(runs)}


def test_the_parts_add_up():
    rows = {
        (record["first"], record["second"], record["score"]): float(record["mean"])
        for record in tables(make())["agreement"].records
    }
    assert rows["affectnet", "sfew", "agree"] + rows["affectnet", "sfew", "amount"] + rows[
        "affectnet", "sfew", "allocation"
    ] == pytest.approx(100, abs=1e-3)


def test_the_drop_is_that_of_the_raw_predictions():
    runs = make()
    macro = {}
    for name in runs.tests:
        truth = runs.tests[name].emotion
        macro[name] = [
            f1_score(
                truth,
                runs.outcomes[Head("cake", 3, run)].predicted[1, runs.span(name)],
                labels=np.unique(truth),
                average="macro",
                zero_division=0,
            )
            for run in range(10)
        ]
    found = {record["score"]: record for record in tables(runs)["foreign"].records if record["classifier"] == "rafdb"}
    slow = np.array(macro["rafdb"]) - (np.array(macro["affectnet"]) + macro["sfew"]) / 2
    assert float(found["drop"]["mean"]) == pytest.approx(100 * slow.mean(), abs=1e-3)
    assert float(found["drop"]["deviation"]) == pytest.approx(100 * slow.std(ddof=1), abs=1e-3)


def test_agreement_by_class_is_the_f1_of_one_against_the_other():
    runs = make(runs=1)
    answers = runs.outcomes[Head("cake", 3, 0)].predicted
    expected = 100 * f1_score(answers[0], answers[1], labels=range(7), average=None)
    found = [
        float(record["agreement"])
        for record in tables(runs)["agreement_by_class"].records
        if record["second"] == "rafdb" and record["first"] == "affectnet"
    ]
    assert found == pytest.approx(expected, abs=1e-3)


def test_shares_are_of_all_images_and_sum_to_one():
    runs = make(runs=3)
    records = tables(runs)["shares"].records
    for kind in ("said", "annotated"):
        assert sum(
            float(record["share"]) for record in records if (record["name"], record["kind"]) == ("sfew", kind)
        ) == pytest.approx(100, abs=1e-3)


def test_one_domain_or_no_predictions_is_named_in_every_table():
    for table in annotation_quality(make(("affectnet",), sizes=(60,), runs=2))[:3]:
        assert "one domain alone" in as_text(table) and "absent" in records_of([table])
    bare = make(runs=2)
    for outcome in bare.outcomes.values():
        outcome.predicted = None
    assert "were not kept" in as_text(tables(bare)["agreement"]) and len(tables(bare)["foreign"].rows) == 3
    assert "not swept" in as_text(tables(make(families=("baseline",)))["foreign"])
