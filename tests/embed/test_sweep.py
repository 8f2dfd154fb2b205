"""The sweep: what is trained, how it is kept, what is refused; scores held against plain arithmetic on the stored
weights."""

import dataclasses

import h5py
import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from data.files.publish import Mismatch
from data.files.runs import UNSCORED, Head, HeadOutcome, read_runs, write_runs
from embed import plan
from embed import sweep as module
from embed.fresh_runs import fresh_runs
from embed.heads.stacked_training import Trainer
from embed.rows import feature_store, minibatches
from embed.rows.feature_caches import read_cache
from embed.rows.feature_store import read
from embed.settings import HeadSettings
from embed.sizes import parse_sizes
from embed.sweep import Place, Request, sweep
from evaluate.tables.paper_tables import table_1, table_2, table_3
from tests.embed.made_up_caches import write_cache

QUICK = HeadSettings(epochs=1, steps=60, largest_batch=64)


@pytest.fixture
def caches(tmp_path):
    return [
        write_cache(tmp_path / "features" / f"{name}.h5", train=rows, seed=10 * index)
        for index, (name, rows) in enumerate((("a", 260), ("b", 120), ("c", 70)))
    ]


def run(caches, results, **changes):
    request = {name: changes.pop(name) for name in ("sizes", "families", "runs", "keep_weights") if name in changes}
    request = Request(**{"sizes": [2, 3], "families": ["cake", "av"], "runs": 2, **request})
    return sweep(caches, results, request, changes.pop("settings", QUICK), **changes)[0]


def test_without_predicted_arousal_valence_the_av_families_are_left_out_and_said_so(tmp_path, caplog):
    path = write_cache(tmp_path / "a.h5", predicts=False)
    runs = run([path], tmp_path / "runs.h5")
    assert {head.family for head in runs.outcomes} == {"cake", "cake-norm", "baseline"}
    assert "av is left out: no predicted arousal-valence in " in caplog.text
    assert runs.provenance["left_out"].keys() == {"av", "av-true"}


def test_the_file_holds_what_was_trained(caches, tmp_path):
    made = run(caches, tmp_path / "runs.h5")
    found = read_runs(tmp_path / "runs.h5")
    assert found.outcomes.keys() == made.outcomes.keys()
    assert found.classifiers == ("a", "b", "c") and list(found.tests) == ["a", "b", "c"]
    for head, outcome in made.outcomes.items():
        assert (found.outcomes[head].confusion == outcome.confusion).all()
        assert found.outcomes[head].seed == outcome.seed
        assert found.outcomes[head].weights.keys() == outcome.weights.keys()
    assert found.provenance["architecture"] == "resnet18" and found.provenance["parameters"] == 11_176_512
    assert found.provenance["pretraining"] == ["affectnet"] and found.provenance["training_rows"]["a"] == 260


def slow_predictions(cache, weights, domain):
    """Classes of a cache's test rows from the stored factors, on the features as they lie in the cache."""
    x = read([cache.test]).numpy().astype(np.float64)
    if "A" not in weights:
        return (x @ weights["B"][domain].T + weights["b"][domain]).argmax(1)
    z = x @ weights["A"].T.astype(np.float64) + weights["a"]
    logits = z @ weights["B"][domain].T + weights["b"][domain]
    if "Bv" in weights:
        logits = logits + cache.test.predicted[:, 0] @ weights["Bv"][domain].T
    return logits.argmax(1)


@pytest.mark.parametrize("head", [Head("cake", 3, 1), Head("av", 0, 0), Head("av", 1, 1), Head("baseline", 0, 1)])
def test_confusion_counts_follow_from_the_stored_weights_on_the_raw_features(caches, tmp_path, head):
    outcome = run(caches, tmp_path / "runs.h5").outcomes[head]
    read = [read_cache(path) for path in caches]
    for domain in range(3):
        answers = [slow_predictions(cache, outcome.weights, domain) for cache in read]
        assert (np.concatenate(answers) == outcome.predicted[domain]).mean() > 0.99
        for place, (cache, answer) in enumerate(zip(read, np.split(outcome.predicted[domain], [60, 120]))):
            expected = confusion_matrix(cache.test.emotion, answer, labels=range(7))
            assert (outcome.confusion[domain, place] == expected).all()


def test_it_learns_the_planted_structure_and_permuted_labels_fall_to_chance(tmp_path):
    settings = HeadSettings(epochs=1, steps=400, largest_batch=128)

    def macro(change):
        path = write_cache(tmp_path / f"{change.__name__}.h5", train=600, test=300, seed=50, change=change)
        outcome = run([path], tmp_path / f"{change.__name__}_runs.h5", settings=settings).outcomes[Head("cake", 3, 0)]
        confusion = outcome.confusion[0, 0]
        return np.trace(confusion) / confusion.sum()

    def honest(split, arrays):
        return arrays

    def permuted(split, arrays):
        if split == "train":
            arrays["emotion"] = np.random.default_rng(0).permutation(arrays["emotion"])
        return arrays

    assert macro(honest) > 0.45
    assert macro(permuted) < 0.3


def test_another_size_adds_and_the_same_call_does_nothing(caches, tmp_path, monkeypatch):
    first = run(caches, tmp_path / "runs.h5")
    more = run(caches, tmp_path / "runs.h5", sizes=[5])
    assert more.outcomes.keys() - first.outcomes.keys() == {
        Head(family, 5, number) for family in ("cake", "av") for number in range(2)
    }
    for head, outcome in first.outcomes.items():
        assert (more.outcomes[head].confusion == outcome.confusion).all()
    monkeypatch.setattr(module, "train_block", lambda *arguments, **named: pytest.fail("nothing is left to train"))
    before = (tmp_path / "runs.h5").read_bytes()
    run(caches, tmp_path / "runs.h5", sizes=[2, 5])
    assert (tmp_path / "runs.h5").read_bytes() == before


def test_a_sweep_stopped_between_blocks_goes_on_to_the_same_values(caches, tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "K_A_BLOCK", 2)
    whole = run(caches, tmp_path / "whole.h5", sizes=[2, 6, 7])
    train_block, calls = module.train_block, []

    def stop_at_the_third(*arguments, **named):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return train_block(*arguments, **named)

    monkeypatch.setattr(module, "train_block", stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        run(caches, tmp_path / "stopped.h5", sizes=[2, 6, 7])
    assert 0 < len(read_runs(tmp_path / "stopped.h5").outcomes) < len(whole.outcomes)
    monkeypatch.setattr(module, "train_block", train_block)
    resumed = run(caches, tmp_path / "stopped.h5", sizes=[2, 6, 7])
    assert resumed.outcomes.keys() == whole.outcomes.keys()
    for head, outcome in whole.outcomes.items():
        assert resumed.outcomes[head].loss == outcome.loss
        assert (resumed.outcomes[head].confusion == outcome.confusion).all()


@pytest.mark.parametrize("share, times", [(0, 5), (10**9, 2)])
def test_a_file_is_written_no_more_often_than_its_writing_is_worth(caches, tmp_path, monkeypatch, share, times):
    monkeypatch.setattr(plan, "K_A_BLOCK", 2)
    monkeypatch.setattr(module, "WRITING", share)
    write, written = module.write_runs, []
    monkeypatch.setattr(
        module, "write_runs", lambda path, runs: written.append(len(runs.outcomes)) or write(path, runs)
    )
    found = run(caches, tmp_path / "runs.h5", sizes=[2, 6, 9, 11])
    assert len(written) == times and written == sorted(set(written)) and written[-1] == len(found.outcomes)


def test_what_was_not_written_yet_is_written_when_stopped(caches, tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "K_A_BLOCK", 2)
    monkeypatch.setattr(module, "WRITING", 10**9)
    train_block, made = module.train_block, []

    def stop_at_the_third(*arguments, **named):
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(train_block(*arguments, **named))
        return made[-1]

    monkeypatch.setattr(module, "train_block", stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        run(caches, tmp_path / "runs.h5", sizes=[2, 6, 9])
    assert len(read_runs(tmp_path / "runs.h5").outcomes) == sum(map(len, made))


def test_another_identity_is_refused_and_nothing_is_overwritten(caches, tmp_path):
    run(caches, tmp_path / "runs.h5")
    before = (tmp_path / "runs.h5").read_bytes()
    with pytest.raises(Mismatch, match="seed 0, this call has 1; name another file with --results"):
        run(caches, tmp_path / "runs.h5", settings=dataclasses.replace(QUICK, seed=1))
    with pytest.raises(Mismatch, match="caches"):
        run(caches[:2], tmp_path / "runs.h5")
    write_cache(caches[0], train=260, seed=77)
    with pytest.raises(Mismatch, match="caches"):
        run(caches, tmp_path / "runs.h5")
    assert (tmp_path / "runs.h5").read_bytes() == before


def test_the_order_in_which_caches_are_named_is_no_matter(tmp_path):
    paths = [
        write_cache(tmp_path / f"{name}.h5", train=80, test=rows, seed=rows) for name, rows in (("a", 40), ("b", 60))
    ]
    run(paths, tmp_path / "runs.h5")
    runs = run(paths[::-1], tmp_path / "runs.h5", sizes=[5])
    for outcome in runs.outcomes.values():
        assert outcome.confusion.sum((2, 3)).tolist() == [[40, 60], [40, 60]]


def test_a_head_that_diverges_is_marked_and_the_others_stay(caches, tmp_path, monkeypatch):
    initialise = Trainer.__init__

    def spoiled(self, *arguments):
        initialise(self, *arguments)
        for own in self.factors:
            if Head("cake", 3, 1) in own.stack.heads:
                own.values["A"][own.stack.heads.index(Head("cake", 3, 1)), 0, 0] = float("inf")

    monkeypatch.setattr(Trainer, "__init__", spoiled)
    runs = run(caches, tmp_path / "runs.h5")
    assert [head for head, outcome in runs.outcomes.items() if outcome.failure] == [Head("cake", 3, 1)]
    assert len(read_runs(tmp_path / "runs.h5").confusions("cake", 3)) == 1


def nan_feature(split, arrays):
    arrays["feature"][3, 0, 7] = np.nan
    return arrays


def one_class(split, arrays):
    arrays["emotion"][:] = 4
    return arrays


def narrow(split, arrays):
    return {**arrays, "feature": arrays["feature"][:, :, :100]}


def unlabelled(split, arrays):
    return {**arrays, "emotion": np.full_like(arrays["emotion"], -1)} if split == "train" else arrays


@pytest.mark.parametrize(
    "spoiled, match",
    [
        ({"toy": True}, "is toy data"),
        ({"header": {"emotion_sha256": "f" * 64}}, "emotion sha256"),
        ({"header": {"image_size": 224}}, "image size"),
        ({"header": {"alignment_version": 9}}, "alignment version"),
        ({"header": {"precision": "bfloat16"}}, "precision"),
        ({"header": {"views": 3}}, "views"),
        ({"change": nan_feature}, "not finite"),
        ({"change": one_class}, "one class alone"),
        ({"change": narrow}, "expected \\(crop, view, feature\\) with"),
        ({"change": unlabelled}, "no labelled train rows"),
        ({"splits": ("train",)}, "no labelled test rows"),
        ({"kind": "aligned"}, "kind aligned"),
    ],
)
def test_caches_that_cannot_be_swept_together_are_refused(caches, tmp_path, spoiled, match):
    write_cache(caches[1], seed=10, **spoiled)
    with pytest.raises(ValueError, match=match):
        run(caches, tmp_path / "runs.h5")
    assert not (tmp_path / "runs.h5").exists()


def widened(split, arrays):
    return {**arrays, "feature": arrays["feature"].astype(np.float32)}


@pytest.mark.parametrize("memory", [None, 260 * 512])
def test_features_of_float32_give_what_the_same_values_in_float16_give(caches, tmp_path, memory):
    """In memory and from disk."""
    wide = [
        write_cache(tmp_path / "wide" / path.name, train=rows, seed=10 * index, change=widened)
        for index, (path, rows) in enumerate(zip(caches, (260, 120, 70)))
    ]
    place = Place(memory=memory)
    plain, found = (
        run(paths, tmp_path / name, place=place) for paths, name in ((caches, "plain.h5"), (wide, "wide.h5"))
    )
    assert read_cache(wide[0]).train.dtype == np.float32
    assert_same(plain, found)


def test_features_of_two_types_are_not_swept_together(caches, tmp_path):
    write_cache(caches[1], seed=10, change=widened)
    with pytest.raises(ValueError, match="has features of type float32 in train, a of float16; sweep them apart"):
        run(caches, tmp_path / "runs.h5")


@pytest.mark.parametrize(
    "attribute, value, match",
    [
        ("schema_version", 99, "schema version 99, this code reads 1"),
        ("complete", False, "incomplete"),
        (
            "emotions",
            '["anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"]',
            "orders its classes as",
        ),
    ],
)
def test_caches_of_another_format_are_refused(caches, tmp_path, attribute, value, match):
    with h5py.File(caches[1], "r+") as file:
        file.attrs[attribute] = value
    with pytest.raises(ValueError, match=match):
        run(caches, tmp_path / "runs.h5")
    assert not (tmp_path / "runs.h5").exists()


def test_predicted_arousal_valence_that_is_not_finite_is_refused(caches, tmp_path):
    def spoiled(split, arrays):
        arrays["valence_arousal_predicted"][3] = np.nan
        return arrays

    write_cache(caches[1], seed=10, change=spoiled)
    with pytest.raises(ValueError, match="arousal-valence that is not finite in train"):
        run(caches, tmp_path / "runs.h5")


def test_rows_without_a_label_and_absent_classes_are_no_obstacle(caches, tmp_path, caplog):
    def gaps(split, arrays):
        arrays["emotion"][:5] = -1
        arrays["emotion"][arrays["emotion"] == 5] = 0
        return arrays

    write_cache(caches[1], seed=10, change=gaps)
    runs = run(caches, tmp_path / "runs.h5")
    assert len(runs.tests["b"].emotion) == 55
    assert "b has no test row of disgust" in caplog.text and "b has no training row of disgust" in caplog.text
    assert not any(outcome.failure for outcome in runs.outcomes.values())


def assert_same(first, second):
    """Two Runs hold the same heads to the bit."""
    assert first.outcomes.keys() == second.outcomes.keys()
    for head, outcome in first.outcomes.items():
        other = second.outcomes[head]
        assert (
            outcome.loss == other.loss and outcome.seed == other.seed and (outcome.confusion == other.confusion).all()
        )
        assert outcome.weights.keys() == other.weights.keys()
        assert all((value == other.weights[name]).all() for name, value in outcome.weights.items())


def test_features_on_disk_give_the_same_heads_as_in_memory(caches, tmp_path, monkeypatch):
    monkeypatch.setattr(feature_store, "RUN_ROWS", 16)
    monkeypatch.setattr(minibatches, "RUN_ROWS", 16)
    settings = dataclasses.replace(QUICK, shuffled_rows=100)
    resident = run(caches, tmp_path / "resident.h5", settings=settings)
    monkeypatch.setattr(
        feature_store.Resident, "stream", lambda *arguments: pytest.fail("a budget of 100 KiB holds no 450 rows")
    )
    disk = run(caches, tmp_path / "disk.h5", settings=settings, place=Place(memory=100 * 1024))
    assert_same(resident, disk)


def test_who_is_in_the_test_rows_and_the_classes_of_training_are_told(caches, tmp_path):
    def people(split, arrays):
        rows = len(arrays["row"])
        arrays["emotion"][::9] = -1  # rows without a label are not among the test rows
        return {**arrays, "cluster": np.array([f"p{row // 3}" for row in range(rows)], object)}

    write_cache(caches[1], seed=10, change=people)
    runs = fresh_runs([read_cache(path) for path in caches], HeadSettings())
    runs.outcomes[Head("cake", 2, 0)] = HeadOutcome(0, 0.0, np.zeros((3, 3, 7, 7), np.int64))
    write_runs(tmp_path / "r.h5", runs)
    tests = read_runs(tmp_path / "r.h5").tests
    assert "cluster" not in tests[caches[0].stem].more and "groups" not in tests[caches[1].stem].more
    test = tests[caches[1].stem]
    assert test.more["cluster"].tolist() == [f"p{row // 3}" for row in test.row]
    with h5py.File(caches[0]) as file:
        counts = np.bincount(file["train/emotion"], minlength=7).tolist()
    assert runs.provenance["training_classes"][caches[0].stem] == counts


def test_results_say_how_their_network_was_trained_and_how_fast_it_is_where_caches_do(caches):
    found = [read_cache(path) for path in caches]
    untold = fresh_runs(found, QUICK).provenance
    assert untold["training"] == {} and untold["images_per_second"] is None
    for each in found:
        each.provenance["emotion"]["settings"] = {"seed": 3}
        each.provenance["images_per_second"] = 81.5
    runs = fresh_runs(found, QUICK)
    assert runs.provenance["training"] == {"seed": 3} and runs.provenance["images_per_second"] == 81.5
    assert "training" not in runs.identity  # so that heads can be added to results from before it was told


@pytest.fixture
def annotated(tmp_path):
    return [
        write_cache(tmp_path / "features" / f"{name}.h5", train=rows, seed=10 * index, annotated=name == "b")
        for index, (name, rows) in enumerate((("a", 260), ("b", 140), ("c", 70)))
    ]


def test_av_true_is_trained_on_the_annotated_rows_of_one_domain(annotated, tmp_path):
    runs = run(annotated, tmp_path / "runs.h5", keep_weights=True)
    assert runs.provenance["annotated_domain"] == "b" and {
        head.k for head in runs.outcomes if head.family == "av-true"
    } == {0, 2, 3}
    cache = read_cache(annotated[1])
    there = cache.test.has_annotations()
    assert 0 < there.sum() < 60
    for k in (0, 2):
        outcome = runs.outcomes[Head("av-true", k, 1)]
        x, v, weights = (
            read([cache.test]).numpy().astype(np.float64),
            cache.test.annotated.astype(np.float64),
            outcome.weights,
        )
        logits = v @ weights["Bv"][0].T + weights["b"][0] + (x @ weights["A"].T + weights["a"]) @ weights["B"][0].T
        expected = confusion_matrix(cache.test.emotion[there], logits.argmax(1)[there], labels=range(7))
        assert np.abs(outcome.confusion[1, 1] - expected).sum() <= 2 and outcome.confusion[1, 1].sum() == there.sum()
        assert outcome.confusion.sum() == there.sum()
    predicted = runs.outcomes[Head("av-true", 0, 1)].predicted
    assert (predicted[[0, 2]] == UNSCORED).all() and ((predicted[1, 60:120] != UNSCORED) == there).all()


def test_av_true_without_annotations_is_left_out_and_said_so(caches, tmp_path, caplog):
    runs = run(caches, tmp_path / "runs.h5", families=["av-true"])
    assert not [head for head in runs.outcomes if head.family == "av-true"] and "av-true is left out" in caplog.text
    assert runs.provenance["left_out"] == {"av-true": "no annotated arousal-valence"}


def test_annotated_arousal_valence_tells_more_than_chance(annotated, tmp_path):
    confusion = (
        run(annotated, tmp_path / "runs.h5", settings=HeadSettings(steps=400, largest_batch=64))
        .outcomes[Head("av-true", 0, 0)]
        .confusion[1, 1]
    )
    assert np.trace(confusion) > 0.4 * confusion.sum()


def test_weights_of_all_heads_are_kept_on_request_also_later(caches, tmp_path):
    first = run(caches, tmp_path / "runs.h5", sizes=[5])
    assert not first.outcomes[Head("cake", 5, 0)].weights and first.outcomes[Head("cake", 2, 0)].weights
    more = run(caches, tmp_path / "runs.h5", sizes=[5], keep_weights=True)
    assert more.outcomes[Head("cake", 5, 0)].weights["A"].shape == (5, 512)
    assert (more.outcomes[Head("cake", 5, 0)].confusion == first.outcomes[Head("cake", 5, 0)].confusion).all()
    assert read_runs(tmp_path / "runs.h5").outcomes[Head("cake", 5, 1)].weights["B"].shape == (3, 7, 5)


@pytest.mark.parametrize("head", [Head("cake", 3, 1), Head("av", 1, 0), Head("cake-norm", 3, 0)])
def test_the_range_of_coordinates_is_that_of_all_rows(caches, tmp_path, head):
    outcome = run(caches, tmp_path / "runs.h5").outcomes[head]
    parts = [part for path in caches for part in (read_cache(path).train, read_cache(path).test)]
    z = read(parts).double().numpy() @ outcome.weights["A"].T.astype(np.float64) + outcome.weights["a"]
    z = z / np.linalg.norm(z, axis=1, keepdims=True) if head.family == "cake-norm" else z
    if head.family == "av":
        z = np.hstack([np.concatenate([part.predicted[:, 0] for part in parts]), z])
    np.testing.assert_allclose(outcome.range, [z.min(0), z.max(0)], atol=1e-3)


def test_bfloat16_is_near_float32_and_of_another_identity(caches, tmp_path):
    settings = HeadSettings(epochs=1, steps=150, largest_batch=64)
    exact = run(caches, tmp_path / "runs.h5", settings=settings)
    rough = run(caches, tmp_path / "rough.h5", settings=dataclasses.replace(settings, precision="bfloat16"))
    for head in (Head("cake", 3, 0), Head("av", 1, 0), Head("baseline", 0, 0), Head("cake-norm", 3, 0)):
        assert rough.outcomes[head].loss == pytest.approx(exact.outcomes[head].loss, rel=0.1)
        assert rough.outcomes[head].loss != exact.outcomes[head].loss
    with pytest.raises(Mismatch, match="precision"):
        run(caches, tmp_path / "runs.h5", settings=dataclasses.replace(settings, precision="bfloat16"))


def test_the_literal_sweep_has_tables_1_to_3_after_its_first_block_and_figure_4_after_the_grid(
    annotated, tmp_path, monkeypatch
):
    train_block, calls = module.train_block, []

    def stop(*arguments, **named):
        calls.append(arguments)
        if len(calls) > stop.after:
            raise KeyboardInterrupt
        return train_block(*arguments, **named)

    monkeypatch.setattr(module, "train_block", stop)
    for stop.after in (1, 3):
        calls.clear()
        with pytest.raises(KeyboardInterrupt):
            run(
                annotated,
                tmp_path / "runs.h5",
                sizes=parse_sizes("1..512"),
                runs=3,
                settings=HeadSettings(epochs=1, steps=4, largest_batch=64),
            )
        runs = read_runs(tmp_path / "runs.h5")
        if stop.after == 1:
            assert len(runs.outcomes) == 18
            for table in (table_1(runs), table_2(runs), table_3(runs)):
                assert not any(record["absent"] for record in table.records) and len(table.records) >= 6
    for family in ("cake", "av", "av-true"):
        assert all(len(runs.confusions(family, k)) == 3 for k in parse_sizes("1..512:log"))
