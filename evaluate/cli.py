"""The `evaluate` command: what the runs say, beside the paper."""

from pathlib import Path

import click

from data.networks import features_of, results_of
from data.runtime import plugins
from data.runtime.commands import coordinates_option, expected_failures, version_option
from data.runtime.failures import Refused


@click.group()
@version_option()
@expected_failures
def main():
    """Turns results/runs.h5 into the paper's tables and figures, its numbers beside ours, and into one page to read.

    Tables need the results file alone; figures and the page also show what is in the feature caches that were swept."""
    plugins.load()


def _located(command):
    """The options that say where results lie."""
    for option in (
        click.option("--results", type=click.Path(path_type=Path), help="[default: WORKDIR/results/runs.h5]"),
        click.option("--network", metavar="NAME", help="That of one network of several: results/NAME.h5."),
        click.option(
            "--workdir", type=click.Path(path_type=Path), default=".", envvar="CAKE_WORKDIR", show_default=True
        ),
    ):
        command = option(command)
    return command


def _runs(workdir, results, network, raw=False):
    """(Runs, folder for what is made of them); raw: without canonical coordinates."""
    from data.files.runs import folder_of

    path = results or results_of(workdir, network)
    runs = _swept(path)
    return runs.raw() if raw else runs, folder_of(path)


def _swept(path):
    from data.files.runs import read_runs

    runs = read_runs(path, partly=True)
    if not runs.outcomes:
        raise Refused(f"{path} holds no head; run `embed sweep` first")
    return runs


def _samples(workdir, runs):
    """Test rows by data set and the reasons of those that are not at hand, which are told."""
    from evaluate.samples import read_samples

    found, gaps = read_samples(runs, features_of(workdir, runs.provenance.get("network", "")))
    for name, reason in gaps.items():
        click.echo(f"{name}: {reason}; what needs its rows is left out", err=True)
    return found, gaps


@main.command()
@_located
@expected_failures
def tables(workdir, results, network):
    """Print Tables 1 to 3, the paper's claims and Section 2.1, and write them as text, Markdown, LaTeX and CSV into
    tables/, beside results/runs.h5; those of another results/NAME.h5 into NAME/tables/."""
    from evaluate.tables.length import read_studied
    from evaluate.tables.table_files import write_tables

    runs, folder = _runs(workdir, results, network)
    click.echo(write_tables(runs, folder / "tables", read_studied(runs, folder / "study")))
    click.echo(f"written to {folder / 'tables'}", err=True)


@main.command()
@_located
@click.option("--untitled", is_flag=True, help="Without titles in the pictures, for a paper that has captions.")
@coordinates_option()
@expected_failures
def figures(workdir, results, network, untitled, raw):
    """Draw Figures 1, 2, 4 and 5 and the matrices as PNG, SVG and PDF, their numbers as CSV and captions, in figures/
    beside results/runs.h5; those of another results/NAME.h5 in NAME/figures/."""
    from evaluate.figures.figure_files import write_figures

    runs, folder = _runs(workdir, results, network, raw=raw)
    samples, _ = _samples(workdir, runs)
    for plate in write_figures(runs, samples, folder / "figures", titled=not untitled):
        if plate.figure is None:
            click.echo(f"{plate.name}: not drawn. {plate.caption}", err=True)
        else:
            click.echo(folder / "figures" / f"{plate.name}.png")


@main.command()
@_located
@coordinates_option()
@expected_failures
def report(workdir, results, network, raw):
    """Write one self-contained HTML page with all tables and figures, and a CSV beside it for each, in report/ beside
    results/runs.h5; that of another results/NAME.h5 in NAME/report/."""
    from evaluate.page.report import write_report
    from evaluate.tables.length import read_studied

    runs, folder = _runs(workdir, results, network, raw=raw)
    studied = read_studied(runs, folder / "study")
    click.echo(write_report(runs, *_samples(workdir, runs), folder / "report", studied))


@main.command()
@click.argument("results", nargs=-1, required=True)
@click.option("--workdir", type=click.Path(path_type=Path), default=".", envvar="CAKE_WORKDIR", show_default=True)
@expected_failures
def compare(results, workdir):
    """Set two or more results files side by side, such as those of several networks, on the same test rows: what
    differs by more than chance, Table 2 with a row for each, and whether better features make a better CAKE.
    Written to results/compare/NAMES/ as tables and figures are.

    RESULTS: paths, or names of files in results/: evaluate compare runs second"""
    from evaluate.comparison_files import folder_for, write_comparison

    if len(results) < 2:
        raise click.BadParameter("one alone has nothing to be compared with; name two or more", param_hint="RESULTS")
    paths = [Path(each) if each.endswith(".h5") else results_of(workdir, each) for each in results]
    names = [path.stem for path in paths]
    folder = workdir / "results" / "compare" / folder_for(names)
    click.echo(write_comparison([_swept(path) for path in paths], names, folder))
    click.echo(f"written to {folder}", err=True)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@expected_failures
def trace(file):
    """Draw what `extract emotions` wrote into FILE (.csv, .parquet or .jsonl): for each video the emotions over time
    and the path through the representation, a panel for each person; for photographs, how often each emotion is
    predicted. Written beside clip.csv as clip-trace.png, .svg and .pdf, and as one self-contained clip-trace.html."""
    from evaluate.traces.trace_files import figure_of, page_of, write_trace

    for plate in write_trace(file):
        if plate.figure is None:
            click.echo(f"{plate.title}: not drawn. {plate.caption}", err=True)
        else:
            click.echo(figure_of(file, plate))
    click.echo(page_of(file))


if __name__ == "__main__":
    main()
