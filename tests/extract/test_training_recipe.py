"""Recipes: what the options of a training mean, and what its loss is."""

from dataclasses import fields

import click
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from data.runtime.ranks import ALONE
from extract.training.backbone_training import TrainingSettings
from extract.training.step import Step
from extract.training_recipe import RECIPES, settings_of

LEFT_OUT = {"loss": None, "neighbours": None, "locality": None, "batch": None, "rate": None}
NETWORK = {"task": "emotion", "init": "scratch", "frozen_epochs": 0, "layer_decay": 1.0, "pooling": "average"}
WEIGHTS = np.array([1.0, 2, 3, 4, 5, 6, 7])


def asked(recipe, **options):
    return TrainingSettings(**settings_of(recipe, **{**LEFT_OUT, **NETWORK, **options}))


def test_the_papers_recipe_is_what_older_files_mean():
    assert asked("paper") == TrainingSettings("emotion")


def test_an_option_outweighs_the_recipe():
    standard = asked("standard")
    assert (standard.batch, standard.rate) == (RECIPES["standard"]["batch"], RECIPES["standard"]["rate"])
    assert asked("standard", batch=17).batch == 17 and asked("paper", rate=0.5).rate == 0.5
    assert asked("standard", batch=17).label_smoothing == standard.label_smoothing > 0


def test_the_wide_recipe_has_wider_views_and_nothing_else():
    standard, wide = asked("standard"), asked("wide")
    changed = {each.name for each in fields(wide) if getattr(wide, each.name) != getattr(standard, each.name)}
    assert changed == {"rotation", "scale", "shift"} and wide.scale > standard.scale and wide.shift > standard.shift


def test_options_that_do_not_go_together_are_refused():
    with pytest.raises(click.UsageError, match="--neighbours is for"):
        settings_of("standard", **{**LEFT_OUT, **NETWORK, "neighbours": 5})


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_loss_is_that_of_the_recipe(recipe):
    step = Step(TrainingSettings("emotion", image_size=32, **RECIPES[recipe]), WEIGHTS, torch.device("cpu"), ALONE)
    outputs, labels = torch.randn(9, 7, generator=torch.Generator().manual_seed(0)), torch.arange(9) % 7
    plain = F.cross_entropy(outputs, labels, reduction="none")
    if recipe == "paper":
        expected = plain * torch.from_numpy(WEIGHTS).float()[labels]
    else:  # nine tenths of the label's own loss, and a tenth of the mean over all classes
        expected = 0.9 * plain - 0.1 * outputs.log_softmax(1).mean(1)
        assert not torch.allclose(expected, plain)
    torch.testing.assert_close(step._loss(outputs, labels), expected)
