"""The `embed` command: stage two, on cached features alone."""

import logging
import sys
import time
from pathlib import Path

import click

from data.files.made_by import commands
from data.networks import features_of, results_of
from data.runtime import plugins
from data.runtime.commands import expected_failures, version_option
from embed.head_commands import apply, export
from embed.sizes import parse_sizes
from embed.training_options import (
    IMPORT,
    NETWORK,
    NETWORKS,
    TRAINING,
    Names,
    Parsed,
    family,
    options,
    refuse_too_small,
    targets_of,
)


@click.group()
@version_option()
@expected_failures
def main():
    """Stage two: trains CAKE-k, AV, AVk and baseline heads on cached features, all sizes and all runs together."""
    plugins.load()
    logging.basicConfig(format="%(message)s", stream=sys.stderr, level=logging.INFO)


for command in (apply, export):
    main.add_command(command)


@main.command()
@click.option(
    "--k",
    "sizes",
    type=Parsed("sizes", parse_sizes),
    help="Learned dimensions: 3, or 1,2,3,8, or 1..512, or 1..512:log.  [default: 1..F:log for features "
    "of F dimensions]",
)
@click.option(
    "--family",
    "families",
    type=Names(family),
    default="cake,av",
    show_default=True,
    help="Families trained for these k. What Tables 1-3 need is always trained beside them.",
)
@click.option("--runs", type=click.IntRange(1), default=10, show_default=True, help="Initialisations of each head.")
@click.option(
    "--keep-weights",
    is_flag=True,
    help="Keep the weights of every head (2 KB for each of its dimensions), not of the small ones alone.",
)
@options(*TRAINING, NETWORKS)
@expected_failures
def sweep(sizes, families, runs, keep_weights, workdir, datasets, results, networks, penalty, **settings):
    """Train all heads of a sweep and write their confusion counts to results/runs.h5.

    Heads already there are kept; the same call again does only what is missing. Started by torchrun, several processes
    share the work: torchrun --nproc-per-node 2 -m embed.cli sweep"""
    if sizes:
        refuse_too_small(sizes, families)
    targets = targets_of(workdir, results, networks)
    target = next(iter(targets.values()))
    from data.runtime.ranks import joined
    from embed.sweep import Request

    try:
        with joined() as ranks:
            settings, place = ranks.together(lambda: _settings(ranks, penalty=penalty, **settings))
            request = Request(sizes, families, runs, keep_weights, choose_penalty=penalty is None)
            paths = ranks.together(lambda: {name: _caches(features_of(workdir, name), datasets) for name in targets})
            for name, target in targets.items():
                said = _sweep(paths[name], target, request, settings, place)
                if ranks.first:
                    click.echo(said, err=True)
                    click.echo(target)
    except KeyboardInterrupt as stopped:
        stopped.args = (_kept(target),)
        raise


@main.command()
@click.option("--runs", type=click.IntRange(2), default=10, show_default=True, help="Initialisations of each head.")
@options(*TRAINING, NETWORK)
@expected_failures
def study(runs, workdir, datasets, results, network, penalty, **settings):
    """Train the heads of the tables three and ten times as long, and at a third and three times of the rate, into
    study/ beside the results: `evaluate tables` and the report then show whether the numbers depend on it.

    Takes sixteen times as long as these heads in a sweep. Stopped and called again, it does what is missing."""
    results = results or results_of(workdir, network)
    from data.runtime.progress import shown
    from data.runtime.ranks import joined
    from embed.study import sizes_for
    from embed.study import study as variants
    from embed.sweep import Request

    with joined() as ranks:
        settings, place = ranks.together(lambda: _settings(ranks, penalty=penalty, **settings))
        paths = ranks.together(lambda: _caches(features_of(workdir, network), datasets))
        request = Request(
            ranks.together(lambda: sizes_for(paths)), ["cake", "av"], runs, choose_penalty=penalty is None
        )
        watched = lambda name: shown(f"training, {name}", "heads", quiet=not ranks.first)
        for target, _ in variants(paths, results, request, settings, place=place, watched=watched):
            if ranks.first:
                click.echo(target)


def _kept(results):
    """What an interrupt says."""
    if results.exists():
        return f"finished blocks are kept in {results}, and the same command goes on from there"
    return "nothing is kept yet, since the first block of heads was not finished"


def _settings(ranks, *, penalty, device, memory, **settings):
    import torch

    from data.runtime.device import choose_device, feature_memory, refuse_precision, use_own_cpus
    from embed.settings import HeadSettings
    from embed.sweep import Place

    use_own_cpus()
    device = choose_device(device, ranks)
    refuse_precision(settings["precision"], device)
    memory = feature_memory(device) if memory is None else memory
    return HeadSettings(penalty=penalty or 0.0, **settings), Place(device, memory, torch.get_num_threads(), ranks)


def _caches(folder, datasets):
    from embed.rows.feature_caches import is_labelled

    there = sorted(folder.glob("[!.]*.h5"))  # what a system puts beside a file, such as ._a.h5, begins with a dot
    if datasets:
        return [_cache(folder / f"{name}.h5", there) for name in datasets]
    found = [path for path in there if is_labelled(path)]
    if not found:
        made = commands(folder / "NAME.h5", ["features"])
        raise FileNotFoundError(f"{folder} holds no labelled feature cache; make one with {made}")
    return found


def _cache(path, there):
    """The path, where it is there."""
    if path not in there:
        others = f"; there are {', '.join(each.stem for each in there)}" if there else ""
        raise FileNotFoundError(f"{path} is missing{others}; make it with {commands(path, ['features'])}")
    return path


def _sweep(paths, results, request, settings, place):
    """The line that sums up what was done."""
    from data.runtime.progress import in_short, shown
    from embed.sweep import sweep

    begun = time.monotonic()
    with shown("training", "heads", quiet=not place.ranks.first) as progress:
        found, work = sweep(paths, results, request, settings, place=place, progress=progress)
    seconds = time.monotonic() - begun
    failed = sum(bool(one.failure) for one in found.outcomes.values())
    timed = f" in {seconds:,.1f} s ({in_short(work.flop / seconds / 1e9)} GFLOP/s)" if work.heads else ""
    return f"{round(work.heads):,} heads trained{timed}, {len(found.outcomes):,} in the file" + (
        f", {failed} of them diverged" if failed else ""
    )


@main.command("import")
@click.argument("source", type=click.Path(path_type=Path), metavar="FILE")
@options(*IMPORT)
@expected_failures
def import_(source, name, classes, workdir):
    """Make feature caches of any other network's features, one for each value of the column domain.

    FILE is .npz, .npy with a .csv beside it, .parquet or .csv, with split, label and the features of each row."""
    from data.frames.imported_caches import import_features

    caches, notes = import_features(source, name, workdir, classes)
    for cache, already in caches:
        click.echo(f"{'there already: ' if already else ''}{cache}", err=True)
        click.echo(cache.path)
    click.echo("\n".join(notes), err=True)


if __name__ == "__main__":
    main()
