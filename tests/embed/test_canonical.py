"""What a sweep keeps of canonical coordinates, held against the stored weights and the caches."""

import numpy as np
import pytest

from data.files.runs import Head, read_runs
from data.heads import FAMILIES
from embed.rows.feature_caches import read_cache
from embed.rows.feature_store import read
from embed.settings import HeadSettings
from embed.sweep import Request, sweep
from tests.embed.made_up_caches import write_cache

QUICK = HeadSettings(epochs=1, steps=60, largest_batch=64)


def run(caches, results, sizes=(2, 3), **request):
    return sweep(caches, results, Request(list(sizes), ["cake", "av"], 2, **request), QUICK)[0]


@pytest.fixture(scope="module")
def caches(tmp_path_factory):
    folder = tmp_path_factory.mktemp("features")
    return [
        write_cache(folder / f"{name}.h5", train=rows, seed=10 * index)
        for index, (name, rows) in enumerate((("a", 260), ("b", 120), ("c", 70)))
    ]


@pytest.mark.parametrize("head", [Head("cake", 2, 0), Head("cake", 3, 1), Head("av", 1, 0), Head("cake-norm", 3, 0)])
def test_the_canonical_form_is_kept_beside_the_weights(caches, tmp_path, head):
    """White over the training rows (a sphere apart), its range that of the test rows, and predictions as before."""
    family = FAMILIES[head.family]
    run(caches, tmp_path / "runs.h5")
    outcome = read_runs(tmp_path / "runs.h5").outcomes[head]
    z = {}
    for split in ("train", "test"):
        parts = [getattr(read_cache(path), split) for path in caches]
        values = np.concatenate([part.predicted[:, 0] for part in parts])
        z[split] = family.representation(outcome.weights, read(parts).float().numpy(), values)
    found = outcome.canonical
    if head.family != "cake-norm":
        white = found.of(z["train"])[:, -head.k :]
        np.testing.assert_allclose(np.cov(white.T, bias=True), np.eye(head.k).squeeze(), atol=2e-3)
        np.testing.assert_allclose(white.mean(0), 0, atol=2e-3)
    shown = found.of(z["test"])
    np.testing.assert_allclose(found.range, [shown.min(0), shown.max(0)], atol=1e-3)
    answers = family.logits(outcome.weights, found.undone(shown)).argmax(2)
    assert (answers == outcome.predicted).mean() > 0.999
    assert (family.logits(outcome.weights, shown).argmax(2) == outcome.predicted).mean() < 0.999  # the control


def test_heads_that_nothing_is_free_in_have_no_canonical_form(caches, tmp_path):
    outcomes = run(caches, tmp_path / "runs.h5", sizes=[5], keep_weights=True).outcomes
    forms = {(head.family, head.k): outcome.canonical for head, outcome in outcomes.items()}
    assert all(forms[key] is None for key in (("av", 0), ("baseline", 0), ("cake", 5)))
    assert all(forms[key] is not None for key in (("cake", 2), ("cake", 3), ("av", 1), ("cake-norm", 3)))


def test_without_predictions_annotations_turn_the_axes(tmp_path):
    def cache(name, seed, **told):
        return write_cache(tmp_path / f"{name}.h5", seed=seed, predicts=False, **told)

    caches = [cache("a", 0, annotated=True), cache("b", 1)]
    outcomes = run(caches, tmp_path / "runs.h5").outcomes
    assert outcomes[Head("cake", 3, 0)].canonical.axes == ("along_valence", "along_arousal", "along_anger")
    outcomes = run([cache("c", 0), cache("d", 1)], tmp_path / "others.h5").outcomes
    assert outcomes[Head("cake", 3, 0)].canonical.axes == ("along_happiness", "along_surprise", "along_anger")
