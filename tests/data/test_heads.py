"""Families of heads in NumPy: sizes and names by hand, z and logits beside a loop over rows and classes."""

import numpy as np
import pytest

from data.heads import AV, AV_TRUE, BASELINE, CAKE, CAKE_NORM, FAMILIES, Family, Linear, family_named, register

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


@pytest.mark.parametrize(("family", "k"), [(CAKE, 2), (AV, 0), (AV, 3), (CAKE_NORM, 3), (BASELINE, 0)])
def test_folded_weights_say_of_features_as_cached_what_the_others_say_of_scaled_ones(family, k):
    generator = np.random.default_rng(k)
    weights, x, v = weights_of(family, k, generator), generator.normal(size=(N, F)), generator.normal(size=(N, 2))
    mean, deviation = generator.normal(size=F + 2), generator.uniform(0.5, 2, F + 2)
    before = {name: value.copy() for name, value in weights.items()}
    folded = family.folded(weights, mean, deviation)
    assert {name: value.shape for name, value in folded.items()} == family.shapes(k, features=F, classes=C, domains=D)
    assert all((weights[name] == value).all() for name, value in before.items())
    scaled_x, scaled_v = (x - mean[:F]) / deviation[:F], (v - mean[F:]) / deviation[F:]
    expected = family.logits(weights, family.representation(weights, scaled_x, scaled_v))
    found = family.logits(folded, family.representation(folded, x, v))
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert not np.allclose(family.logits(weights, family.representation(weights, x, v)), expected)  # the control


def test_a_family_that_does_not_fold_keeps_the_scaling_beside_its_weights():
    family = Family("any", "Any-{k}")
    mean, deviation = np.arange(F + 2.0), np.arange(1.0, F + 3)
    kept = family.folded({}, mean, deviation)
    assert {name: value.shape for name, value in kept.items()} == family.shapes(3, features=F, classes=C, domains=D)
    x, v = family.scaled(kept, np.array([mean[:F] + deviation[:F]]), np.array([mean[F:] - 2 * deviation[F:]]))
    assert x.tolist() == [[1.0] * F] and v.tolist() == [[-2.0, -2.0]]
    assert family.scaled(kept, x)[1] is None


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: register(Family("bare", "Bare-{k}")), "nothing could train it"),
        (lambda: register(Linear("a/b", "Odd")), "letters, digits and dashes"),
        (lambda: register(Linear("a,b", "Odd")), "letters, digits and dashes"),
        (lambda: Linear("odd", "Odd", projects=False, on_sphere=True), "without a projection"),
        (lambda: Linear("odd", "Odd", projects=False, arousal_valence="predicted"), "without a projection"),
    ],
)
def test_a_family_that_could_not_be_trained_or_kept_is_refused(make, match):
    with pytest.raises(ValueError, match=match):
        make()
    assert not {"bare", "a/b", "a,b"} & set(FAMILIES)
