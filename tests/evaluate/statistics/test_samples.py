"""Test rows read back from the caches that were swept, others refused; coordinates and answers as the heads gave
them."""

import copy
import shutil

import h5py
import numpy as np
import pytest

from data.files.runs import Head
from evaluate.samples import read_samples
from evaluate.statistics.coordinates import class_logits, coordinates, kept_heads, on_sphere, sphere_angles
from evaluate.tables.formats import as_csv, as_text
from evaluate.tables.regression import MEASURES, regression, scores_of
from evaluate.tables.section_2_1 import section_2_1
from tests.evaluate.made_up_study import make_study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    runs = make_study(folder)
    return runs, read_samples(runs, folder / "features")[0], folder


@pytest.mark.parametrize(
    "family, k", [("cake", 2), ("cake", 3), ("av", 0), ("av", 1), ("cake-norm", 3), ("av-true", 0)]
)
def test_coordinates_and_answers_are_those_of_the_sweep(study, family, k):
    runs, samples, _ = study
    for outcome in kept_heads(runs, family, k).values():
        for name in runs.tests if family != "av-true" else ["affectnet"]:
            z = coordinates(outcome.weights, family, samples[name])
            assert (
                class_logits(outcome.weights, z).argmax(2)
                == outcome.predicted[: len(outcome.weights["B"]), runs.span(name)]
            ).all()
            assert (z >= outcome.range[0] - 1e-5).all() and (z <= outcome.range[1] + 1e-5).all()
    assert list(kept_heads(runs, family, k)) == [0, 1, 2]


def test_angles_and_back():
    points = np.random.default_rng(0).normal(size=(50, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    assert on_sphere(sphere_angles(points)) == pytest.approx(points)
    assert sphere_angles(np.array([[0, 1.0, 0]]))[0] == pytest.approx([90, 90])


def test_caches_that_were_not_swept_are_left_out_with_the_reason(study, tmp_path):
    runs, _, folder = study
    make_study(tmp_path, sizes=(150, 91, 60))
    (tmp_path / "features" / "sfew.h5").unlink()
    found, gaps = read_samples(runs, tmp_path / "features")
    assert list(found) == ["affectnet"]
    assert "rafdb.h5 is not the one that was swept" in gaps["rafdb"] and "no feature cache sfew.h5" in gaps["sfew"]


def test_a_cache_without_test_rows_is_a_gap_and_no_crash(study, tmp_path):
    runs, _, folder = study
    shutil.copytree(folder / "features", tmp_path / "features")
    with h5py.File(tmp_path / "features" / "sfew.h5", "r+") as file:
        del file["test"]
    found, gaps = read_samples(runs, tmp_path / "features")
    assert list(found) == ["affectnet", "rafdb"] and "sfew.h5 lacks a part" in gaps["sfew"]


def test_regression_scores_leave_missing_values_out_of_count(study):
    samples = copy.deepcopy(study[1]["affectnet"])
    samples.annotated[::3, 0] = np.nan
    found = scores_of(samples)
    assert found["valence", "n"] == 100 and found["arousal", "n"] == 150
    true, predicted = samples.annotated[:, 0], samples.predicted[:, 0]
    there = ~np.isnan(true)
    assert found["valence", "Pearson"] == pytest.approx(np.corrcoef(true[there], predicted[there])[0, 1], abs=1e-6)
    assert found["valence", "RMSE"] == pytest.approx(np.sqrt(np.mean((true - predicted)[there] ** 2)), abs=1e-6)
    slope = 2 * np.cov(true[there], predicted[there], ddof=0)[0, 1]
    assert found["valence", "CCC"] == pytest.approx(
        slope / (true[there].var() + predicted[there].var() + (true[there].mean() - predicted[there].mean()) ** 2),
        abs=1e-6,
    )
    assert found["valence", "SAGR"] == pytest.approx(np.mean((true * predicted)[there] > 0))


def test_regression_names_the_sets_without_annotations(study):
    runs, samples, _ = study
    table = regression(
        runs,
        {"affectnet": samples["affectnet"], "rafdb": samples["rafdb"]},
        {"sfew": "no feature cache sfew.h5 at hand"},
    )
    text = as_text(table)
    assert (
        len(table.rows) == 2 and "RAF-DB: – no annotated arousal-valence" in text and "SFEW: – no feature cache" in text
    )
    assert len(table.records) == 2 and set(MEASURES) <= table.records[0].keys()
    empty = regression(runs, {}, dict.fromkeys(runs.tests, "gone"))
    assert "no test set has both" in as_text(empty) and "absent" in as_csv([empty])


def test_section_2_1_has_the_gain_and_the_papers_beside_it(study):
    runs = study[0]
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
