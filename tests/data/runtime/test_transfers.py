"""Copies to and from a device: without one they are what they look like; the wait for one can be interrupted."""

import signal

import numpy as np
import pytest
import torch

from data.runtime.transfers import Arrival, room, to_device

CPU = torch.device("cpu")


class Late:
    """An event that has passed when it was asked so often."""

    def __init__(self, times):
        self.times, self.asked = times, 0

    def query(self):
        self.asked += 1
        return self.asked > self.times


def test_without_a_gpu_everything_stays_where_it_is():
    values = np.arange(6.0).reshape(2, 3)
    assert np.shares_memory(to_device(values, CPU).numpy(), values)
    found = Arrival([torch.ones(2), torch.zeros(0, 3)])
    assert [each.tolist() for each in found.arrays()] == [[1, 1], []]
    assert not Arrival([]).arrays()
    empty = room((2, 3), torch.uint8, CPU)
    assert empty.shape == (2, 3) and empty.dtype == torch.uint8 and not empty.is_pinned()


def test_what_is_on_its_way_is_waited_for():
    arrival = Arrival([torch.ones(2)])
    arrival.event = Late(3)
    assert arrival.arrays()[0].tolist() == [1, 1] and arrival.event.asked == 4


def test_a_wait_that_never_ends_lets_a_signal_through():
    arrival, before = Arrival([torch.ones(2)]), signal.getsignal(signal.SIGALRM)
    arrival.event = Late(10**12)

    def ring(*_):
        raise TimeoutError("rung")

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(TimeoutError, match="rung"):
            arrival.arrays()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
