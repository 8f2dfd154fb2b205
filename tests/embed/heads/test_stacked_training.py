"""The stacked trainer against the slow obvious way: nn.Linear, autograd and torch.optim.Adam, one head at a time."""

import dataclasses

import numpy as np
import pytest
import torch

from data.files.runs import Head
from embed.heads.scoring import Scored
from embed.heads.stacked_training import Trainer
from embed.rows.corpus import scoring_pieces
from embed.rows.minibatches import Batches
from embed.settings import HeadSettings
from tests.embed.made_up import corpus
from tests.embed.plain import all_rows, train_plainly

HEADS = [
    Head("cake", 1, 0),
    Head("cake", 3, 0),
    Head("cake", 3, 1),
    Head("cake", 18, 0),
    Head("cake", 40, 2),
    Head("av", 0, 0),
    Head("av", 1, 0),
    Head("av", 20, 1),
    Head("baseline", 0, 0),
    Head("cake-norm", 3, 0),
    Head("cake-norm", 3, 1),
    Head("cake-norm", 9, 0),
    Head("av-true", 0, 0),
    Head("av-true", 18, 0),
]
OTHER_HEADS = [
    *(Head("cake", k, 0) for k in (1, 2, 3, 9, 20)),
    *(Head("av", k, 0) for k in (0, 1, 9, 20)),
    Head("baseline", 0, 0),
    Head("cake-norm", 3, 0),
]
SETTINGS = HeadSettings(epochs=1, steps=200, largest_batch=48)


def largest_difference(data, trainer, plain):
    """Between the logits of the stacked heads and of the plain ones, on every row and classifier."""
    every, worst = all_rows(data), 0.0
    for own in trainer.trained():
        for domain in range(len(data.names)):
            logits = own.logits(every, domain)
            for head, found in zip(own.heads, logits):
                if head in plain:
                    expected = plain[head](every, torch.full((len(data.emotion),), domain))
                    worst = max(worst, (found.T - expected).abs().max().item())
    return worst


def factors_of(trainer, head):
    """Name -> one head's factors."""
    own = next(own for own in trainer.factors if head in own.stack.heads)
    return own.own(own.stack.heads.index(head))


@pytest.fixture(scope="module")
def data():
    return corpus(dtype=torch.float64)


@pytest.fixture(scope="module")
def trained(data):
    trainer = Trainer(data, HEADS, SETTINGS)
    trainer.train()
    return trainer


def test_every_family_moves_as_plain_modules_do(data, trained):
    plain = {head: train_plainly(data, head, SETTINGS) for head in HEADS}
    assert len(Batches(data, SETTINGS)) >= 200
    assert largest_difference(data, trained, plain) < 1e-9


@pytest.mark.parametrize("number", [2, 3, 9])
def test_heads_of_other_classes_move_as_plain_modules_do(number):
    rows = corpus((120, 60), dtype=torch.float64, features=24, classes=[f"class {place}" for place in range(number)])
    settings = HeadSettings(epochs=1, steps=60, largest_batch=48)
    trainer = Trainer(rows, OTHER_HEADS, settings)
    trainer.train()
    assert {own.stack.thin for own in trainer.factors if own.stack.family.projects} == {True, False}
    assert factors_of(trainer, OTHER_HEADS[0])["B"].shape == (2, number, 1)
    assert largest_difference(rows, trainer, {head: train_plainly(rows, head, settings) for head in OTHER_HEADS}) < 1e-9
    wrong = {head: train_plainly(rows, head, settings, slip=1.001) for head in OTHER_HEADS[:1]}
    assert largest_difference(rows, trainer, wrong) > 1e-6  # the control


def test_a_penalty_on_the_weights_is_that_of_plain_modules(data, trained):
    settings = dataclasses.replace(SETTINGS, penalty=0.01)
    penalised = Trainer(data, HEADS, settings)
    penalised.train()
    plain = {head: train_plainly(data, head, settings) for head in HEADS}
    assert largest_difference(data, penalised, plain) < 1e-9
    without = {head: train_plainly(data, head, SETTINGS) for head in HEADS[:2]}
    assert largest_difference(data, penalised, without) > 1e-2  # the control
    size = lambda trainer: sum(factors_of(trainer, head)["A"].norm().item() for head in HEADS[:5])
    assert size(penalised) < 0.9 * size(trained)


def test_a_wrong_gradient_would_be_seen(data, trained):
    plain = {head: train_plainly(data, head, SETTINGS, slip=1.001) for head in HEADS[:1]}
    assert largest_difference(data, trained, plain) > 1e-6


@pytest.mark.parametrize("family, k", [("cake", 3), ("cake", 20), ("av", 1)])
def test_run_3_alone_equals_run_3_among_ten(data, family, k):
    ten = Trainer(data, [Head(family, k, run) for run in range(10)], SETTINGS)
    alone = Trainer(data, [Head(family, k, 3)], SETTINGS)
    ten.train()
    alone.train()
    for name, value in factors_of(alone, Head(family, k, 3)).items():
        np.testing.assert_allclose(value, factors_of(ten, Head(family, k, 3))[name], atol=1e-9)


def test_padding_stays_exactly_zero_and_changes_no_head(data):
    heads = [Head("cake", k, 0) for k in (20, 22, 25)]
    together = Trainer(data, heads, SETTINGS)
    assert len(together.factors) == 1 and together.factors[0].stack.k == 25
    together.train()
    values = together.factors[0].values
    assert not values["A"][0, 20:].any() and not values["B"][0, ..., 20:].any() and values["A"][2, 20:].all()
    alone = Trainer(data, heads[:1], SETTINGS)
    alone.train()
    for name, value in factors_of(alone, heads[0]).items():
        np.testing.assert_allclose(value, factors_of(together, heads[0])[name], atol=1e-9)


def test_each_epoch_draws_one_view_of_each_row_the_same_for_all_heads(data):
    several = corpus(dtype=torch.float64, views=3)
    drawn = [
        torch.cat([batch.rows.x[:, 0] for batch in Batches(several, SETTINGS).epoch(number)]) for number in (0, 1, 0)
    ]
    for epoch in drawn:
        shift = (epoch / 100).round()
        assert set(shift.tolist()) == {0.0, 1.0, 2.0}
        np.testing.assert_allclose(
            sorted(epoch - 100 * shift), sorted(all_rows(data).x[:, 0]), atol=0.1
        )  # every row once, in one view
    assert torch.equal(drawn[0], drawn[2]) and not torch.equal(drawn[0].sort().values, drawn[1].sort().values)


def test_runs_differ_and_repeat(data):
    heads = [Head("cake", 2, 0), Head("cake", 2, 1)]
    first, second = Trainer(data, heads, SETTINGS), Trainer(data, heads, SETTINGS)
    first.train()
    second.train()
    assert all(torch.equal(one.flat, other.flat) for one, other in zip(first.factors, second.factors))
    assert not torch.equal(*first.factors[0].values["A"])


def test_converged_cake_18_and_the_baseline_find_the_same_minimum():
    """Three domains' classifiers have rank 18 at most, so both stand for the same functions; CAKE-3 does not."""
    narrow = corpus((900, 600, 500), spread=1.5)
    narrow.store.tensor[:, 24:] = 0  # more rows than weights, so that the minimum is not a perfect fit
    trainer = Trainer(
        narrow,
        [Head("cake", 18, 0), Head("cake", 3, 0), Head("baseline", 0, 0)],
        HeadSettings(epochs=1, steps=1500, largest_batch=2000, batches_an_epoch=1, rate=2e-1),
    )
    trainer.train()
    loss = {}
    for own in trainer.trained():
        scored = Scored(own, narrow)
        for rows, emotion, domain in scoring_pieces(narrow):
            scored.add_loss(rows, emotion, domain)
        loss[own.family.name, own.heads[0].k] = scored.found["loss"].item()
    assert loss["cake", 18] == pytest.approx(loss["baseline", 0], rel=1e-3)
    assert loss["cake", 3] > 1.03 * loss["baseline", 0]
