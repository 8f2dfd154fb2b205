"""The `extract` command: stage one, from photographs to cached features."""

import contextlib
import functools
import sys
import warnings
from pathlib import Path

import click

from extract.options import DATASETS, DEVICE, FILE, PRECISION, RULE, SOURCE, WORKDIR, listing_of, options
from extract.progress import bar


@click.group()
def main():
    """Stage one: finds and aligns faces, trains ResNet-18, and writes its 512-d features once and for all."""
    warnings.filterwarnings("ignore", module="PIL")  # broken headers become statuses in the manifest


def say(text):
    """Progress goes to stderr; stdout is for the answer."""
    click.echo(text, err=True)


def expected_failures(command):
    """Turn what may go wrong with a user's files into one line and exit code 1."""

    @functools.wraps(command)
    def wrapped(*arguments, **options):
        try:
            return command(*arguments, **options)
        except (ValueError, OSError, ArithmeticError) as error:
            raise click.ClickException(str(error)) from error

    return wrapped


@main.command()
@WORKDIR
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--size", type=click.IntRange(70), default=2100, show_default=True, help="Training images of the largest domain.")
@click.option("--dominance", type=click.FloatRange(0), default=1.0, show_default=True,
              help="Strength of the third factor, which alone separates anger from fear; 0 is the control.")
@expected_failures
def toy(workdir, seed, size, dominance):
    """Draw the toy corpus: made-up faces in the real layouts of AffectNet, RAF-DB and SFEW, in WORKDIR/toy/."""
    from extract.toy import count_of, draw

    folder = workdir / "toy"
    with bar(count_of(size), "drawing toy faces") as update:
        made = draw(folder, seed=seed, size=size, dominance=dominance, progress=update)
    if not made:
        say(f"{folder} is there already")
    click.echo(folder)


@main.command()
@WORKDIR
@options(*SOURCE)
@expected_failures
def check(workdir, **source):
    """Audit a data set: layout, counts beside the official ones, broken files, identical images across splits."""
    from data import registry
    from extract.check import audit, render

    listing = listing_of(workdir, **source)
    with bar(len(listing.samples), "reading images") as update:
        found = audit(listing, registry.official(listing), progress=update)
    click.echo(render(found))


@main.command()
@WORKDIR
@options(*SOURCE, *RULE)
@expected_failures
def align(workdir, landmarks, undetected, faces, workers, **source):
    """Detect, align and crop every listed image -> aligned/NAME.h5."""
    path = _align(workdir, landmarks, undetected, faces, workers, source)
    click.echo(path)


def _align(workdir, landmarks, undetected, faces, workers, source):
    from data import registry
    from extract import info
    from extract.crops import align as align_listing
    from extract.faces import Rule
    from data.machine import available_cpus

    listing = listing_of(workdir, **source)
    for note in (listing.layout, *listing.notes):
        say(f"{source['dataset']}: {note}")
    path = workdir / "aligned" / f"{source['name'] or source['dataset']}.h5"
    rule = Rule(landmarks or ("none" if listing.aligned else "detector"), undetected, faces)
    with bar(len(listing.samples), f"aligning {path.stem}") as update:
        made = align_listing(listing, path, rule=rule, workers=workers or available_cpus(),
                             official=registry.official(listing), progress=update)
    say("\n".join(info.contents(path)) if made else f"{path} is there already")
    return path


@main.command()
@WORKDIR
@click.option("--dataset", "datasets", required=True, multiple=True, metavar="NAME",
              help="A cache in aligned/; repeat it to train on several together.")
@click.option("--task", type=click.Choice(["emotion", "valence-arousal"]), required=True)
@click.option("--epochs", type=click.IntRange(1), default=30, show_default=True)
@click.option("--image-size", type=click.IntRange(32, 224), default=224, show_default=True, help="Smaller is faster.")
@click.option("--batch", type=click.IntRange(1), default=128, show_default=True)
@click.option("--rate", type=float, default=1e-3, show_default=True, help="Peak learning rate.")
@click.option("--init", type=click.Choice(["scratch", "imagenet"]), default="scratch", show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@DEVICE
@PRECISION
@expected_failures
def train(workdir, datasets, device, precision, **settings):
    """Train ResNet-18 from scratch on the train splits -> checkpoints/TASK.pt and its epoch log.

    Stopped and called again, it goes on after the last finished epoch. Started by torchrun, several processes share every
    batch: torchrun --nproc-per-node 2 -m extract.cli train"""
    from extract.ranks import Stopped, joined
    from extract.train import Settings

    try:
        with joined() as ranks:
            device, precision = ranks.together(lambda: _place(device, precision, ranks))
            settings = Settings(precision=precision, **settings)
            path = workdir / "checkpoints" / f"{settings.task}.pt"
            domains = ranks.together(lambda: _domains(workdir, datasets, settings))
            _train(path, domains, settings, device, ranks)
    except Stopped:
        sys.exit(1)
    if ranks.first:
        _print_scores(path, domains, settings, device)
        click.echo(path)


def _place(device, precision, ranks):
    from extract.device import choose_device, choose_precision, use_own_cpus

    use_own_cpus()
    device = choose_device(device, local=ranks.local)
    if device.type == "mps" and ranks.world > 1:
        raise ValueError("several processes train on cuda or cpu, and torch finds mps here; start one, or add --device cpu")
    return device, precision or choose_precision(device)


def _domains(workdir, datasets, settings):
    from extract.batches import Crops

    paths = {name: _aligned(workdir, name) for name in datasets}
    return {name: tuple(Crops(path, split, settings.image_size) for split in ("train", "test")) for name, path in paths.items()}


def _train(path, domains, settings, device, ranks):
    from extract.rows import rows_of
    from extract.train import train as train_network

    rows = settings.epochs * rows_of(domains, settings.task)
    shown = bar(rows, f"training {settings.task}") if ranks.first else contextlib.nullcontext(lambda rows, text="": None)
    with shown as update:
        log = train_network(path, domains, settings, device=device, ranks=ranks, progress=update)
    if ranks.first and log:
        say(f"{len(log)} epochs, last training loss {log[-1]['loss']:.4f}; log in {path.with_suffix('.csv')}")


def _aligned(workdir, name):
    path = workdir / "aligned" / f"{name}.h5"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; make it with `extract align --dataset {name}`")
    return path


def _print_scores(path, domains, settings, device):
    from extract import checkpoint
    from extract.predict import test_scores

    network = checkpoint.load(path, settings.task).network.to(device)
    for name, (_, crops) in domains.items():
        scores = test_scores(network, crops, settings, device)
        rows = scores.pop("n")
        say(f"{name} test, n = {rows}: {', '.join(f'{score} {value:.3f}' for score, value in scores.items()) or 'nothing to score'}")


@main.command()
@WORKDIR
@options(*SOURCE, *RULE)
@click.option("--views", type=click.IntRange(0), default=0, show_default=True,
              help="Augmented views cached of each training crop beside the plain one; stage two draws one an epoch.")
@DEVICE
@PRECISION
@expected_failures
def run(workdir, landmarks, undetected, faces, workers, views, device, precision, **source):
    """Run the networks over every aligned crop -> features/NAME.h5. Aligns first where that is not done.

    --dataset may also be the name of a cache in aligned/."""
    from extract import checkpoint, info
    from extract.device import choose_device, choose_precision
    from extract.run import run as run_networks

    name = source["name"] or source["dataset"]
    emotion = checkpoint.load(workdir / "checkpoints" / "emotion.pt", "emotion")
    regression = workdir / "checkpoints" / "valence-arousal.pt"
    regression = checkpoint.load(regression, "valence-arousal") if regression.exists() else None
    if regression is None:
        say("no checkpoints/valence-arousal.pt: the features come without predicted arousal-valence")
    if source["dataset"] in DATASETS:
        aligned = _align(workdir, landmarks, undetected, faces, workers, source)
    else:
        aligned = _aligned(workdir, name)
    device = choose_device(device)
    target = workdir / "features" / f"{name}.h5"
    with bar(info.crops_in(aligned), f"features of {name}") as update:
        made = run_networks(aligned, target, emotion=emotion, valence_arousal=regression, device=device,
                            precision=precision or choose_precision(device), views=views, progress=update)
    say("\n".join(info.contents(target)) if made else f"{target} is there already")
    click.echo(target)


@main.command()
@FILE
@expected_failures
def info(file):
    """Say what a cache holds, what made it, and its content digest."""
    from extract.info import describe

    click.echo("\n".join(describe(file)))


@main.command()
@FILE
@expected_failures
def verify(file):
    """Check every digest of a cache."""
    from extract.info import verify as verify_file

    verify_file(file)
    click.echo(f"{file} is whole")


@main.command()
@FILE
@click.option("--split", type=click.Choice(["train", "validation", "test"]), default="train", show_default=True)
@click.option("--count", type=click.IntRange(1), default=56, show_default=True, help="Crops on the sheet.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="[default: FILE with the ending .png]")
@expected_failures
def show(file, split, count, seed, output):
    """Write a contact sheet (PNG) of aligned crops with their labels: what the network sees."""
    from extract.sheet import write_sheet

    output = output or file.with_suffix(".png")
    write_sheet(file, output, split=split, count=count, seed=seed)
    click.echo(output)


if __name__ == "__main__":
    main()
