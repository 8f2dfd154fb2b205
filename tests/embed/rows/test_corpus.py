"""Scaled rows: a channel that is all but constant in training does not decide a test row, and scaling folds exactly."""

import numpy as np
import pytest
import torch

from embed.rows import corpus as module
from embed.rows import feature_store
from embed.rows.corpus import assemble
from embed.rows.feature_caches import read_cache
from tests.embed.made_up_caches import write_cache

CHANNEL, ROW = 7, 3


def all_but_dead(split, arrays):
    """A channel that is 0 in training but for one row of 0.01, and 2 in one row of the test split."""
    feature = arrays["feature"].copy()
    feature[:, :, CHANNEL] = 0
    feature[ROW, :, CHANNEL] = 0.01 if split == "train" else 2
    return {**arrays, "feature": feature}


def test_scaling_leaves_stored_features_as_they_are():
    raw = torch.ones(2, 3)
    found = module.Scaling(np.ones(5), np.full(5, 2.0)).features(raw, torch.float32)
    assert not found.any() and raw.eq(1).all()


@pytest.fixture
def caches(tmp_path):
    return [read_cache(write_cache(tmp_path / "a.h5", train=400, change=all_but_dead))]


def scaled(caches, kind="floored"):
    store = feature_store.store([cache.train for cache in caches], memory=float("inf"), device="cpu")
    return assemble(caches, store, scaling=kind)


def test_a_channel_that_is_all_but_constant_in_training_does_not_decide_a_test_row(caches, monkeypatch):
    median = np.median(scaled(caches).scaling.deviation[:-2])
    rare = scaled(caches).tests["a"][0].x[ROW, CHANNEL].item()
    assert rare == pytest.approx(2 / (0.1 * median), rel=1e-3)
    monkeypatch.setattr(module, "FLOOR", 0.0)  # the control: as it was
    assert scaled(caches).tests["a"][0].x[ROW, CHANNEL] > 1000


def test_ordinary_channels_have_mean_0_and_deviation_1(caches):
    corpus = scaled(caches)
    x = corpus.scaling.features(corpus.store.tensor, corpus.dtype).numpy()
    others = np.arange(512) != CHANNEL
    np.testing.assert_allclose(x.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(x.std(0)[others], 1, atol=1e-3)
    assert x.std(0)[CHANNEL] < 0.1


def test_scaling_can_be_left_out(caches):
    corpus = scaled(caches, "none")
    assert (corpus.scaling.mean == 0).all() and (corpus.scaling.deviation == 1).all()
