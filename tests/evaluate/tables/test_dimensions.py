"""What the dimensions mean: planted factors are found, and what is missing is named."""

import numpy as np
import pytest

from evaluate.samples import read_samples
from evaluate.tables.dimensions import linear_reading, third_dimension
from evaluate.tables.formats.text import as_text
from evaluate.tables.stability import stability
from tests.evaluate.made_up_runs import make
from tests.evaluate.made_up_study import make_study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    runs = make_study(folder)
    return runs, read_samples(runs, folder / "features")[0]


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
