"""What the dimensions mean: planted factors are found, oracles agree, and chance is seen as chance."""

import numpy as np
import pytest
from scipy.spatial import procrustes
from sklearn.cross_decomposition import CCA
from sklearn.metrics import r2_score

from evaluate.samples import read_samples
from evaluate.statistics.similarity import affine_similarity, canonical_correlations, procrustes_similarity
from evaluate.tables.dimensions import linear_reading, pair_confusion, read_out, reading_scores, third_dimension
from evaluate.tables.formats import as_text
from evaluate.tables.stability import stability
from tests.evaluate.made_up_runs import make
from tests.evaluate.made_up_study import make_study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    runs = make_study(folder)
    return runs, read_samples(runs, folder / "features")[0]


def values(rows=200, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, 2))


def test_what_is_there_is_read_and_what_is_not_is_not():
    v = values()
    turned = v @ np.array([[2.0, 1], [-1, 3]]) + 5
    found = reading_scores(turned, v)
    assert min(found.values()) > 0.99
    shuffled = reading_scores(np.random.default_rng(1).permutation(turned), v)
    assert max(shuffled["valence R²"], shuffled["arousal R²"]) < 0.05 and shuffled["valence CCC"] < 0.2


def test_scores_of_a_reading_agree_with_scikit_learn():
    v = values()
    x = np.concatenate([v[:, :1], np.random.default_rng(2).normal(size=(200, 3))], 1)
    assert reading_scores(x, v)["valence R²"] == pytest.approx(r2_score(v[:, 0], read_out(x, v)[:, 0]))


def test_wide_noise_is_not_read():
    """Fitted and scored on the same rows, 300 columns of noise would explain everything."""
    noise = np.random.default_rng(3).normal(size=(200, 300))
    assert reading_scores(noise, values())["valence R²"] < 0.1
    assert canonical_correlations(noise, values())[0] > 0.99


def test_canonical_correlations_are_those_of_scikit_learn():
    v = values()
    x = v @ np.array([[1.0, 0, 2], [0, 1, 1]]) + np.random.default_rng(4).normal(size=(200, 3))
    first, second = CCA(2, max_iter=5000, tol=1e-12).fit_transform(x, v)
    expected = [np.corrcoef(first[:, column], second[:, column])[0, 1] for column in range(2)]
    assert canonical_correlations(x, v) == pytest.approx(expected, abs=1e-4)


def test_procrustes_is_scipys_and_does_not_see_a_turn():
    x, y = np.random.default_rng(5).normal(size=(2, 60, 3))
    assert procrustes_similarity(x, y) == pytest.approx(1 - procrustes(x, y)[2])
    turn = np.linalg.qr(np.random.default_rng(6).normal(size=(3, 3)))[0]
    assert procrustes_similarity(x, 3 * x @ turn + 1) == pytest.approx(1)
    sheared = x @ np.diag([1.0, 0.1, 5])
    assert procrustes_similarity(x, sheared) < 0.9 and affine_similarity(x, sheared) == pytest.approx(1)


def test_runs_of_one_space_are_stable_and_chance_is_low(study):
    runs, samples = study
    records = {
        (record["representation"], record["alignment"]): record
        for record in stability(runs, samples, np.random.default_rng(0)).records
    }
    three, two = records["CAKE-3", "Procrustes"], records["CAKE-2", "affine"]
    assert float(three["least"]) > 0.9 > 0.2 > float(three["chance"]) and three["pairs"] == 3
    assert float(two["mean"]) < 0.9  # planted: each run's two dimensions are another section of three


def test_arousal_and_valence_are_read_from_three_dimensions_not_from_two(study):
    runs, samples = study
    table = linear_reading(runs, samples)
    found = {
        (record["values"], record["read_from"], record["measure"]): float(record["mean"]) for record in table.records
    }
    assert found["annotated", "CAKE-3", "valence R²"] > 0.8 > found["annotated", "CAKE-2", "valence R²"]
    assert found["predicted", "512 features", "arousal CCC"] > 0.8
    assert {record["n"] for record in table.records} == {150, 300}


def test_pair_confusion_by_hand():
    counts = np.zeros((7, 7), int)
    counts[4, 4], counts[4, 6], counts[6, 6], counts[6, 4] = 6, 2, 10, 2
    assert pair_confusion(counts) == {(4, 6): 4 / 20}


def test_the_third_dimension_gains_where_it_was_planted(study):
    runs, _ = study
    table = third_dimension(runs)
    gains = [float(record["gain"]) for record in table.records]
    assert len(table.records) == 21 and gains == sorted(gains, reverse=True) and gains[0] > 0 and len(table.rows) == 8
    counts = runs.confusions("cake", 2)
    own = sum(counts[:, place, place] for place in range(3))
    record = next(record for record in table.records if record["pair"] == "fear and anger")
    slow = np.mean([(each[4, 6] + each[6, 4]) / (each[4].sum() + each[6].sum()) for each in own])
    assert float(record["cake_2"]) == pytest.approx(100 * slow, abs=1e-3)


def test_gaps_are_named():
    bare = make(families=("baseline",), runs=1)
    assert "CAKE-2: not swept; CAKE-3: not swept" in as_text(third_dimension(bare))
    assert "needs the feature caches" in as_text(linear_reading(bare, {}))
    assert "between runs" in as_text(stability(make(), {}, np.random.default_rng(0)))


def test_a_single_run_has_nothing_to_be_compared_with(tmp_path):
    runs = make_study(tmp_path, runs=1, ks=(1,))
    table = stability(runs, read_samples(runs, tmp_path / "features")[0], np.random.default_rng(0))
    assert "a single run was kept" in as_text(table)
    assert third_dimension(runs).rows[0][-1] == "–"
