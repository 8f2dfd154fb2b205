"""The commands that look into one file: `extract info`, `extract verify` and `extract show`."""

from pathlib import Path

import click

from data.runtime.commands import expected_failures
from extract.options import SEED

FILE = click.argument("file", type=click.Path(path_type=Path))


@click.command()
@FILE
@expected_failures
def info(file):
    """Say what a cache, a results file or a checkpoint holds, what made it, and its digest."""
    from extract.info.files import describe

    click.echo("\n".join(describe(file)))


@click.command()
@FILE
@expected_failures
def verify(file):
    """Read a cache, a results file or a checkpoint whole, and check every digest in it."""
    from extract.info.files import verify as verify_file

    verify_file(file)
    click.echo(f"{file} is whole")


@click.command()
@FILE
@click.option("--split", type=click.Choice(["train", "validation", "test"]), help="[default: the first there is]")
@click.option("--count", type=click.IntRange(1), default=56, show_default=True, help="Pictures on the sheet.")
@click.option(
    "--by",
    type=click.Choice(["class", "try"]),
    default="class",
    show_default=True,
    help="Spread over the classes, or grouped by how the face was found.",
)
@click.option("--undetected", is_flag=True, help="The photographs in which no face was found.")
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    help="With --undetected: where the photographs lie.  [default: where they lay when they were aligned]",
)
@SEED
@click.option("--output", type=click.Path(path_type=Path), help="[default: FILE with the ending .png]")
@expected_failures
def show(file, split, count, by, undetected, root, seed, output):
    """Write a contact sheet (PNG) of aligned crops with their labels: what the network sees."""
    from extract.info import shown
    from extract.info.sheet import write_sheet

    if undetected:
        title, groups = shown.undetected(file, split, root, count=count, seed=seed)
    else:
        title, groups = shown.crops(file, split, by=by, count=count, seed=seed)
    write_sheet(output := output or file.with_suffix(".png"), title, groups)
    click.echo(output)
