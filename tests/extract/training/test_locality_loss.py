"""The locality-preserving loss beside a slow loop: its values, its gradient, and what a step makes of it."""

import dataclasses

import numpy as np
import pytest
import torch

from data.runtime.ranks import ALONE
from extract.training import locality_loss
from extract.training.backbone_training import TrainingSettings
from extract.training.locality_loss import locality, neighbour_means
from extract.training.step import Step

LABELS = torch.tensor([0, 1, 0, 2, 0, 1, 0, 3, 1, 0, 0])  # six of class 0, three of 1; 2 and 3 are alone


def drawn(seed=0, dtype=torch.float64, size=5):
    return torch.randn(len(LABELS), size, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def terms(features, neighbours, labels=LABELS):
    return locality(features, labels, neighbours, rows=len(features), ranks=ALONE)


def slow(features, labels, neighbours):
    """1/2 |x_i - m_i|^2 of each row, one after the other."""
    found = []
    for i, x in enumerate(features):
        others = [y for j, y in enumerate(features) if j != i and labels[j] == labels[i]]
        nearest = sorted(others, key=lambda y: np.linalg.norm(x - y))[:neighbours]
        found.append(np.sum((x - np.mean(nearest, 0)) ** 2) / 2 if nearest else 0.0)
    return np.array(found)


@pytest.mark.parametrize("neighbours", [1, 2, 3, 20])
def test_it_is_what_a_slow_loop_finds(neighbours):
    """3 are more than class 1 has, 20 more than the batch."""
    features = drawn()
    expected = slow(features.numpy(), LABELS.numpy(), neighbours)
    np.testing.assert_allclose(terms(features, neighbours), expected, rtol=1e-12)
    assert (expected[[3, 7]] == 0).all() and (np.delete(expected, [3, 7]) > 0).all()
    blind = slow(features.numpy(), np.zeros(len(LABELS)), neighbours)  # the control: neighbours of whatever class
    assert not np.allclose(expected, blind)


def test_a_case_worked_by_hand():
    """On a line, of one class: 0, 1, 3 and 7; of another, 2."""
    features = torch.tensor([[0.0], [1.0], [3.0], [7.0], [2.0]])
    labels = torch.tensor([4, 4, 4, 4, 5])
    means = [[2.0], [1.5], [0.5], [2.0], [2.0]]  # of 1 and 3; 0 and 3; 0 and 1; 1 and 3; alone
    assert neighbour_means(features, labels, 2).tolist() == means
    assert terms(features, 2, labels).tolist() == [2.0, 0.125, 3.125, 12.5, 0.0]


def test_the_order_of_the_rows_and_a_common_shift_do_not_matter():
    features, order = drawn(), torch.randperm(len(LABELS), generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(terms(features[order], 2, LABELS[order]), terms(features, 2)[order])
    torch.testing.assert_close(terms(features + 100, 2), terms(features, 2))


def test_the_gradient_is_from_the_mean_of_the_neighbours_to_the_row():
    features = drawn().requires_grad_()
    terms(features, 2).sum().backward()
    torch.testing.assert_close(features.grad, features.detach() - neighbour_means(features.detach(), LABELS, 2))
    assert not features.grad[[3, 7]].any()


def test_gradcheck_agrees_where_neighbours_are_held_and_only_there(monkeypatch):
    features = drawn().requires_grad_()
    call = lambda x: terms(x, 2)
    assert not torch.autograd.gradcheck(call, features, raise_exception=False)  # neighbours move with the numbers
    held = neighbour_means(features.detach(), LABELS, 2)
    monkeypatch.setattr(locality_loss, "neighbour_means", lambda *arguments: held)
    assert torch.autograd.gradcheck(call, features)


def test_inside_bfloat16_nothing_is_rounded_to_it():
    features = drawn(dtype=torch.float32, size=64)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = terms(features, 2)
        assert (features @ features.T).dtype == torch.bfloat16  # the control
    assert inside.dtype == torch.float32 and torch.equal(inside, terms(features, 2))
    assert terms(features.bfloat16(), 2).dtype == torch.float32


def test_features_far_from_the_origin_keep_their_neighbours():
    """Differences of 0.01 at 1,000: of the squares, about 10^6 each, float32 would leave nothing."""
    features = (1000 + 0.01 * drawn(size=8)).float()
    exact = neighbour_means(features.double(), LABELS, 2)
    torch.testing.assert_close(neighbour_means(features, LABELS, 2).double(), exact, rtol=0, atol=2e-4)
    assert (features.double() - exact).abs().max() > 0.005


def test_a_batch_without_rows_has_no_terms():
    assert terms(torch.zeros(0, 5), 20, LABELS[:0]).shape == (0,)


def one_step(settings):
    """(loss, gradient of the first layer) of a step on eight made-up crops of four classes."""
    step = Step(settings, np.linspace(0.5, 2, 7), torch.device("cpu"), ALONE)
    step.begin()
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 255, (8, 32, 32, 3), dtype=torch.uint8, generator=generator)
    features = []
    step.network.trunk.register_forward_hook(lambda trunk, images, found: features.append(found.detach()))
    loss = step(pixels, torch.arange(8) % 4, generator, rows=8, rate=1e-3)
    return loss, step.network.trunk.conv1.weight.grad, features[0]


def test_a_step_adds_lambda_times_the_term_of_each_row():
    settings = TrainingSettings("emotion", image_size=32)
    loss, gradient, features = one_step(settings)
    near = locality(features, torch.arange(8) % 4, 3, rows=8, ranks=ALONE).sum()
    with_it, other, _ = one_step(dataclasses.replace(settings, locality=0.2, neighbours=3))
    assert near > 1 and (with_it - loss).item() == pytest.approx(0.2 * near.item(), rel=1e-4)
    assert not torch.equal(gradient, other)
