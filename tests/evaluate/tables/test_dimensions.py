"""What the dimensions mean: planted factors are found, and what is missing is named."""

import numpy as np
import pytest

from evaluate.samples import read_samples
from evaluate.tables.formats.text import as_text
from evaluate.tables.meaning.dimensions import linear_reading
from evaluate.tables.meaning.stability import stability
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


def test_gaps_are_named():
    bare = make(families=("baseline",), runs=1)
    assert "needs the feature caches" in as_text(linear_reading(bare, {}))
    assert "between runs" in as_text(stability(make(), {}, np.random.default_rng(0)))


def test_a_single_run_has_nothing_to_be_compared_with(tmp_path):
    runs = make_study(tmp_path, runs=1, ks=(1,))
    table = stability(runs, read_samples(runs, tmp_path / "features")[0], np.random.default_rng(0))
    assert "a single run was kept" in as_text(table)
