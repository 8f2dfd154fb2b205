"""The `embed` command: stage two, on cached features alone."""

import logging
import sys
import time
from pathlib import Path

import click

from embed.sizes import parse_sizes

FAMILIES = ("cake", "av", "cake-norm", "baseline")


class Sizes(click.ParamType):
    """--k as a sorted list of integers."""

    name = "sizes"

    def convert(self, value, param, ctx):
        try:
            return value if isinstance(value, list) else parse_sizes(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Names(click.ParamType):
    """Names separated by commas, each one of the known where there are known ones."""

    name = "names"

    def __init__(self, known=()):
        self.known = known

    def convert(self, value, param, ctx):
        names = list(value) if isinstance(value, (list, tuple)) else [name.strip() for name in value.split(",")]
        for name in names:
            if self.known and name not in self.known:
                self.fail(f"{name!r} is unknown; known are {', '.join(self.known)}", param, ctx)
        return names


@click.group()
def main():
    """Stage two: trains CAKE-k, AV, AVk and baseline heads on cached features, all sizes and all runs together."""
    logging.basicConfig(format="%(message)s", stream=sys.stderr, level=logging.INFO)


@main.command()
@click.option("--workdir", type=click.Path(path_type=Path), default=".", envvar="CAKE_WORKDIR", show_default=True,
              help="Working folder; features/ is read there, results/ written.")
@click.option("--k", "sizes", type=Sizes(), default="1..512:log", show_default=True,
              help="Learned dimensions: 3, or 1,2,3,8, or 1..512, or 1..512:log.")
@click.option("--family", "families", type=Names(FAMILIES), default="cake,av", show_default=True,
              help="Families trained for these k. What Tables 1-3 need is always trained beside them.")
@click.option("--runs", type=click.IntRange(1), default=10, show_default=True, help="Initialisations of each head.")
@click.option("--datasets", type=Names(), help="Caches in features/ to train on together.  [default: every labelled one]")
@click.option("--results", type=click.Path(path_type=Path), help="Results file.  [default: WORKDIR/results/runs.h5]")
@click.option("--seed", type=int, default=0, show_default=True)
def sweep(workdir, sizes, families, runs, datasets, results, seed):
    """Train all heads of a sweep and write their confusion counts to results/runs.h5.

    Heads already there are kept; the same call again does only what is missing."""
    if families == ["cake"] and 0 in sizes:
        raise click.BadParameter("cake needs at least one dimension, k = 0 is for av", param_hint="--k")
    results = results or workdir / "results" / "runs.h5"
    try:
        _sweep(_caches(workdir, datasets), results, sizes, families, runs, seed)
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(results)


def _caches(workdir, datasets):
    from embed.domains import is_labelled

    folder = workdir / "features"
    if datasets:
        return [folder / f"{name}.h5" for name in datasets]
    found = [path for path in sorted(folder.glob("*.h5")) if is_labelled(path)]
    if not found:
        raise FileNotFoundError(f"{folder} holds no labelled feature cache; make one with `extract run --dataset NAME`")
    return found


def _sweep(paths, results, sizes, families, runs, seed):
    from embed.settings import Settings
    from embed.sweep import blocks, sweep

    begun, trained = time.monotonic(), 0
    todo = sum(map(len, blocks(sizes, families, runs, predicts=True)))
    with click.progressbar(length=1000, label=f"training up to {todo} heads", file=sys.stderr, show_eta=True) as bar:
        share = 0.0

        def progress(steps, total, heads):
            nonlocal share, trained
            before, share = int(share), share + 1000 * steps / total * heads / todo
            trained += steps / total * heads
            bar.update(int(share) - before)

        outcome = sweep(paths, results, sizes=sizes, families=families, runs=runs, settings=Settings(seed=seed), progress=progress)
        bar.update(1000)
    failed = sum(bool(one.failure) for one in outcome.outcomes.values())
    click.echo(f"{round(trained)} heads trained in {time.monotonic() - begun:.1f} s, {len(outcome.outcomes)} in the file"
               + (f", {failed} of them diverged" if failed else ""), err=True)


if __name__ == "__main__":
    main()
