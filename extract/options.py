"""Options that several commands of stage one share, and the listing they lead to."""

import functools
from pathlib import Path

import click

DATASETS = ("affectnet", "rafdb", "sfew", "fer2013", "manifest", "folder")
WORKDIR = click.option(
    "--workdir",
    type=click.Path(path_type=Path),
    default=".",
    envvar="CAKE_WORKDIR",
    show_default=True,
    help="Working folder: datasets/, aligned/, checkpoints/, features/ lie there.",
)
DEVICE = click.option("--device", type=click.Choice(["cpu", "cuda", "mps"]), help="[default: the best there is]")
PRECISION = click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16"]),
    help="[default: bfloat16 where the hardware computes in it, else float32]",
)
FILE = click.argument("file", type=click.Path(path_type=Path))
SOURCE = (
    click.option("--dataset", required=True, metavar="NAME", help=f"One of {', '.join(DATASETS)}."),
    click.option(
        "--root", type=click.Path(path_type=Path), help="Where the images lie.  [default: WORKDIR/datasets/NAME]"
    ),
    click.option(
        "--manifest", type=click.Path(path_type=Path), help="With --dataset manifest: CSV with path,emotion,split."
    ),
    click.option("--name", help="Name of the caches, for --dataset manifest or folder.  [default: the data set's]"),
    click.option(
        "--images",
        type=click.Choice(["original", "aligned"]),
        help="RAF-DB and SFEW: which of their images.  [default: original where there]",
    ),
    click.option(
        "--labels", type=click.Choice(["fer2013", "ferplus"]), help="FER2013: whose labels.  [default: fer2013]"
    ),
)
WORKERS = click.option("--workers", type=click.IntRange(1), help="Processes that read images.  [default: one a CPU]")
RULE = (
    click.option(
        "--landmarks",
        type=click.Choice(["detector", "dataset", "none"]),
        help="Align by the detector's landmarks, by the data set's, or not at all (crops from the start).  "
        "[default: detector; none where the data set is made of crops]",
    ),
    click.option(
        "--undetected",
        type=click.Choice(["skip", "whole"]),
        default="skip",
        show_default=True,
        help="Where no face is found: leave the image out, or take the whole of it, marked so.",
    ),
    click.option(
        "--faces", type=click.Choice(["one", "all"]), default="one", show_default=True, help="Crops of one image."
    ),
    WORKERS,
)


_CHOICES = {"images": ("rafdb", "sfew"), "labels": ("fer2013",)}


def options(*several):
    """Several options as one decorator, in this order."""
    return lambda command: functools.reduce(lambda inner, option: option(inner), reversed(several), command)


def listing_of(workdir, dataset, root, manifest, name, **choices):
    """The Listing that the options of SOURCE ask for. Raises click.UsageError where they do not go together."""
    from data.readers import registry

    if dataset == "manifest" and manifest is None:
        raise click.UsageError("--dataset manifest needs --manifest FILE.csv")
    if dataset in ("manifest", "folder") and name is None:
        raise click.UsageError(f"--dataset {dataset} needs --name, which names its caches")
    choices = {option: value for option, value in choices.items() if value}
    for option in choices:
        if dataset not in _CHOICES[option]:
            raise click.UsageError(f"--{option} is for {' and '.join(_CHOICES[option])}, not for {dataset}")
    if dataset == "manifest":
        return registry.read(dataset, root, table=manifest)
    return registry.read(dataset, root or workdir / "datasets" / (name or dataset), **choices)
