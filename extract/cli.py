"""The `extract` command: stage one, from photographs to cached features."""

from pathlib import Path

import click

from data.networks import backbone_of, checkpoints_of, features_of
from data.runtime import plugins
from data.runtime.commands import expected_failures, version_option
from data.runtime.failures import Refused
from data.runtime.progress import bar, say
from data.runtime.ranks import joined, own_cpus
from data.shipped_model import SHIPPED
from extract import stages
from extract.emotions_command import emotions
from extract.file_commands import info, show, verify
from extract.options import (
    DEVICE,
    HOLD_OUT,
    NETWORK,
    PRECISION,
    RULE,
    SEED,
    WORKDIR,
    WORKERS,
    Finite,
    PlainName,
    SourceCommand,
    listing_of,
    options,
)
from extract.training_recipe import RECIPE, settings_of


@click.group()
@version_option()
@expected_failures
def main():
    """Stage one: finds and aligns faces, trains a network, and writes its features once and for all."""
    plugins.load()


for command in (emotions, info, verify, show):
    main.add_command(command)


@main.command()
@WORKDIR
@SEED
@click.option(
    "--size", type=click.IntRange(70), default=2100, show_default=True, help="Training images of the largest domain."
)
@click.option(
    "--dominance",
    type=Finite(0),
    default=1.0,
    show_default=True,
    help="Strength of the third factor, which alone separates anger from fear; 0 is the control.",
)
@expected_failures
def toy(workdir, seed, size, dominance):
    """Draw the toy corpus: made-up faces in the real layouts of AffectNet, RAF-DB and SFEW, in WORKDIR/toy/."""
    from extract.toy.toy_corpus import count_of, draw

    folder = workdir / "toy"
    with bar(count_of(size), "drawing toy faces") as update:
        made = draw(folder, seed=seed, size=size, dominance=dominance, progress=update)
    if not made:
        say(f"{folder} is there already")
    click.echo(folder)


@main.command(cls=SourceCommand)
@WORKDIR
@WORKERS
@click.option(
    "--pairs",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.csv",
    help="Write every pair of one picture in two splits as a line.",
)
@expected_failures
def check(workdir, workers, pairs, **source):
    """Audit a data set: layout, counts beside the official ones, broken files, identical and near-identical images
    across splits."""
    from data.files.publish import publish
    from data.readers import registry
    from data.runtime.machine import available_cpus
    from extract.audit.audit import audit, render
    from extract.audit.leakage import write_csv

    listing = listing_of(workdir, **source)
    with bar(len(listing.samples), "reading images") as update:
        found = audit(listing, registry.official(listing), workers=workers or available_cpus(), progress=update)
    click.echo(render(found))
    if pairs:
        publish(pairs, lambda temporary: write_csv(found.pairs, found.places, temporary))
    if missing := len(found.troubles.get("missing", ())):
        raise Refused(f"{missing:,} of the listed images missing below {listing.root}; --root names another folder")


@main.command(cls=SourceCommand)
@WORKDIR
@options(*RULE)
@expected_failures
def align(workdir, landmarks, detector, undetected, faces, workers, **source):
    """Detect, align and crop every listed image -> aligned/NAME.h5.

    Started by torchrun, several processes share the images: torchrun --nproc-per-node 2 -m extract.cli align"""
    with joined() as ranks:
        alignment = ranks.together(
            lambda: stages.alignment_of(workdir, landmarks, undetected, faces, detector, source, ranks)
        )
        stages.align(alignment, workers, ranks)
    if ranks.first:
        click.echo(alignment.target)


@main.command()
@WORKDIR
@click.option(
    "--dataset",
    "datasets",
    type=PlainName(),
    required=True,
    multiple=True,
    metavar="NAME",
    help="A cache in aligned/; repeat it to train on several together.",
)
@click.option("--task", type=click.Choice(["emotion", "valence-arousal"]), required=True)
@click.option("--epochs", type=click.IntRange(1), default=30, show_default=True)
@click.option("--image-size", type=click.IntRange(32, 224), default=224, show_default=True, help="Smaller is faster.")
@options(*RECIPE)
@HOLD_OUT
@NETWORK
@SEED
@DEVICE
@PRECISION
@expected_failures
def train(workdir, datasets, network, device, precision, **settings):
    """Train a network on the train splits -> checkpoints/TASK.pt and its epoch log.

    Stopped and called again, it goes on after the last finished epoch. Started by torchrun, several processes share
    every batch: torchrun --nproc-per-node 2 -m extract.cli train"""
    from extract.training.backbone_training import TrainingSettings

    if network == SHIPPED:
        raise click.UsageError(f"--network {SHIPPED} is the network that comes with the project; choose another name")
    settings = settings_of(**settings)
    init = settings.pop("init")
    with joined() as ranks:
        device, precision = ranks.together(lambda: stages.place(device, precision, ranks))
        init, initial = ranks.on_first(lambda: stages.initial_of(init))
        settings = TrainingSettings(precision=precision, init=init, **settings)
        path = checkpoints_of(workdir, network) / f"{settings.task}.pt"
        domains = ranks.together(lambda: stages.domains_of(workdir, datasets, settings))
        stages.train(path, domains, settings, device, ranks, initial)
    if ranks.first:
        stages.print_scores(path, domains, settings, device)
        click.echo(path)


@main.command(cls=SourceCommand)
@WORKDIR
@options(*RULE)
@click.option(
    "--views",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Augmented views cached of each training crop beside the plain one; stage two draws one an epoch.",
)
@NETWORK
@DEVICE
@PRECISION
@expected_failures
def run(workdir, landmarks, detector, undetected, faces, workers, views, network, device, precision, **source):
    """Run the networks over every aligned crop -> features/NAME.h5. Aligns first where that is not done.

    --dataset may also be the name of a cache in aligned/. Started by torchrun, several processes share the images:
    torchrun --nproc-per-node 2 -m extract.cli run"""
    name = source["name"] or source["dataset"]
    target = features_of(workdir, network) / f"{name}.h5"
    with joined() as ranks:
        networks, settings = ranks.together(
            lambda: stages.networks_of(workdir, network, device, precision, views, ranks)
        )
        rule = {"landmarks": landmarks, "undetected": undetected, "faces": faces, "detector": detector}
        alignment = ranks.together(lambda: stages.alignment_for_run(workdir, rule, source, ranks))
        if alignment:
            stages.align_for(alignment, target, networks, settings, workers or own_cpus(), ranks)
        stages.run(ranks.together(lambda: stages.aligned_cache(workdir, name)), target, networks, settings, ranks)
    if ranks.first:
        click.echo(target)


@main.command()
@WORKDIR
@NETWORK
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.onnx",
    help="[default: WORKDIR/exports/backbone.onnx]",
)
@click.option("--half", is_flag=True, help="Keep weights in half precision: half of the size; computed in float32.")
@click.option(
    "--quantize",
    is_flag=True,
    help="Compute in 8-bit integers: a quarter of the size, and faster. Their ranges are taken from training crops in "
    "aligned/.",
)
@expected_failures
def export(workdir, network, output, half, quantize):
    """Write the trained networks as one ONNX file, from aligned crop to features and arousal-valence.

    `embed export` puts a trained head behind it."""
    if half and quantize:
        raise click.UsageError("--half and --quantize are two ways to keep the weights; leave one out")
    target = output or backbone_of(workdir, network)
    networks = stages.trained(workdir, network, "the file gives features alone")
    stages.export(target, networks, workdir, "int8" if quantize else "float16" if half else "float32")
    click.echo(target)


if __name__ == "__main__":
    main()
