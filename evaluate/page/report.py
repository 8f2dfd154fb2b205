"""One HTML page with every table and figure in reading order, and its numbers in CSVs beside it.

It opens from disk and asks the network for nothing: style, script, figures and samples are within it."""

import html
import re
from importlib import resources
from string import Template

from data.files.publish import publish_text
from evaluate.figures.palette import FAINT, INK, PAPER
from evaluate.figures.plate import Plate, as_svg, drawing
from evaluate.page.sections import sections
from evaluate.reference import display, in_order
from evaluate.representations import TOY
from evaluate.tables.formats import as_csv, as_html, badged, plate_csv

TITLE = "Compact representations of emotion: what the runs say"
WIDE = ("figure5", "confusion")  # too wide for a telephone: these scroll there


def write_report(runs, samples, gaps, folder):
    """Write report.html and a CSV for each table and plate into `folder`; returns the page's path."""
    with drawing():
        parts = sections(runs, samples, gaps)
        body = "\n".join(_section(part, runs.toy) for part in parts)
    for item in (item for part in parts for item in part.items):
        if isinstance(item, Plate):
            publish_text(folder / f"{item.name}.csv", plate_csv(item, toy=runs.toy))
        else:
            publish_text(folder / f"{item.name}.csv", as_csv([item]))
    path = folder / "report.html"
    publish_text(path, _page(runs, parts, body))
    return path


def _section(part, toy):
    summary = "".join(
        f"<li>{html.escape(claim)}: <b>{html.escape(said)}</b>{f' ({float(points):+.1f})' if points else ''}</li>"
        for claim, said, points in part.answers
    )
    return (
        f'<section id="{part.anchor}"><h2>{html.escape(part.title)}</h2>\n<p>{html.escape(part.text)}</p>\n'
        + (f"<ol class=answers>{summary}</ol>\n" if summary else "")
        + _items(part.items, toy)
        + "</section>"
    )


def _items(items, toy):
    """The tables and plates of a section; where all of several are missing, one sentence that says so."""
    missing = [_reason(item) for item in items]
    if len(items) > 1 and all(missing):
        names = "; ".join(item.title.removeprefix(TOY) for item in items)
        return f'<p class="gap"><b>Not shown:</b> {html.escape(names)}. {html.escape(missing[0])}</p>'
    return "\n".join(
        _gap(item, reason) if reason else _plate(item, toy) if isinstance(item, Plate) else as_html(item)
        for item, reason in zip(items, missing)
    )


def _reason(item):
    """Why a table or plate cannot be shown, as a sentence; empty where it can."""
    if isinstance(item, Plate):
        return item.caption if item.figure is None else ""
    return "" if item.rows else "; ".join(item.notes) + "."


def _gap(item, reason):
    return f'<p class="gap" id="{item.name}"><b>{badged(item.title)}.</b> {html.escape(reason)}</p>'


def _plate(plate, toy):
    drawn = plate.figure if isinstance(plate.figure, str) else inline(as_svg(plate.figure), plate)
    wide = " wide" * (plate.name in WIDE)
    return (
        f'<figure class="plate{wide}" id="{plate.name}"><div class="scroll">{drawn}</div><figcaption>'
        f"<b>{badged(TOY * toy + plate.title)}.</b> {html.escape(plate.caption)} <a "
        f'href="{plate.name}.csv">CSV</a></figcaption></figure>'
    )


def inline(svg, plate):
    """A matplotlib SVG as an element of the page: no prologue, ids of its own, ink and ground in the page's colours."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = re.sub(r'\bid="', f'id="{plate.name}-', svg)
    svg = re.sub(r"url\(#", f"url(#{plate.name}-", svg)
    svg = re.sub(r'href="#', f'href="#{plate.name}-', svg)
    for colour, name in ((INK, "ink"), (FAINT, "soft"), (PAPER, "ground")):
        svg = svg.replace(colour, f"var(--{name})")
    points = float(re.search(r'width="([\d.]+)pt"', svg)[1])
    svg = re.sub(
        r'(<svg[^>]*?) width="[\d.]+pt"', r"\1", re.sub(r'(<svg[^>]*?) height="[\d.]+pt"', r"\1", svg, count=1), count=1
    )
    return svg.replace(
        "<svg", f'<svg role="img" aria-label="{html.escape(plate.title)}" style="max-width:{1.9 * points:.0f}px"', 1
    )


def _page(runs, parts, body):
    page = resources.files("evaluate.page")
    read = lambda name: (page / name).read_text(encoding="utf-8")
    contents = "".join(f'<li><a href="#{part.anchor}">{html.escape(part.title)}</a></li>' for part in parts)
    return Template(read("page.html")).substitute(
        title="Toy data. " * runs.toy + TITLE,
        css=read("page.css"),
        script=read("view.js"),
        contents=contents,
        lead=_lead(runs),
        body=body,
        foot=_foot(runs),
    )


def _lead(runs):
    toy = (
        '<p class="toy">TOY DATA, no measure of anything real: drawn faces, made to try the pipeline.</p>'
        if runs.toy
        else ""
    )
    names = ", ".join(
        f"{display(name)} ({len(runs.tests[name].emotion):,} test images)" for name in in_order(runs.tests)
    )
    count = len({head.run for head in runs.outcomes})
    often = f"over {count} initialisations each at most" if count > 1 else "with a single initialisation"
    return (
        f"{toy}<p>How many numbers does it take to say what emotion a face shows? Kervadec, Vielzeuf, Pateux, "
        "Lechervy and Jurie (2018) "
        "answer three, and call them CAKE. This page sets their tables and figures beside what "
        f"{len(runs.outcomes):,} classifiers trained "
        f"here say on {html.escape(names)}, {often}. Scores are in percent unless a table says otherwise. Every "
        "number can be found in the "
        "CSV linked beside it.</p>"
    )


def _foot(runs):
    code = html.escape(str(runs.provenance.get("code_version", "unknown")))
    return f"Results by code {code}. Numbers of the paper: hal-01849908v1.{' Toy data.' if runs.toy else ''}"
