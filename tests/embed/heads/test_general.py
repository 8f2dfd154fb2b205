"""The general way beside the fast one: the paper's families as modules move as they do in stacks, alone or together."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from data.files.runs import Head
from data.heads import AV, AV_TRUE, BASELINE, CAKE, CAKE_NORM, FAMILIES, Family, Linear, register
from embed.heads import general
from embed.heads.general import ModuleTrainer
from embed.heads.scoring import Scored
from embed.heads.stacked_training import Trainer
from embed.rows.corpus import Scaling, scoring_pieces
from embed.settings import HeadSettings, head_seed
from tests.embed.made_up import corpus
from tests.embed.plain import all_rows

SETTINGS = HeadSettings(epochs=1, steps=200, largest_batch=48)
SMALL_BATCHES = HeadSettings(epochs=1, steps=200, largest_batch=6)  # many of them lack the smallest domain


class Layers(nn.Module):
    """The nn.Linear of one of the paper's families, drawn as Factors.initialise draws."""

    def __init__(self, family, k, features, classes, domains, generator, *, slip):
        super().__init__()
        self.family, self.slip = family, slip
        inputs = family.size(k, features)
        arrays = {}
        for name, shape in family.shapes(k, features=features, classes=classes, domains=domains).items():
            fan_in = features if name in ("A", "a") else inputs
            arrays[name] = (2 * torch.rand(shape, generator=generator, dtype=torch.float64) - 1) / fan_in**0.5
        if family.projects:
            self.project = nn.Linear(features, 1)  # its weights are replaced; torch warns of a layer of no outputs
            self.project.weight, self.project.bias = nn.Parameter(arrays["A"]), nn.Parameter(arrays["a"])
        if family.arousal_valence:
            arrays["B"] = torch.cat([arrays["Bv"], arrays["B"]], 2)
        self.classify = nn.ModuleList(nn.Linear(inputs, classes) for _ in range(domains))
        for layer, weight, bias in zip(self.classify, arrays["B"], arrays["b"]):
            layer.weight, layer.bias = nn.Parameter(weight.clone()), nn.Parameter(bias.clone())

    def representation(self, x, v):
        z = self.project(x) if self.family.projects else x
        if self.family.on_sphere:
            z = z / z.norm(dim=1, keepdim=True)
        return z if v is None else torch.cat([v, z], 1)

    def logits(self, z, domain):
        return self.classify[domain](z) * self.slip


@dataclass(frozen=True)
class ByModules(Linear):
    """A linear family whose module has other names for the arrays."""

    def folded(self, weights, mean, deviation):
        domains = sum(name.startswith("classify") for name in weights) // 2
        arrays = {
            "B": np.stack([weights[f"classify.{domain}.weight"] for domain in range(domains)]),
            "b": np.stack([weights[f"classify.{domain}.bias"] for domain in range(domains)]),
        }
        if self.arousal_valence:
            arrays["Bv"], arrays["B"] = arrays["B"][..., :2], arrays["B"][..., 2:]
        if self.projects:
            arrays["A"], arrays["a"] = weights["project.weight"], weights["project.bias"]
        return super().folded(arrays, mean, deviation)


@pytest.fixture
def by_modules(monkeypatch):
    """A function that makes a family known whose heads are those of another, drawn from the same numbers."""
    monkeypatch.setattr(general, "head_seed", lambda seed, head: head_seed(seed, original(head)))

    def made(family, slip=1.0):
        fields = {name: getattr(family, name) for name in Linear.__dataclass_fields__}
        module = lambda *arguments: Layers(family, *arguments, slip=slip)
        return register(ByModules(**{**fields, "name": f"{family.name}-by-modules", "module": module}))

    before = dict(FAMILIES)
    yield made
    FAMILIES.clear()
    FAMILIES.update(before)


def original(head):
    return Head(head.family.removesuffix("-by-modules"), head.k, head.run)


@pytest.fixture(scope="module")
def data():
    """Three domains of features that need scaling, in float64."""
    made = corpus(dtype=torch.float64, features=40)
    generator = np.random.default_rng(0)
    made.scaling = Scaling(generator.normal(size=42), generator.uniform(0.5, 2, 42))
    return made


def logits(trained, data):
    """Head -> (D, n, 7) on every row, a trained head of a family by modules under the name of the original."""
    every = all_rows(data)
    with torch.no_grad():
        found = {
            head: torch.stack([own.logits(every, domain)[place].T for domain in range(len(data.names))])
            for own in trained
            for place, head in enumerate(own.heads)
        }
    return {original(head): value for head, value in found.items()}


def both(data, family, by_modules, sizes, settings=SETTINGS, **changes):
    """(the fast way, the general way), trained on heads of these k and two runs."""
    other = by_modules(family, **changes)
    heads = [(k, run) for k in sizes for run in (0, 1)]
    fast = Trainer(data, [Head(family.name, *each) for each in heads], settings)
    slow = ModuleTrainer(data, [Head(other.name, *each) for each in heads], settings)
    fast.train()
    slow.train()
    return fast.trained(), slow.trained()


@pytest.mark.parametrize(
    "family, sizes",
    [(CAKE, (3, 20)), (AV, (0, 20)), (CAKE_NORM, (3,)), (BASELINE, (0,)), (AV_TRUE, (2,))],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_family_of_the_paper_as_modules_is_the_same(data, by_modules, family, sizes):
    fast, slow = both(data, family, by_modules, sizes)
    expected, found = logits(fast, data), logits(slow, data)
    assert expected.keys() == found.keys() and len(found) == 2 * len(sizes)
    for head, value in expected.items():
        np.testing.assert_allclose(found[head], value, atol=1e-9)


def test_a_penalty_is_the_same_in_both_ways(data, by_modules):
    fast, slow = both(data, AV, by_modules, (0, 20), dataclasses.replace(SETTINGS, penalty=0.01))
    for head, value in logits(fast, data).items():
        np.testing.assert_allclose(logits(slow, data)[head], value, atol=1e-9)


def test_a_batch_without_rows_of_a_domain_moves_its_classifier_alike(data, by_modules):
    fast, slow = both(data, CAKE, by_modules, (2,), SMALL_BATCHES)
    for head, value in logits(fast, data).items():
        np.testing.assert_allclose(logits(slow, data)[head], value, atol=1e-9)


def test_a_module_that_differs_would_be_seen(data, by_modules):
    fast, slow = both(data, CAKE, by_modules, (3,), slip=1.0001)
    expected, found = logits(fast, data), logits(slow, data)
    assert all((found[head] - value).abs().max() > 1e-6 for head, value in expected.items())


def test_both_are_scored_and_kept_alike(data, by_modules):
    fast, slow = both(data, AV, by_modules, (1,))
    one, other = Scored(fast[0], data), [Scored(own, data) for own in slow]
    with torch.no_grad():
        for rows, emotion, domain in scoring_pieces(data):
            for scored in (one, *other):
                scored.add_loss(rows, emotion, domain)
                scored.widen(rows)
    for place, own in enumerate(other):
        assert own.found["loss"][0].item() == pytest.approx(one.found["loss"][place].item(), abs=1e-9)
        np.testing.assert_allclose(own.found["low"][0], one.found["low"][place], atol=1e-5)
        np.testing.assert_allclose(own.found["high"][0], one.found["high"][place], atol=1e-5)
        weights, expected = (
            own.trained.weights(0, []),
            one.trained.weights(place, [each.numpy() for each in one.trained.tensors()]),
        )
        assert weights.keys() == expected.keys() and all(value.dtype == np.float32 for value in weights.values())
        for name, value in expected.items():
            np.testing.assert_allclose(weights[name], value, atol=1e-6)


@dataclass(frozen=True)
class Careless(Family):
    """Its module draws from torch's own generator, as nn.Linear does."""

    declared: int = 5

    def shapes(self, k, *, features, classes, domains):
        layer = {"inner.weight": (self.declared, features), "inner.bias": (self.declared,)}
        return {**super().shapes(k, features=features, classes=classes, domains=domains), **layer}


class Inner(nn.Module):
    def __init__(self, k, features, classes, domains, generator):
        super().__init__()
        self.inner = nn.Linear(features, 5)

    def representation(self, x, v):
        return self.inner(x)

    def logits(self, z, domain):
        return torch.cat([z, z[:, :2]], 1)


def test_a_head_alone_is_that_among_others_even_where_layers_draw_for_themselves(data, by_modules):
    register(Careless("careless", "Careless-{k}", module=Inner))
    state = torch.random.get_rng_state()
    three = ModuleTrainer(data, [Head("careless", 5, run) for run in range(3)], SETTINGS)
    alone = ModuleTrainer(data, [Head("careless", 5, 2)], SETTINGS)
    assert torch.equal(torch.random.get_rng_state(), state)
    three.train()
    alone.train()
    found = logits(three.trained(), data)
    assert torch.equal(logits(alone.trained(), data)[Head("careless", 5, 2)], found[Head("careless", 5, 2)])
    assert not torch.allclose(found[Head("careless", 5, 1)], found[Head("careless", 5, 2)])


def test_a_module_with_other_arrays_than_declared_is_a_mistake_that_is_named(data, by_modules):
    register(Careless("careless", "Careless-{k}", module=Inner, declared=6))
    with pytest.raises(ValueError, match=r"careless, k = 5.*inner.bias \(5,\) for \(6,\), inner.weight \(5, 40\)"):
        ModuleTrainer(data, [Head("careless", 5, 0)], SETTINGS)
