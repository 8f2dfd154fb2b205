"""`embed study`: variants that differ in length and rate alone, beside the results, with one penalty for all."""

import numpy as np
import pytest

from data.files.runs import read_runs
from embed.settings import HeadSettings
from embed.study import HEADS, VARIANTS, name_of, study
from embed.sweep import Request, sweep
from evaluate.statistics.scores import multi_domain
from evaluate.tables.formats.text import as_text
from evaluate.tables.length import SHOWN, length, moves, read_studied, verdicts_changed
from tests.embed.made_up_caches import write_cache

QUICK = HeadSettings(epochs=1, steps=12, largest_batch=64, penalty=0.01)
CAKE_3 = SHOWN[1]


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    path = write_cache(folder / "features" / "a.h5", train=200, test=90)
    results = folder / "results" / "runs.h5"
    sweep([path], results, Request([2, 3], ["cake", "av"], runs=2), QUICK)
    request = Request([2, 3, 8], ["cake", "av"], runs=2, choose_penalty=True)
    made = [target for target, _ in study([path], results, request, HeadSettings(epochs=1, steps=12, largest_batch=64))]
    return results, made


def test_every_variant_is_a_results_file_that_differs_in_length_and_rate_alone(studied):
    results, made = studied
    assert [target.stem for target in made] == ["default", "length-3", "length-10", "rate-0.33", "rate-3"]
    plain = read_runs(results)
    for target, (times, rate) in zip(made, VARIANTS):
        own = read_runs(target).identity
        assert (own["steps"], own["rate"]) == (12 * times, pytest.approx(2e-2 * rate))
        assert own["penalty"] == plain.identity["penalty"] == 0.01 and own["caches"] == plain.identity["caches"]


def test_the_default_gives_the_heads_of_a_sweep(studied):
    results, made = studied
    swept, default = read_runs(results), read_runs(made[0])
    assert {(head.family, head.k) for head in default.outcomes} == set(HEADS) - {
        ("cake", 64),
        ("cake", 512),
        ("av", 64),
    }
    for head in swept.outcomes.keys() & default.outcomes.keys():
        np.testing.assert_allclose(default.outcomes[head].loss, swept.outcomes[head].loss, rtol=1e-4)


def test_the_table_shows_how_far_scores_move(studied):
    results, made = studied
    runs = read_runs(results)
    found = read_studied(runs, made[0].parent)
    table = length(runs, found)
    scores = {name: multi_domain(own, CAKE_3) for name, own in found.items()}
    slow = max(abs(100 * (score.mean - scores["default"].mean)) for score in scores.values())
    assert moves(scores) == pytest.approx(slow) and slow > 0
    row = next(row for row in table.rows if row[0] == "CAKE-3")
    assert row[-2] == f"{slow:.1f}" and len(row) == 8
    changed, asked = verdicts_changed(found)
    assert f"{changed} of {asked} verdicts" in as_text(table) and asked == 4 * 3


def test_results_of_other_caches_or_penalties_do_not_join_the_table(studied, tmp_path):
    results, made = studied
    runs = read_runs(results)
    runs.identity["penalty"] = 0.02
    assert read_studied(runs, made[0].parent) == {} == read_studied(runs, tmp_path)
    assert "has not been run" in as_text(length(runs, {}))


def test_names_of_variants():
    assert [name_of(*variant) for variant in VARIANTS][3:] == ["rate-0.33", "rate-3"] and name_of(1, 1) == "default"
