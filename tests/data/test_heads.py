"""Families of heads in NumPy: sizes and names by hand, z and logits beside a loop over rows and classes."""

import numpy as np
import pytest

from data.heads import AV, AV_TRUE, BASELINE, CAKE, CAKE_NORM, FAMILIES, Linear, family_named, register

F, C, D, N = 5, 3, 2, 4


def weights_of(family, k, generator):
    shapes = family.shapes(k, features=F, classes=C, domains=D)
    return {name: generator.normal(size=shape) for name, shape in shapes.items()}


def slowly(family, weights, x, v):
    """z and logits by loops, one product at a time."""
    z = [[sum(row[f] * x_f for f, x_f in enumerate(each)) + bias for row, bias in zip(weights["A"], weights["a"])]
         for each in x]  # fmt: skip
    if family.on_sphere:
        z = [[value / sum(other**2 for other in row) ** 0.5 for value in row] for row in z]
    logits = [
        [
            [sum(b * value for b, value in zip(weights["B"][d][c], row)) + weights["b"][d][c] for c in range(C)]
            for row in z
        ]
        for d in range(D)
    ]
    if family.arousal_valence:
        logits = [
            [[logits[d][n][c] + weights["Bv"][d][c] @ v[n] for c in range(C)] for n in range(len(x))] for d in range(D)
        ]
        z = [[*v_n, *row] for v_n, row in zip(v, z)]
    return np.array(z), np.array(logits)


@pytest.mark.parametrize(("family", "k"), [(CAKE, 1), (CAKE, 4), (AV, 2), (CAKE_NORM, 3), (AV_TRUE, 1)])
def test_representation_and_logits_are_those_of_a_loop(family, k):
    generator = np.random.default_rng(k)
    weights, x, v = weights_of(family, k, generator), generator.normal(size=(N, F)), generator.normal(size=(N, 2))
    z = family.representation(weights, x, v)
    expected_z, expected_logits = slowly(family, weights, x, v)
    assert z.shape == (N, family.size(k, F)) and len(family.coordinates(k)) == family.size(k, F)
    np.testing.assert_allclose(z, expected_z, atol=1e-12)
    np.testing.assert_allclose(family.logits(weights, z), expected_logits, atol=1e-12)
    assert not np.allclose(family.logits(weights, z + 1), expected_logits)  # the control


def test_av_alone_is_arousal_valence():
    v = np.array([[0.5, -0.25]])
    weights = weights_of(AV, 0, np.random.default_rng(0))
    assert AV.representation(weights, np.ones((1, F)), v).tolist() == v.tolist() and AV.size(0, F) == 2


def test_the_baseline_sees_the_features():
    x = np.eye(F)
    weights = weights_of(BASELINE, 0, np.random.default_rng(0))
    assert BASELINE.representation(weights, x) is x and BASELINE.size(0, F) == F and BASELINE.coordinates(0) == ()
    np.testing.assert_allclose(BASELINE.logits(weights, x)[1], weights["B"][1].T + weights["b"][1])


def test_which_sizes_there_are():
    assert [family.has(0) for family in FAMILIES.values()] == [False, True, False, True, True]
    assert [family.has(3) for family in FAMILIES.values()] == [True, True, True, False, True]
    assert (CAKE.label(3), AV.label(1), CAKE_NORM.label(3), BASELINE.label(0)) == (
        "CAKE-3",
        "AV1",
        "CAKE-3-Norm",
        "Baseline",
    )


def test_plain_arousal_valence_has_no_number_in_print():
    assert AV.label(0) == "AV"


def test_a_name_stands_for_one_family():
    with pytest.raises(ValueError, match="already"):
        register(Linear("cake", "another CAKE-{k}"))
    assert register(CAKE) is CAKE and family_named("cake") is CAKE
    with pytest.raises(ValueError, match="known are cake, av"):
        family_named("cakes")
