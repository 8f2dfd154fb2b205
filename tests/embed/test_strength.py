"""The strength of the penalty: chosen by rows that nobody has seen, by a rule worked by hand, never by test rows."""

import dataclasses

import numpy as np
import pytest

from data.files.runs import read_runs
from embed import strength
from embed.rows import choosing_rows as rows_module
from embed.rows.choosing_rows import a_share, choosing_rows
from embed.rows.feature_caches import read_cache
from embed.settings import HeadSettings
from embed.strength import Trial, chosen_of
from embed.sweep import Request, sweep
from tests.embed.made_up_caches import write_cache

QUICK = HeadSettings(epochs=1, steps=40, largest_batch=64)


def marked(count):
    """A change that marks the first training rows as held out."""

    def change(split, arrays):
        held = (np.arange(len(arrays["row"])) < count).astype(np.uint8)
        return {**arrays, "held_out": held} if split == "train" else arrays

    return change


def trial(strength, score, influence):
    return Trial(strength, score, np.array(influence))


def test_the_largest_strength_within_one_standard_error_of_the_best_is_taken():
    trials = [
        trial(0.1, 0.50, [0.01, 0.0]),
        trial(0.2, 0.60, [0.0, 0.0]),
        trial(0.3, 0.57, [0.03, 0.04]),  # short by 0.03, which is within sqrt(0.03^2 + 0.04^2) = 0.05
        trial(0.4, 0.54, [0.03, 0.04]),  # short by 0.06
    ]
    taken, records = chosen_of(trials)
    assert taken == 0.3
    assert [round(record["shortfall"], 9) for record in records] == [0.1, 0.0, 0.03, 0.06]
    assert records[2]["standard_error"] == pytest.approx(0.05) and records[1]["standard_error"] == 0


def test_a_best_that_is_certain_is_taken_alone():
    assert chosen_of([trial(0.1, 0.6, [0.0]), trial(0.2, 0.5, [0.0])])[0] == 0.1


@pytest.mark.parametrize(
    "options, which",
    [
        ({"splits": ("train", "validation", "test"), "pretraining": ("a",)}, "its validation split"),
        ({"change": marked(120), "pretraining": ("a",)}, "held out from the networks"),
        ({"train": 2600, "header": {"aligned_digest": "other"}}, "a share of what no network has seen"),
    ],
)
def test_which_rows_choose(tmp_path, options, which, monkeypatch):
    monkeypatch.setattr(rows_module, "FEWEST", 50)
    cache = read_cache(write_cache(tmp_path / "a.h5", **{"train": 260, "seed": 3, **options}))
    found = choosing_rows([cache], seed=0)
    assert found.said["a"]["which"] == which and found.said["a"]["rows"] == found.count == len(found.caches[0].test)
    own = found.caches[0]
    assert len(own.train) + (len(own.test) if own.test.split == "train" else 0) == len(cache.train)
    if own.test.split == "train":
        assert not set(own.test.position) & set(own.train.position)


def test_rows_that_all_networks_saw_choose_nothing(tmp_path, caplog):
    caplog.set_level("INFO")
    path = write_cache(tmp_path / "features" / "a.h5", train=3000, pretraining=("a",))
    assert choosing_rows([read_cache(path)], seed=0) is None
    request = Request([2], ["cake"], runs=1, choose_penalty=True)
    found, _ = sweep([path], tmp_path / "runs.h5", request, QUICK)
    assert found.identity["penalty"] == strength.STATED and "not chosen but stated" in caplog.text
    assert found.provenance["penalty"]["strength"] == strength.STATED


def test_the_same_images_under_another_name_are_seen_all_the_same(tmp_path):
    cache = read_cache(write_cache(tmp_path / "mine.h5", train=3000, pretraining=("a",)))
    assert choosing_rows([cache], seed=0) is not None  # a control: another data set, as far as anybody knows
    cache.provenance["emotion"]["domains"]["a"]["aligned_digest"] = cache.header["aligned_digest"]
    assert choosing_rows([cache], seed=0) is None


def test_what_the_network_started_from_has_seen_is_seen(tmp_path):
    cache = read_cache(write_cache(tmp_path / "mine.h5", train=3000, pretraining=("a",)))
    before = {"domains": {"b": {}}}
    cache.provenance["emotion"]["initial"] = {"domains": {"c": {}}, "initial": before}
    assert choosing_rows([cache], seed=0) is not None
    before["domains"]["b"]["aligned_digest"] = cache.header["aligned_digest"]
    assert choosing_rows([cache], seed=0) is None


def test_a_share_holds_some_of_every_class():
    emotion = np.repeat(np.arange(7), [400, 100, 40, 21, 2, 1, 0])
    mask = a_share(emotion, np.random.default_rng(0))
    assert np.bincount(emotion[mask], minlength=7).tolist() == [20, 5, 2, 1, 1, 0, 0]


def permuted(split, arrays):
    """Test rows with the labels of others."""
    if split != "test":
        return marked(130)(split, arrays)
    return {**arrays, "emotion": np.random.default_rng(5).permutation(arrays["emotion"])}


def test_permuted_test_labels_change_no_head(tmp_path):
    """Neither the strength nor a weight depends on a test label; the confusion counts do, so labels were permuted."""
    request, found = Request([2], ["cake"], runs=1, choose_penalty=True), {}
    for name, change in (("as they are", marked(130)), ("permuted", permuted)):
        path = write_cache(tmp_path / name / "a.h5", train=400, pretraining=("a",), change=change)
        sweep([path], tmp_path / name / "runs.h5", request, QUICK)
        found[name] = read_runs(tmp_path / name / "runs.h5")
    first, second = found.values()
    assert first.identity["penalty"] == second.identity["penalty"] in strength.STRENGTHS
    assert first.provenance["penalty"]["trials"] == second.provenance["penalty"]["trials"]
    for head, outcome in first.outcomes.items():
        for name, array in outcome.weights.items():
            assert (array == second.outcomes[head].weights[name]).all(), (head, name)
    assert any((first.outcomes[head].confusion != second.outcomes[head].confusion).any() for head in first.outcomes)


def test_heads_that_are_there_settle_the_strength_of_those_that_join(tmp_path):
    path = write_cache(tmp_path / "features" / "a.h5", train=400, pretraining=("a",), change=marked(130))
    settings = dataclasses.replace(QUICK, penalty=0.25)
    sweep([path], tmp_path / "runs.h5", Request([2], ["cake"], runs=1), settings)
    found, _ = sweep([path], tmp_path / "runs.h5", Request([3], ["cake"], runs=2, choose_penalty=True), QUICK)
    assert found.identity["penalty"] == 0.25
