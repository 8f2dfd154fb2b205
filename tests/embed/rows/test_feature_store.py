"""Features in memory and on disk: the same rows to the bit, in any order, view and budget; shuffles that a disk can
follow."""

import numpy as np
import pytest
import torch

from embed.rows import feature_store, minibatches
from embed.rows.feature_caches import read_cache
from embed.rows.feature_store import OnDisk, Order, Resident, moments, pieces, read, store
from embed.rows.minibatches import shuffled
from tests.embed.made_up_caches import write_cache

VIEWS = 3


def viewed(split, arrays):
    """Three views of training rows, every tenth row without a label."""
    if split == "train":
        generator = np.random.default_rng(1)
        arrays["feature"] = generator.normal(size=(len(arrays["feature"]), VIEWS, 512)).astype(np.float16)
        arrays["valence_arousal_predicted"] = np.repeat(arrays["valence_arousal_predicted"], VIEWS, 1)
        arrays["emotion"][::10] = -1
    return arrays


@pytest.fixture
def parts(tmp_path):
    paths = [
        write_cache(tmp_path / f"{name}.h5", train=rows, seed=rows, change=viewed)
        for name, rows in (("a", 150), ("b", 40))
    ]
    return [read_cache(path).train for path in paths]


@pytest.fixture
def short_runs(monkeypatch):
    monkeypatch.setattr(feature_store, "RUN_ROWS", 16)
    monkeypatch.setattr(minibatches, "RUN_ROWS", 16)


def slow_rows(parts, position, view):
    """One row at a time, from the files themselves."""
    import h5py

    found = []
    for place, which in zip(position, view):
        part = parts[0] if place < len(parts[0]) else parts[1]
        place = place if place < len(parts[0]) else place - len(parts[0])
        with h5py.File(part.path) as file:
            found.append(file["train/feature"][part.position[place], which])
    return torch.from_numpy(np.stack(found))


def order_of(places, ends):
    return Order(places, torch.from_numpy(places), ends)


@pytest.mark.parametrize("rows_in_memory", [1, 3 * 7, 3 * 24, 3 * 171, 10**6])
def test_a_disk_gives_the_rows_that_memory_gives(parts, short_runs, rows_in_memory):
    generator = np.random.default_rng(0)
    position, view = generator.permutation(171), generator.integers(0, VIEWS, 171)
    ends = [24, 48, 49, 73, 100, 171]
    order = order_of(position * VIEWS + view, ends)
    resident = list(Resident(read(parts), VIEWS).stream(order))
    disk = list(OnDisk(parts, rows_in_memory * 1024).stream(order))
    assert [len(batch) for batch in disk] == [24, 24, 1, 24, 27, 71]
    assert all(map(torch.equal, resident, disk))
    assert torch.equal(torch.cat(resident)[:40], slow_rows(parts, position[:40], view[:40]))


def test_float32_survives_to_the_bit_and_counts_twice(tmp_path, short_runs):
    exact = np.random.default_rng(2).normal(size=(50, 1, 16)).astype(np.float32)
    path = write_cache(tmp_path / "a.h5", train=50, features=16, change=lambda split, arrays: (
        {**arrays, "feature": exact if split == "train" else arrays["feature"]}))  # fmt: skip
    part = read_cache(path).train
    assert feature_store.row_bytes([part]) == 64 and isinstance(store([part], memory=3199, device="cpu"), OnDisk)
    order = order_of(np.arange(50), [20, 50])
    for kept in (Resident(read([part]), 1), OnDisk([part], 30 * 64)):
        found = torch.cat(list(kept.stream(order)))
        assert found.dtype == torch.float32 and found.numpy().tobytes() == exact.tobytes()


def test_the_budget_decides(parts):
    size = 171 * VIEWS * 1024
    assert isinstance(store(parts, memory=size, device="cpu"), Resident)
    assert isinstance(store(parts, memory=size - 1, device="cpu"), OnDisk)


def test_what_a_gpu_cannot_hold_takes_main_memory_by_its_own_budget(parts, monkeypatch):
    """Of which a machine may have less than its GPU."""
    monkeypatch.setattr(feature_store, "feature_memory", lambda device: 90 * 1024 if device.type == "cpu" else 1 / 0)
    size = 171 * VIEWS * 1024
    assert store(parts, memory=size - 1, device="cuda").span_rows == 30
    assert store(parts, memory=60 * 1024, device="cuda").span_rows == 20
    assert store(parts, memory=size - 1, device="cpu").span_rows > 100  # the control


def test_no_more_than_the_budget_is_read_at_once(parts, short_runs, monkeypatch):
    largest, plain = [], OnDisk._read
    monkeypatch.setattr(
        OnDisk,
        "_read",
        lambda self, datasets, position, view: largest.append(len(position)) or plain(self, datasets, position, view),
    )
    list(OnDisk(parts, 90 * 1024).stream(order_of(VIEWS * np.arange(171), [20, 40, 60, 80, 171])))
    assert largest == [20, 20, 20, 20, 91]  # three spans of 30 rows; a batch is never cut


@pytest.mark.parametrize("piece", [7, 64, 8192])
def test_moments_are_numpys(parts, monkeypatch, piece):
    monkeypatch.setattr(feature_store, "PIECE_ROWS", piece)
    mean, deviation = moments(piece for _, piece in pieces(parts))
    rows = read(parts).double().numpy()
    np.testing.assert_allclose(mean, rows.mean(0), atol=1e-12)
    np.testing.assert_allclose(deviation, rows.std(0), rtol=1e-12)


def test_features_that_are_not_finite_are_refused_by_name(tmp_path):
    def spoiled(split, arrays):
        arrays["feature"][3, 0, 7] = np.inf
        return arrays

    part = read_cache(write_cache(tmp_path / "a.h5", change=spoiled)).train
    with pytest.raises(ValueError, match="a.h5 holds features that are not finite in train"):
        read([part])


@pytest.mark.parametrize("rows, pool", [(0, 5), (10, 10), (100, 32), (101, 32), (1000, 48)])
def test_a_shuffle_in_pools_is_a_permutation(short_runs, rows, pool):
    assert sorted(shuffled(rows, pool, np.random.default_rng(0))) == list(range(rows))


def test_up_to_a_pool_all_rows_are_shuffled_together():
    assert (shuffled(50, 50, np.random.default_rng(3)) == np.random.default_rng(3).permutation(50)).all()


def test_the_rows_of_a_pool_lie_in_few_places(short_runs):
    order = shuffled(16 * 100, 16 * 10, np.random.default_rng(0))
    touched = [len(np.unique(order[start : start + 160] // 16)) for start in range(0, 1600, 160)]
    assert touched == [10] * 10
    assert len(np.unique(np.random.default_rng(0).permutation(1600)[:160] // 16)) > 50  # what it would be without
    assert not (np.diff(order[:160]) == 1).all() and (order[:160] // 16 != order[0] // 16).any()
