"""What a third dimension separates: on made-up features where it separates fear and anger alone, and where nothing."""

import numpy as np

from evaluate.samples import read_samples, training_rows
from evaluate.statistics.best_plane import arousal_valence_plane, best_plane
from evaluate.tables.formats.text import as_text
from evaluate.tables.meaning.third_dimension import beside_arousal_valence, beside_its_planes
from tests.evaluate import made_up_study
from tests.evaluate.made_up_runs import make
from tests.evaluate.made_up_study import make_study


def tables_of(folder):
    runs = make_study(folder, sizes=(400, 200, 120))
    samples, _ = read_samples(runs, folder / "features")
    return beside_arousal_valence(runs), *beside_its_planes(runs, samples, np.random.default_rng(0))


def test_the_pair_that_was_planted_ranks_first_in_all(tmp_path):
    for table in tables_of(tmp_path):
        assert table.rows[0][0] == "fear and anger", as_text(table)
        gains = [float(record["gain"]) for record in table.records]
        assert len(gains) == 21 and gains == sorted(gains, reverse=True) and len(table.rows) == 8
        assert gains[0] > 2 * gains[1] and float(table.records[0]["low"]) > 0


def test_without_the_third_factor_no_pair_stands_out(tmp_path, monkeypatch):
    """The control: fear and anger lie in one place, so nothing separates them, and no other pair needs a third
    dimension."""
    monkeypatch.setattr(made_up_study, "CENTRES", made_up_study.CENTRES * [1, 1, 0])
    for table in tables_of(tmp_path):
        assert float(table.records[0]["gain"]) < 8
        gains = {record["pair"]: float(record["gain"]) for record in table.records}
        assert abs(gains["fear and anger"]) < 8


def test_the_best_plane_leaves_out_what_the_classifiers_do_not_look_at():
    generator = np.random.default_rng(0)
    z = generator.normal(size=(500, 3)) @ generator.normal(size=(3, 3))
    B = np.concatenate([generator.normal(size=(2, 7, 2)), np.zeros((2, 7, 1))], 2)  # nobody looks at the last one
    basis = best_plane(z, B)
    np.testing.assert_allclose(np.cov((z @ basis).T), np.eye(2), atol=1e-8)
    reached = np.linalg.lstsq(z @ basis - (z @ basis).mean(0), z[:, :2] - z[:, :2].mean(0), rcond=None)[1]
    np.testing.assert_allclose(reached, 0, atol=1e-8)


def test_what_the_plane_of_arousal_valence_leaves_out_is_uncorrelated_with_both():
    generator = np.random.default_rng(0)
    z = generator.normal(size=(800, 3)) @ generator.normal(size=(3, 3))
    values = z[:, :2] @ generator.normal(size=(2, 2)) + 0.3 * generator.normal(size=(800, 2))
    inside = (z - z.mean(0)) @ arousal_valence_plane(z, values)
    left = z - z.mean(0) - inside @ np.linalg.lstsq(inside, z - z.mean(0), rcond=None)[0]
    assert np.abs(left.T @ (values - values.mean(0))).max() < 1e-6 * len(z)
    assert np.abs(left).max() > 0.1


def test_training_rows_are_those_of_the_cache(tmp_path):
    runs = make_study(tmp_path)
    samples, _ = read_samples(runs, tmp_path / "features")
    feature, emotion, values = training_rows(samples["sfew"], 40, np.random.default_rng(0))
    assert values.shape == (40, 2) and feature.shape == (40, 512) and feature.dtype == np.float32
    every, labels, _ = training_rows(samples["sfew"], 1000, np.random.default_rng(0))
    assert (every == samples["sfew"].feature).all() and (labels == samples["sfew"].emotion).all()  # written twice
    assert all((row == every).all(1).any() for row in feature)


def test_gaps_are_named():
    bare = make(families=("baseline",))
    assert "not swept" in as_text(beside_arousal_valence(bare))
    assert "CAKE" in as_text(beside_its_planes(bare, {}, np.random.default_rng(0))[1])
