"""The logarithm of symmetric matrices with their eigenvalues floored, and its gradient.

ReEig and LogEig of Huang and Van Gool (AAAI 2017, Eq. 4 and 6) in one: U max(l, floor) U^T, then U log(l) U^T, have
the same U, so that one eigendecomposition S = U diag(l) U^T gives both as f(S) with f(l) = log(max(l, floor))."""

import torch
from torch.autograd.function import once_differentiable


def rectified_logarithm(S: torch.Tensor, floor: float) -> torch.Tensor:
    """(n, d, d) symmetric -> log(max(S, floor)), (n, d, d) symmetric; nan for a matrix that is not finite.

    On CUDA, torch waits for the device within the eigendecomposition, since it asks whether that converged."""
    return _RectifiedLogarithm.apply(S, floor)


class _RectifiedLogarithm(torch.autograd.Function):
    """The gradient is that of Daleckii and Krein: U (D * (U^T G U)) U^T, D the divided differences of f at l.

    It is finite at equal eigenvalues too, where that of an eigendecomposition by itself divides by their gap."""

    @staticmethod
    def forward(context, S, floor):
        finite = S.isfinite().all(-1).all(-1)[:, None, None]  # of others, no eigenvalue would be found
        eye = torch.eye(S.shape[-1], dtype=S.dtype, device=S.device)
        values, U = torch.linalg.eigh(torch.where(finite, S, eye))
        context.save_for_backward(values, U)
        context.floor = floor
        return torch.where(finite, (U * values.clamp(min=floor).log()[:, None]) @ U.mT, torch.nan)

    @staticmethod
    @once_differentiable
    def backward(context, grad):
        values, U = context.saved_tensors
        inner = U.mT @ ((grad + grad.mT) / 2) @ U
        return U @ (divided_differences(values, context.floor) * inner) @ U.mT, None


def divided_differences(values: torch.Tensor, floor: float) -> torch.Tensor:
    """(n, d, d) of (f(l_i) - f(l_j)) / (l_i - l_j), f'(l_i) where they are equal; values: (n, d) eigenvalues l.

    With a >= b, log a - log b = log1p((a - b) / b), which cancels nothing however close they are."""
    kept = values.clamp(min=floor)
    low, high = (choose(kept[:, :, None], kept[:, None]) for choose in (torch.minimum, torch.maximum))
    gap = (values[:, :, None] - values[:, None]).abs()
    slope = torch.where(values > floor, 1 / kept, 0)[:, :, None]
    return torch.where(gap > 0, ((high - low) / low).log1p() / gap, slope)
