"""Where it is computed: a GPU for each process, bfloat16 where there is hardware for it, threads for the work."""

import pytest
import torch

from data.runtime import device
from data.runtime.device import (
    choose_device,
    choose_precision,
    feature_memory,
    has_bfloat16,
    own_threads,
    refuse_precision,
    threads_for,
    use_own_cpus,
)
from data.runtime.failures import Refused
from data.runtime.ranks import Ranks, own_cpus

CPU = torch.device("cpu")


@pytest.fixture
def two_gpus(monkeypatch):
    """Faked; the list of those that were set as the current one."""
    taken = []
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("torch.cuda.set_device", taken.append)
    return taken


def test_a_process_takes_its_own_gpu(two_gpus):
    several = [Ranks(rank, 2, local=rank) for rank in (0, 1)]
    assert [choose_device(None, ranks).index for ranks in several] == [0, 1] and two_gpus == [0, 1]
    assert choose_device() == torch.device("cuda", 0)


def test_more_processes_than_gpus_are_refused(two_gpus):
    third = Ranks(2, 3, local=2)
    assert choose_device("cpu", third) == CPU
    with pytest.raises(Refused, match="3 processes were started here, each takes a GPU, and torch finds 2"):
        choose_device("cuda", third)


def test_what_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    assert choose_device() == choose_device("cpu") == CPU
    for name in ("cuda", "mps"):
        with pytest.raises(Refused, match=f"device {name} was asked for, but torch finds cpu"):
            choose_device(name)


def test_several_processes_do_not_share_mps(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: True)
    assert choose_device() == torch.device("mps")
    assert choose_device("cpu", Ranks(1, 2, local=1)) == CPU
    for name in (None, "mps"):
        with pytest.raises(Refused, match="several processes run on cuda or cpu"):
            choose_device(name, Ranks(0, 2))


def test_the_default_precision_is_that_of_the_hardware(monkeypatch):
    asked = []
    monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda including_emulation: asked.append(including_emulation))
    assert choose_precision(torch.device("cuda")) == "float32" and asked == [False], "emulated is not there"
    assert choose_precision(torch.device("mps")) == "float32" and has_bfloat16(torch.device("mps"))
    assert choose_precision(CPU) == ("bfloat16" if has_bfloat16(CPU) else "float32")


def test_bfloat16_is_refused_where_it_would_be_emulated(monkeypatch):
    monkeypatch.setattr(device, "has_bfloat16", lambda device: False)
    refuse_precision("float32", CPU)
    with pytest.raises(Refused, match="this cpu does not compute in it"):
        refuse_precision("bfloat16", CPU)


def test_a_user_s_own_number_of_threads_stands(monkeypatch):
    taken = []
    monkeypatch.setattr("torch.set_num_threads", taken.append)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    use_own_cpus()
    monkeypatch.delenv("OMP_NUM_THREADS")
    use_own_cpus()
    assert taken == [own_cpus()]


@pytest.mark.parametrize("asked, expected", [(None, 8), ("", 8), ("0", 8), ("2,1", 8), ("3", 3), ("16", 8)])
def test_batches_side_by_side_follow_a_user_s_own_number(monkeypatch, asked, expected):
    monkeypatch.setattr(device, "own_cpus", lambda: 8)
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if asked is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert own_threads() == expected
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    assert own_threads() == 8, "torchrun set the variable"


@pytest.mark.parametrize("flop, most, expected", [(1e6, 8, 1), (6e8, 8, 1), (1.1e9, 8, 2), (1e11, 8, 8), (1e11, 1, 1)])
def test_threads_follow_the_work_of_a_step(flop, most, expected):
    assert threads_for(flop, most) == expected


def test_features_take_half_of_what_is_free(monkeypatch):
    monkeypatch.setattr(device, "available_memory", lambda: 1000)
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda device: (300, 900))
    assert feature_memory(CPU) == 500 and feature_memory(torch.device("cuda", 0)) == 150
