"""Weights whose columns stay orthonormal: points of a Stiefel manifold, W^T W = I.

The gradient G is projected onto the tangent space at W, G - W sym(W^T G), before the optimizer sees it: the retraction
takes back what leaves that space, so that it would only fill AdamW's moments. AdamW scales each entry by itself, and so
leaves the space again; after its step W is put back by the QR retraction of Huang and Van Gool (AAAI 2017). Moments are
not transported: from step to step W hardly turns. Weight decay has no effect, since c W is put back where W is."""

from collections.abc import Sequence

import torch


@torch.no_grad()
def project_gradient(W: torch.nn.Parameter) -> None:
    """Replace the gradient of W (C, d) by its part in the tangent space at W."""
    inner = W.mT @ W.grad
    W.grad.sub_(W @ ((inner + inner.mT) / 2))


@torch.no_grad()
def retract(W: torch.nn.Parameter) -> None:
    """Replace W (C, d), C >= d, by the Q of its QR decomposition, the diagonal of R positive, which makes Q unique.

    The same bits wherever W has the same, so that processes with averaged gradients keep the same W."""
    Q, R = torch.linalg.qr(W)
    diagonal = R.diagonal()
    W.copy_(Q * torch.ones_like(diagonal).copysign(diagonal))


def keep_orthonormal(optimizer: torch.optim.Optimizer, weights: Sequence[torch.nn.Parameter]) -> None:
    """From now on, have every step of the optimizer keep these weights on their manifolds.

    A weight without a gradient, as in a frozen trunk, keeps its bits."""

    def on_each(change):
        def hook(*_):
            for W in weights:
                if W.grad is not None:
                    change(W)

        return hook

    optimizer.register_step_pre_hook(on_each(project_gradient))
    optimizer.register_step_post_hook(on_each(retract))
