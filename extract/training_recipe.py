"""Options of a training beyond its rows and length: the network, its loss, and what it starts from."""

from pathlib import Path

import click

from data.architecture import COVARIANCE, MOST_REPRESENTATION, POOLINGS, REPRESENTATION, Architecture
from extract.options import Finite

NEIGHBOURS, LOCALITY = 20, 0.003  # Li, Deng and Du 2017
FRESH = ("scratch", "imagenet")

# Fields of TrainingSettings, by the name of the recipe; what a recipe leaves out is as it stands there. What each part
# gives: `python -m tests.benchmarks.recipe`, docs/training.md.
_STANDARD = {
    "rate": 2e-3,
    "batch": 64,
    "dropout": 0.0,
    "class_weights": False,
    "label_smoothing": 0.1,
    "flip": 0.5,
    "cutout": 0.5,
    "grey": 0.2,
}
RECIPES = {
    "standard": _STANDARD,
    "wide": {**_STANDARD, "rotation": 10.0, "scale": 0.15, "shift": 0.08},
    # class weights, dropout and a cutout in every image are the paper's, the other numbers are not told there
    "paper": {"rate": 1e-3, "batch": 128},
}
STANDARD = "standard"


def _default(field):
    """What --help says of an option whose default is the recipe's."""
    other = [name for name in RECIPES if RECIPES[name][field] != RECIPES[STANDARD][field]]
    told = [f"{RECIPES[STANDARD][field]:g}", *(f"{RECIPES[name][field]:g} with --recipe {name}" for name in other)]
    return f"[default: {', '.join(told)}]"


class Initial(click.ParamType):
    """One of FRESH, or the Path of a checkpoint."""

    name = "initial"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str | Path:
        """Which it is. Fails for what is neither."""
        if value in FRESH:
            return value
        if not Path(value).is_file():
            self.fail(f"{str(value)!r} is no file; expected {', '.join(FRESH)} or the file of a checkpoint", param, ctx)
        return Path(value)


RECIPE = (
    click.option(
        "--recipe",
        type=click.Choice(list(RECIPES)),
        default=STANDARD,
        show_default=True,
        help="Augmentation, loss, dropout, batch and rate: made for scores; the same with wider views, for faces that "
        "are framed in several ways; or as far as the paper tells.",
    ),
    click.option(
        "--batch",
        type=click.IntRange(2),  # the statistics of batch normalisation are over at least two images
        help=f"Images of a step.  {_default('batch')}",
    ),
    click.option("--rate", type=Finite(0, min_open=True), help=f"Peak learning rate, above 0.  {_default('rate')}"),
    click.option(
        "--backbone",
        default=Architecture.backbone,
        show_default=True,
        metavar="NAME",
        help="A classifier of torchvision.models that ends in a linear layer: resnet34, vgg11_bn, convnext_tiny ...",
    ),
    click.option("--pooling", type=click.Choice(POOLINGS), default=Architecture.pooling, show_default=True),
    click.option(
        "--representation",
        type=click.IntRange(1, MOST_REPRESENTATION),
        help=f"Numbers that covariance pooling gives.  [default: {REPRESENTATION}]",
    ),
    click.option(
        "--mirrored",
        is_flag=True,
        help="Features are the mean of those of a crop and of its mirror image, in twice the time of `extract run`. "
        "Training is the same.",
    ),
    click.option(
        "--loss",
        type=click.Choice(["cross-entropy", "locality-preserving"]),
        help="Of --task emotion; the second also draws features to their nearest neighbours of their class.  "
        "[default: cross-entropy]",
    ),
    click.option(
        "--neighbours",
        type=click.IntRange(1),
        help=f"Of --loss locality-preserving: how many of the batch.  [default: {NEIGHBOURS}]",
    ),
    click.option(
        "--locality",
        type=Finite(0, min_open=True),
        help=f"Of --loss locality-preserving: its weight beside the cross entropy.  [default: {LOCALITY}]",
    ),
    click.option(
        "--init",
        type=Initial(),
        metavar="scratch|imagenet|FILE.pt",
        default="scratch",
        show_default=True,
        help="Weights to start from; FILE.pt is a checkpoint of another training, whose head is kept where the task is "
        "the same.",
    ),
    click.option(
        "--frozen-epochs",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        help="With --init: the first epochs, in which the head alone is trained.",
    ),
    click.option(
        "--layer-decay",
        type=Finite(0, 1, min_open=True),
        default=1.0,
        show_default=True,
        help="With --init: learning rate of each stage of the network over that of the next one, from the head down.",
    ),
)


def settings_of(
    recipe: str, loss: str | None, neighbours: int | None, locality: float | None, **settings: object
) -> dict:
    """The fields of TrainingSettings that the options of `extract train` ask for. Raises click.UsageError where they do
    not go together."""
    _refuse_idle(loss, neighbours, locality, **settings)
    if loss == "locality-preserving":
        settings |= {"neighbours": neighbours or NEIGHBOURS, "locality": locality or LOCALITY}
    asked = {name: settings.pop(name) for name in ("batch", "rate")}
    return {**RECIPES[recipe], **settings, **{name: value for name, value in asked.items() if value is not None}}


def _refuse_idle(loss, neighbours, locality, *, task, init, frozen_epochs, layer_decay, pooling, **others):
    """Refuse an option that would change nothing, and a frozen trunk whose pooling has not learned yet."""
    if loss and task != "emotion":
        raise click.UsageError(f"--loss is for --task emotion; {task} is trained by its squared error")
    for option, value in (("--neighbours", neighbours), ("--locality", locality)):
        if value is not None and loss != "locality-preserving":
            raise click.UsageError(f"{option} is for --loss locality-preserving; add it, or leave {option} out")
    for option, idle in (("--frozen-epochs", frozen_epochs == 0), ("--layer-decay", layer_decay == 1)):
        if init == "scratch" and not idle:
            raise click.UsageError(f"{option} is for a trained network; add --init imagenet or --init FILE.pt")
    if frozen_epochs and init == "imagenet" and pooling == COVARIANCE:
        raise click.UsageError("--frozen-epochs would freeze covariance pooling as drawn; ImageNet's weights have none")
