"""The `evaluate` command: what the runs say, beside the paper."""

from pathlib import Path

import click


@click.group()
def main():
    """Turns results/runs.h5 into the paper's tables, its numbers beside ours.

    Needs nothing but the results file: no image, no network, no feature."""


@main.command()
@click.option("--workdir", type=click.Path(path_type=Path), default=".", envvar="CAKE_WORKDIR", show_default=True)
@click.option("--results", type=click.Path(path_type=Path), help="[default: WORKDIR/results/runs.h5]")
def tables(workdir, results):
    """Print Tables 1 to 3 and write them as text, Markdown, LaTeX and CSV beside the results file, in tables/."""
    from data.runs import read_runs

    results = results or workdir / "results" / "runs.h5"
    try:
        runs = read_runs(results)
        if not runs.outcomes:
            raise ValueError(f"{results} holds no head; run `embed sweep` first")
        click.echo(write_tables(runs, results.parent / "tables"))
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"written to {results.parent / 'tables'}", err=True)


# Table 1 is followed by its multi-domain summary, Table 2 by our scores under every convention.
FILES = {"table1": ("table1", "multi_domain"), "differences": ("differences",), "table2": ("table2", "conventions"), "table3": ("table3",)}


def write_tables(runs, folder):
    """Write every table in every format; returns the text of all."""
    from data.publish import publish_text
    from evaluate.render import as_csv, as_latex, as_markdown, as_text
    from evaluate.tables import all_tables

    made = {table.name: table for table in all_tables(runs)}
    for name, parts in FILES.items():
        own = [made[part] for part in parts]
        publish_text(folder / f"{name}.txt", "\n".join(map(as_text, own)))
        publish_text(folder / f"{name}.md", "\n".join(map(as_markdown, own)))
        publish_text(folder / f"{name}.tex", "\n".join(map(as_latex, own)))
        publish_text(folder / f"{name}.csv", as_csv(own))
    return "\n".join(map(as_text, made.values()))


if __name__ == "__main__":
    main()
