"""Weights that stay orthonormal under AdamW, and the parts of it: projection and retraction."""

import torch

from extract.network.stiefel import keep_orthonormal, project_gradient, retract


def orthonormal(seed=0):
    noise = torch.randn(12, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return torch.nn.Parameter(torch.linalg.qr(noise)[0])


def off(W):
    return (W.mT @ W - torch.eye(4, dtype=W.dtype)).abs().max().item()


def trained(kept, steps=30, decay=0.05):
    """(W, losses) of a training towards the leading directions of a covariance."""
    W, S = orthonormal(), torch.diag(torch.arange(12.0, dtype=torch.float64))
    optimizer = torch.optim.AdamW([W], lr=0.05, weight_decay=decay, fused=True)
    if kept:
        keep_orthonormal(optimizer, [W])
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = -(W.mT @ S @ W).trace()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return W, losses


def test_weights_stay_orthonormal_and_learn():
    W, losses = trained(kept=True)
    assert off(W) < 1e-12
    assert losses[0] > losses[-1] and -losses[-1] > 36  # of 38 = 11 + 10 + 9 + 8, which no orthonormal W exceeds
    assert off(trained(kept=False)[0]) > 0.1  # the control


def test_a_repetition_has_the_same_bits():
    assert torch.equal(trained(kept=True)[0], trained(kept=True)[0])


def test_a_gradient_is_projected_onto_the_tangent_space():
    """There W^T G is skew; what is taken away is normal to it, and a second projection takes nothing."""
    W = orthonormal()
    W.grad = torch.randn(12, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    before = W.grad.clone()
    project_gradient(W)
    inner = W.detach().mT @ W.grad
    torch.testing.assert_close(inner, -inner.mT)
    assert abs((W.grad * (before - W.grad)).sum().item()) < 1e-12 and not torch.allclose(before, W.grad)
    once = W.grad.clone()
    project_gradient(W)
    torch.testing.assert_close(W.grad, once)


def test_a_retraction_leaves_points_of_the_manifold_and_undoes_weight_decay():
    W = orthonormal()
    before = W.detach().clone()
    retract(W)
    torch.testing.assert_close(W.detach(), before)
    moved = before + 0.05 * torch.randn(12, 4, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    found = [torch.nn.Parameter(scale * moved) for scale in (1.0, 0.3)]
    for each in found:
        retract(each)
    torch.testing.assert_close(*(each.detach() for each in found))
    assert (found[0] - before).norm() < 2 * (moved - before).norm()  # near: the signs are those of before
