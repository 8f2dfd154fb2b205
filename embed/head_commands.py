"""The commands that use a trained head: `embed apply` and `embed export`."""

import sys
from pathlib import Path

import click

from data.networks import backbone_of, features_of
from data.runtime.commands import coordinates_option, expected_failures
from embed.training_options import ONE_HEAD, Parsed, kept_results, options, table_path


@click.command()
@click.argument("cache", type=click.Path(path_type=Path))
@options(*ONE_HEAD)
@click.option(
    "--classifier", help="Data set whose classifier names the emotion.  [default: the largest training domain]"
)
@coordinates_option()
@click.option(
    "--output",
    type=Parsed("file", table_path),
    metavar="FILE",
    help="FILE.csv or FILE.parquet, which takes the extra `frames`.  [default: CSV on the screen]",
)
@expected_failures
def apply(cache, workdir, results, network, family, k, run, classifier, raw, output):
    """Label, predicted emotion, coordinates and probabilities of each classifier for every row of a feature cache.

    A folder of photographs takes two commands: extract run --dataset folder, then this."""
    from data.files.runs import read_runs
    from data.frames.named_columns import write, write_csv
    from embed.apply import apply

    runs = read_runs(kept_results(workdir, results, network))
    applied = apply(runs.raw() if raw else runs, cache, family, k, run=run, classifier=classifier)
    if output:
        write(applied.table(), output)
    else:
        write_csv(applied.table(), sys.stdout)
        sys.stdout.flush()  # whoever reads it may have left, which click answers while the command runs
    toy, size = "toy data: " if runs.toy else "", f", k = {k}" if family.projects else ""
    axes = f"; coordinates: {', '.join(applied.names)}" if applied.names else ""
    click.echo(f"{toy}{len(applied.predicted):,} rows by {family.name}{size}, run {run}{axes}", err=True)


@click.command()
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.onnx")
@options(*ONE_HEAD)
@coordinates_option()
@click.option(
    "--backbone",
    type=click.Path(path_type=Path),
    help="What `extract export` wrote.  [default: WORKDIR/exports/backbone.onnx]",
)
@click.option(
    "--classifier",
    help="Data set whose classifier comes first, and so names the emotion where none is asked for.  [default: the "
    "largest training domain]",
)
@click.option(
    "--calibrated",
    is_flag=True,
    help="Logits are divided by the temperature at which rows of features/ that no network has seen are told as surely "
    "as rightly.",
)
@expected_failures
def export(target, workdir, results, network, family, k, run, backbone, calibrated, **how):
    """Write a trained head behind its backbone as one ONNX file: aligned crops to coordinates, probabilities, valence
    and arousal, wherever an ONNX runtime runs."""
    from embed.exported.onnx_head import export

    results, backbone = kept_results(workdir, results, network), backbone or backbone_of(workdir, network)
    features = features_of(workdir, network) if calibrated else None
    export(target, results, backbone, family, k, run=run, calibrated_on=features, **how)
    click.echo(target)
