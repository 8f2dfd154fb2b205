"""Canonical coordinates: white over the training rows, turned by the rule, and the same whatever axes a head was
trained to."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from data.emotions import EMOTIONS
from data.files.runs import Head
from data.heads import AV, CAKE, CAKE_NORM, Linear
from embed.heads.canonical_axes import class_targets
from embed.heads.canonical_forms import CanonicalForms
from tests.embed.made_up import corpus

FEATURES = 24
ANGER, HAPPINESS, SURPRISE = (EMOTIONS.index(name) for name in ("anger", "happiness", "surprise"))


@pytest.fixture(scope="module")
def rows():
    """(corpus, features (n, F), arousal-valence (n, 2), emotion (n,)) of its training rows in float64."""
    made = corpus((300, 90, 40), dtype=torch.float64, features=FEATURES)
    x = next(made.batches(made.order(np.arange(430), np.zeros(430, np.int64), [430])))
    made.followed = x.v[:2].T.numpy()
    return made, x.x.numpy(), made.followed, made.emotion


def weights_of(family, k, seed):
    generator = np.random.default_rng(seed)
    shapes = family.shapes(k, features=FEATURES, classes=7, domains=3)
    return {name: generator.normal(size=shape) for name, shape in shapes.items()}


def with_other_axes(weights, T, shift):
    """The same head by other axes: u to T u + shift, and its classifiers the way back."""
    back = np.linalg.inv(T)
    B = weights["B"] @ back
    return {**weights, "A": T @ weights["A"], "a": T @ weights["a"] + shift, "B": B, "b": weights["b"] - B @ shift}


def form_of(made, family, z, k, pieces=3):
    """The Canonical of one head, in pieces as scoring does it; z: (n, dimensions)."""
    forms = CanonicalForms((Head(family.name, k, 0),), family, made)
    for own in np.array_split(np.arange(len(z)), pieces):
        forms.add(torch.from_numpy(z[own].T[None]), torch.from_numpy(made.emotion[own]))
    return made_of(forms).get(0)


def made_of(forms, tested=None):
    return forms.made({name: value.numpy() for name, value in forms.tensors().items()}, tested)


@pytest.mark.parametrize(("family", "k"), [(CAKE, 1), (CAKE, 2), (CAKE, 3), (CAKE, 6), (AV, 1), (AV, 3)])
@pytest.mark.parametrize("follows", [True, False])
def test_heads_that_differ_by_an_invertible_map_have_the_same_coordinates(rows, family, k, follows):
    made, x, v, _ = rows
    made = made if follows else replace(made, followed=None)
    generator = np.random.default_rng(5)
    T, shift = generator.normal(size=(k, k)), 3 * generator.normal(size=k)
    weights = weights_of(family, k, seed=1)
    others = with_other_axes(weights, T, shift)
    z, other_z = (family.representation(own, x, v) for own in (weights, others))
    np.testing.assert_allclose(family.logits(weights, z), family.logits(others, other_z), atol=1e-8)
    found, others_found = (form_of(made, family, own, k) for own in (z, other_z))
    assert found.axes == others_found.axes
    np.testing.assert_allclose(found.of(z), others_found.of(other_z), atol=2e-4)  # T is kept in float32
    assert np.abs(z - other_z).max() > 1  # the control: raw ones differ


def test_coordinates_of_a_sphere_are_turned_alone(rows):
    made, x, _, _ = rows
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0]
    weights = weights_of(CAKE_NORM, 3, seed=1)
    z = CAKE_NORM.representation(weights, x)
    found, other = form_of(made, CAKE_NORM, z, 3), form_of(made, CAKE_NORM, z @ turn.T, 3)
    np.testing.assert_allclose(found.of(z), other.of(z @ turn.T), atol=1e-5)
    np.testing.assert_allclose(found.T @ found.T.T, np.eye(3), atol=1e-6)
    assert not found.t.any() and np.abs(z - z @ turn.T).max() > 0.1
    np.testing.assert_allclose(np.linalg.norm(found.of(z), axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("follows", [True, False])
def test_white_over_the_training_rows(rows, follows):
    made, x, _, _ = rows
    z = CAKE.representation(weights_of(CAKE, 3, seed=2), x)
    found = form_of(made if follows else replace(made, followed=None), CAKE, z, 3)
    white = found.of(z)
    np.testing.assert_allclose(white.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(np.cov(white.T, bias=True), np.eye(3), atol=1e-4)
    assert np.abs(np.cov(z.T) - np.eye(3)).max() > 0.5  # the control


def test_the_first_axes_follow_valence_and_arousal(rows):
    """No direction in white z is correlated more with valence than the first, none at right angles to it more with
    arousal than the second."""
    made, x, v, emotion = rows
    z = CAKE.representation(weights_of(CAKE, 3, seed=2), x)
    found = form_of(made, CAKE, z, 3)
    white = found.of(z)
    tried = np.random.default_rng(0).normal(size=(2000, 3))
    correlation = lambda values, which: np.corrcoef(values, v[:, which])[0, 1]
    assert correlation(white[:, 0], 0) >= max(correlation(white @ each, 0) for each in tried) - 1e-6
    tried[:, 0] = 0
    assert correlation(white[:, 1], 1) >= max(correlation(white @ each, 1) for each in tried) - 1e-6
    assert white[emotion == ANGER, 2].mean() > 0
    assert found.axes == ("along_valence", "along_arousal", "along_anger")


def test_without_arousal_valence_the_axes_follow_classes_in_turn(rows):
    """In white z the direction that is correlated most with a class goes to its mean: happiness lies along the first
    axis, surprise in the plane of the first two, each on the positive side."""
    made, x, _, emotion = rows
    z = CAKE.representation(weights_of(CAKE, 3, seed=2), x)
    found = form_of(replace(made, followed=None), CAKE, z, 3)
    happiness, surprise, anger = (found.of(z)[emotion == index].mean(0) for index in (HAPPINESS, SURPRISE, ANGER))
    np.testing.assert_allclose(happiness[1:], 0, atol=1e-4)
    np.testing.assert_allclose(surprise[2], 0, atol=1e-4)
    assert happiness[0] > 0.1 and surprise[1] > 0.1 and anger[2] > 0.1
    assert found.axes == ("along_happiness", "along_surprise", "along_anger")


def test_annotations_of_some_rows_are_enough(rows):
    """Rows without either value count for the rest alone."""
    made, x, v, _ = rows
    partly = v.copy()
    partly[::3] = np.nan
    partly[1::7, 0] = np.nan
    z = CAKE.representation(weights_of(CAKE, 3, seed=2), x)
    found = form_of(replace(made, followed=partly), CAKE, z, 3)
    white, known = found.of(z), np.isfinite(partly).all(1)
    best = np.linalg.lstsq(np.c_[np.ones(known.sum()), white[known]], partly[known], rcond=None)[0][1:, 0]
    np.testing.assert_allclose(best / np.linalg.norm(best), [1, 0, 0], atol=1e-4)
    np.testing.assert_allclose(np.cov(white.T, bias=True), np.eye(3), atol=1e-4)
    few = np.full_like(v, np.nan)
    few[:4] = v[:4]
    assert form_of(replace(made, followed=few), CAKE, z, 3).axes[0] == "along_happiness"


def test_arousal_valence_that_is_the_same_everywhere_is_not_followed(rows):
    made, x, v, _ = rows
    z = CAKE.representation(weights_of(CAKE, 3, seed=2), x)
    constant = np.stack([np.full(len(v), 0.3), v[:, 1]], 1)
    found = form_of(replace(made, followed=constant), CAKE, z, 3)
    assert found.axes == ("along_arousal", "along_anger", "along_sadness")


def test_arousal_valence_in_the_representation_stays(rows):
    made, x, v, _ = rows
    z = AV.representation(weights_of(AV, 1, seed=2), x, v)
    found = form_of(made, AV, z, 1)
    np.testing.assert_allclose(found.of(z)[:, :2], v, atol=1e-6)
    assert found.axes == ("valence", "arousal", "along_anger")


def test_a_class_without_rows_is_passed_over(rows):
    made, x, _, emotion = rows
    other = replace(made, followed=None, emotion=np.where(emotion == HAPPINESS, 0, emotion))
    found = form_of(other, CAKE, CAKE.representation(weights_of(CAKE, 3, seed=2), x), 3)
    assert np.isfinite(found.T).all() and found.axes == ("along_surprise", "along_anger", "along_sadness")


def test_padding_of_a_stack_counts_for_nothing(rows):
    made, x, _, emotion = rows
    heads = (Head("cake", 2, 0), Head("cake", 3, 0))
    each = [CAKE.representation(weights_of(CAKE, head.k, seed=head.k), x) for head in heads]
    padded = np.zeros((2, 3, len(x)))
    for position, z in enumerate(each):
        padded[position, : z.shape[1]] = z.T
    forms = CanonicalForms(heads, CAKE, made)
    forms.add(torch.from_numpy(padded), torch.from_numpy(emotion))
    found = made_of(forms, padded)
    for position, (head, z) in enumerate(zip(heads, each)):
        alone = form_of(made, CAKE, z, head.k)
        np.testing.assert_allclose(found[position].T, alone.T, atol=1e-6)
        white = alone.of(z)
        np.testing.assert_allclose(found[position].range, [white.min(0), white.max(0)], atol=1e-5)


def test_heads_without_a_rule_stay_raw(rows):
    made, x, v, emotion = rows
    spoilt = CAKE.representation(weights_of(CAKE, 3, seed=2), x)
    flat = spoilt @ np.diag([1, 1, 0])
    spoilt[7] = np.nan, np.inf, 0
    assert form_of(made, CAKE, spoilt, 3) is None and form_of(made, CAKE, flat, 3) is None
    assert form_of(made, AV, v, 0) is None
    beside = np.concatenate([v, np.random.default_rng(0).normal(size=(len(x), 5))], 1)
    assert form_of(made, AV, beside, 5) is None  # four classes are there to follow
    most = 6  # valence and arousal, and four classes
    large = np.random.default_rng(0).normal(size=(len(x), most + 1))
    assert form_of(made, CAKE, large, most + 1) is None
    assert form_of(made, CAKE, large[:, :most], most) is not None  # the control


def test_the_way_back(rows):
    made, x, v, _ = rows
    for family, k in ((CAKE, 3), (AV, 2), (CAKE_NORM, 3), (Linear("mine", "Mine-{k}"), 2)):
        z = family.representation(weights_of(family, k, seed=2), x, v)
        found = form_of(made, family, z, k)
        np.testing.assert_allclose(found.undone(found.of(z)), z, atol=1e-6 * np.abs(z).max())


def test_targets_of_other_classes():
    assert class_targets(EMOTIONS) == (("happiness", "surprise"), ("anger", "sadness", "neutral", "disgust"))
    assert class_targets((*EMOTIONS, "contempt"))[1] == ("anger", "sadness", "neutral", "disgust", "fear")
    assert class_targets(("negative", "neutral", "positive")) == ((), ("neutral", "negative"))
    assert class_targets(("a", "b")) == ((), ("a",)) and class_targets(("surprise", "b")) == (("surprise",), ())
