"""The `evaluate` command: what the runs say, beside the paper."""

import contextlib
from pathlib import Path

import click

from data.runtime.failures import Refused


@click.group()
def main():
    """Turns results/runs.h5 into the paper's tables and figures, its numbers beside ours, and into one page to read.

    Tables need the results file alone; figures and the page also show what is in the feature caches that were swept."""


def _located(command):
    """The options that say where results lie."""
    for option in (
        click.option("--results", type=click.Path(path_type=Path), help="[default: WORKDIR/results/runs.h5]"),
        click.option(
            "--workdir", type=click.Path(path_type=Path), default=".", envvar="CAKE_WORKDIR", show_default=True
        ),
    ):
        command = option(command)
    return command


@contextlib.contextmanager
def _told():
    """Expected failures as one line and exit code 1."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _runs(workdir, results):
    """(Runs, folder they lie in)."""
    from data.files.runs import read_runs

    path = results or workdir / "results" / "runs.h5"
    runs = read_runs(path, partly=True)
    if not runs.outcomes:
        raise Refused(f"{path} holds no head; run `embed sweep` first")
    return runs, path.parent


def _samples(workdir, runs):
    """Test rows by data set and the reasons of those that are not at hand, which are told."""
    from evaluate.samples import read_samples

    found, gaps = read_samples(runs, workdir / "features")
    for name, reason in gaps.items():
        click.echo(f"{name}: {reason}; what needs its rows is left out", err=True)
    return found, gaps


@main.command()
@_located
def tables(workdir, results):
    """Print Tables 1 to 3, the paper's claims and Section 2.1, and write them as text, Markdown, LaTeX and CSV beside
    the results file, in tables/."""
    with _told():
        runs, folder = _runs(workdir, results)
        click.echo(write_tables(runs, folder / "tables"))
    click.echo(f"written to {folder / 'tables'}", err=True)


# Table 1 is followed by its multi-domain summary, Table 2 by our scores under every convention.
FILES = {
    "table1": ("table1", "multi_domain"),
    "differences": ("differences",),
    "claims": ("claims",),
    "table2": ("table2", "conventions"),
    "table3": ("table3",),
    "section2_1": ("section2_1",),
}


def write_tables(runs, folder):
    """Write every table in every format; returns the text of all."""
    from data.files.publish import publish_text
    from evaluate.tables.formats import as_csv, as_latex, as_markdown, as_text
    from evaluate.tables.paper_tables import all_tables

    made = {table.name: table for table in all_tables(runs)}
    for name, parts in FILES.items():
        own = [made[part] for part in parts]
        publish_text(folder / f"{name}.txt", "\n".join(map(as_text, own)))
        publish_text(folder / f"{name}.md", "\n".join(map(as_markdown, own)))
        publish_text(folder / f"{name}.tex", "\n".join(map(as_latex, own)))
        publish_text(folder / f"{name}.csv", as_csv(own))
    return "\n".join(map(as_text, made.values()))


@main.command()
@_located
def figures(workdir, results):
    """Draw Figures 1, 2, 4 and 5 and the matrices as PNG, SVG and PDF, their numbers as CSV and captions, in figures/
    beside the results file."""
    with _told():
        from data.files.publish import publish_text
        from evaluate.figures.paper_figures import all_plates
        from evaluate.figures.plate import drawing, publish_figure
        from evaluate.representations import TOY
        from evaluate.tables.formats import plate_csv

        runs, folder = _runs(workdir, results)
        samples, _ = _samples(workdir, runs)
        with drawing():
            plates = all_plates(runs, samples)
            for plate in plates:
                if plate.figure is None:
                    click.echo(f"{plate.name}: not drawn. {plate.caption}", err=True)
                    continue
                publish_figure(plate.figure, folder / "figures", plate.name)
                publish_text(folder / "figures" / f"{plate.name}.csv", plate_csv(plate, toy=runs.toy))
                click.echo(folder / "figures" / f"{plate.name}.png")
        publish_text(
            folder / "figures" / "captions.txt",
            "\n\n".join(f"{TOY * runs.toy}{plate.title}. {plate.caption}" for plate in plates) + "\n",
        )


@main.command()
@_located
def report(workdir, results):
    """Write one self-contained HTML page with all tables and figures, and a CSV beside it for each, in report/ beside
    the results file."""
    with _told():
        from evaluate.page.report import write_report

        runs, folder = _runs(workdir, results)
        click.echo(write_report(runs, *_samples(workdir, runs), folder / "report"))


if __name__ == "__main__":
    main()
