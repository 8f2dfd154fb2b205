"""The floored logarithm of symmetric matrices beside SciPy's, one matrix at a time, and its gradient where eigenvalues
meet."""

import numpy as np
import pytest
import scipy.linalg
import torch

from extract.network.matrix_logarithm import divided_differences, rectified_logarithm

FLOOR = 0.5
SPECTRA = {
    "apart": [0.6, 1.0, 2.0, 4.0, 9.0],
    "equal": [1.0, 1.0, 1.0, 3.0, 3.0],
    "close": [1.0, 1.0 + 1e-9, 1.0 + 1e-6, 3.0, 3.0 + 1e-7],
    "on both sides of the floor": [0.0, 0.1, 0.1, 2.0, 2.0],
    "all below": [0.1, 0.1, 0.2, 0.3, 0.4],
    "the identity": [1.0] * 5,
}


def symmetric(values, count=2, seed=0):
    """(count, d, d) float64 of these eigenvalues, each turned its own way."""
    noise = torch.randn(count, len(values), len(values), generator=torch.Generator().manual_seed(seed)).double()
    U, _ = torch.linalg.qr(noise)
    return U * torch.tensor(values, dtype=torch.float64) @ U.mT


def slowly(S):
    """log(max(S, FLOOR)) by SciPy: the larger of S and the floor is (S + F + |S - F|) / 2, |M| the root of M^2."""
    floor = FLOOR * np.eye(len(S))
    away = scipy.linalg.sqrtm((S - floor) @ (S - floor)).real
    return scipy.linalg.logm((S + floor + away) / 2)


@pytest.mark.parametrize("name", ["apart", "equal", "on both sides of the floor"])
def test_it_is_the_logarithm(name):
    S = symmetric(SPECTRA[name], count=3)
    expected = np.stack([slowly(each.numpy()) for each in S])
    np.testing.assert_allclose(rectified_logarithm(S, FLOOR), expected, atol=1e-6)
    np.testing.assert_allclose(rectified_logarithm(S.float(), FLOOR), expected, atol=1e-5)


@pytest.mark.parametrize("name", SPECTRA)
def test_its_gradient_is_right_and_finite(name):
    def of_symmetric(A):
        return rectified_logarithm((A + A.mT) / 2, FLOOR)

    S = symmetric(SPECTRA[name]).requires_grad_()
    assert torch.autograd.gradcheck(of_symmetric, S, eps=1e-6, atol=1e-5)


def test_without_divided_differences_equal_eigenvalues_give_no_gradient():
    """The control: torch's own gradient of the eigenvectors divides by their gap."""
    S = torch.eye(4, dtype=torch.float64)[None].requires_grad_()
    values, U = torch.linalg.eigh(S)
    weights = torch.arange(16.0, dtype=torch.float64).view(4, 4)
    ((U * values.log()[:, None] @ U.mT) * weights).sum().backward()
    assert not S.grad.isfinite().all()
    S.grad = None
    (rectified_logarithm(S, FLOOR) * weights).sum().backward()
    torch.testing.assert_close(S.grad[0], (weights + weights.T) / 2)  # the derivative of log at 1 is 1


def test_divided_differences_lose_nothing_where_eigenvalues_are_close():
    """Between the slopes at both ends, as the mean value theorem has it, in float32 too."""
    values = torch.tensor([1.0])
    for gap in (0, 1e-7, 3e-7, 1e-5, 1e-3, 1.0, 1e4):
        pair = torch.cat([values, values + gap])[None]
        found = divided_differences(pair, 1e-4)[0, 0, 1].item()
        a, b = pair[0].double().tolist()
        exact = np.log1p((b - a) / a) / (b - a) if b > a else 1 / a
        assert found == pytest.approx(exact, rel=1e-6)
        assert 1 / b * (1 - 1e-6) <= found <= 1 / a * (1 + 1e-6)


def test_matrices_that_are_not_finite_give_nan_and_leave_the_others_alone():
    S = symmetric(SPECTRA["apart"], count=3)
    whole = rectified_logarithm(S, FLOOR)
    S[1, 0, 0] = torch.nan
    found = rectified_logarithm(S, FLOOR)
    assert found[1].isnan().all() and torch.equal(found[0], whole[0]) and torch.equal(found[2], whole[2])
    with pytest.raises(torch.linalg.LinAlgError):  # what would end a training without a word on the rate
        torch.linalg.eigh(S)


def test_no_matrix_at_all_is_no_error():
    S = torch.empty(0, 4, 4, requires_grad=True)
    rectified_logarithm(S, FLOOR).sum().backward()
    assert S.grad.shape == (0, 4, 4)
