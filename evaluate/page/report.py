"""One HTML page with every table and figure in reading order, and its numbers in CSVs beside it.

It opens from disk and asks the network for nothing: style, script, figures and samples are within it."""

from importlib import resources
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from data.files.publish import publish_text
from data.files.runs import Runs
from evaluate.figures.plate import Plate, drawing
from evaluate.page.items import shown
from evaluate.page.sections import Section, sections
from evaluate.records import as_csv
from evaluate.reference import display, in_order
from evaluate.tables.notes import other_classes
from evaluate.tables.table import Table

TITLE = "Compact representations of emotion: what the runs say"


def write_report(runs: Runs, samples: dict, gaps: dict, folder: Path, studied: dict | None = None) -> Path:
    """Write report.html and a CSV for each table and plate into `folder`; returns the page's path."""
    with drawing():
        parts = sections(runs, samples, gaps, studied)
        page = _page(runs, parts)
    for item in (item for part in parts for item in part.items):
        publish_text(folder / f"{item.name}.csv", as_csv(_records(item, runs)))
    path = folder / "report.html"
    publish_text(path, page)
    return path


def _records(item: Table | Plate, runs: Runs) -> list[dict]:
    records = item.told(toy=runs.toy) if isinstance(item, Plate) else item.records
    return [{**record, "results": runs.source} for record in records]


def _page(runs: Runs, parts: list[Section]) -> str:
    count = len({head.run for head in runs.outcomes})
    return rendered(
        "page.html",
        title="Toy data. " * runs.toy + TITLE,
        toy=runs.toy,
        heads=f"{len(runs.outcomes):,}",
        data_sets=", ".join(_data_set(runs, name) for name in in_order(runs.tests)),
        often=f"over {count} initialisations each at most" if count > 1 else "with a single initialisation",
        sections=[_section(part, runs.toy) for part in parts],
        classes=next(other_classes(runs), ""),
        source=runs.source,
        code=runs.provenance.get("code_version", "unknown"),
    )


def rendered(template: str, **values: object) -> str:
    """A page by one of the templates that extend frame.html, with the style and the script of all pages in it."""
    own = {"css": _own_file("page.css"), "script": _own_file("view.js")}
    return templates().get_template(template).render(**values, **own)


def templates() -> Environment:
    """The page's templates: whatever they are given is escaped, and nothing they ask for may be missing."""
    environment = Environment(
        loader=PackageLoader("evaluate.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    return environment


def _own_file(name: str) -> str:
    return (resources.files("evaluate.page") / name).read_text(encoding="utf-8")


def _data_set(runs: Runs, name: str) -> str:
    return f"{display(name)} ({len(runs.tests[name].emotion):,} test images)"


def _section(part: Section, toy: bool) -> dict:
    answers = [(claim, said, f"{float(points):+.1f}" if points else "") for claim, said, points in part.answers]
    return {
        "anchor": part.anchor,
        "title": part.title,
        "text": part.text,
        "answers": answers,
        "shown": shown(part.items, toy=toy),
    }
