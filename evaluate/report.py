"""One HTML page with every table and figure in reading order; it opens from disk, asks the network for nothing, and has its numbers in CSVs beside it."""

import html
import re
from dataclasses import dataclass, field
from importlib import resources
from string import Template

import numpy as np

from data.publish import publish_text
from evaluate.agreement import annotation_quality
from evaluate.dimensions import linear_reading, third_dimension
from evaluate.figures import all_plates
from evaluate.origin import origin
from evaluate.palette import FAINT, INK, PAPER
from evaluate.plate import Plate, as_svg, drawing
from evaluate.reference import display, in_order
from evaluate.regression import regression
from evaluate.render import as_csv, as_html, badged, records_csv
from evaluate.stability import stability
from evaluate.table import TOY
from evaluate.tables import all_tables
from evaluate.view import view

TITLE = "Compact representations of emotion: what the runs say"
WIDE = ("figure5", "confusion")  # too wide for a telephone: these scroll there


@dataclass
class Section:
    """A heading, what a reader should know first, and the tables and plates below it."""

    anchor: str
    title: str
    text: str
    items: list
    answers: list = field(default_factory=list)  # (claim, answer, difference in points) of a summary


def write_report(runs, samples, gaps, folder):
    """Write report.html and a CSV for each table and plate into `folder`; returns the page's path."""
    with drawing():
        parts = sections(runs, samples, gaps)
        body = "\n".join(_section(part, runs.toy) for part in parts)
    for item in (item for part in parts for item in part.items):
        if isinstance(item, Plate):
            publish_text(folder / f"{item.name}.csv", records_csv(item.records or [{"plate": item.name, "absent": item.caption}]))
        else:
            publish_text(folder / f"{item.name}.csv", as_csv([item]))
    path = folder / "report.html"
    publish_text(path, _page(runs, parts, body))
    return path


def sections(runs, samples, gaps):
    """Every Section, in reading order."""
    tables = {table.name: table for table in all_tables(runs)}
    plates = {plate.name: plate for plate in all_plates(runs, samples)}
    return [
        Section("support", "Does it hold?", "What the paper claims of its representations, and whether these runs bear it out. A yes needs two things at once: that the "
                "difference is no accident of the initialisations, and none of the test samples.", [tables["claims"]], _answers(tables["claims"])),
        Section("size", "How few dimensions will do?", "A face becomes 512 numbers in a network that was trained once and is frozen. CAKE-k projects them to k numbers, AV is "
                "the arousal and valence another network predicts, AVk adds k learned numbers to these; each data set has a linear classifier of its own on top.",
                [tables["table1"], tables["multi_domain"], plates["figure4"], tables["differences"]]),
        Section("arousal-valence", "Starting from arousal and valence", "Annotators also placed some images in the plane of valence (pleasant or not) and arousal (excited or "
                "calm). How much of the emotion do these two numbers hold, and what does a third one add?",
                [plates["figure1"], tables["section2_1"], plates["figure2"], regression(runs, samples, gaps)]),
        Section("published", "Beside published systems", "Papers score these data sets in different ways, points apart for one and the same model; all are given.",
                [tables["table2"], tables["conventions"], plates["confusion"]]),
        Section("space", "Inside the space", "Three learned numbers can be drawn. First every test sample where the network puts it, then what each "
                "classifier would say anywhere in a representation, samples or none.", [view(runs, samples), plates["figure5"]]),
        Section("meaning", "What do the dimensions mean?", "The paper leaves this open. If arousal and valence can be read off the learned numbers, the network has found "
                "something like them without being told; if independent runs agree once aligned, the space is no accident.",
                [linear_reading(runs, samples), stability(runs, samples, np.random.default_rng(0)), third_dimension(runs)]),
        Section("annotation", "Do data sets mean the same by their labels?", "All classifiers see one representation, so where they differ, the annotations they learned from "
                "differ, or their number.", [plates["matrix3"], tables["table3"], *annotation_quality(runs)]),
        Section("origin", "Where the numbers come from", "Everything needed to make them again.", [origin(runs)]),
    ]


def _answers(table):
    """(claim, answer, difference) of each claim over all its test sets, from the first of its records."""
    first = {}
    for record in table.records:
        first.setdefault(record["claim"], (record["claim"], record["supported"] or record["absent"], record["difference"]))
    return list(first.values())


def _section(part, toy):
    summary = "".join(f"<li>{html.escape(claim)}: <b>{html.escape(said)}</b>{f' ({float(points):+.1f})' if points else ''}</li>" for claim, said, points in part.answers)
    return (f'<section id="{part.anchor}"><h2>{html.escape(part.title)}</h2>\n<p>{html.escape(part.text)}</p>\n'
            + (f"<ol class=answers>{summary}</ol>\n" if summary else "")
            + "\n".join(_plate(item, toy) if isinstance(item, Plate) else _table(item) for item in part.items) + "</section>")


def _table(table):
    if table.rows:
        return as_html(table)
    return f'<p class="gap" id="{table.name}"><b>{badged(table.title)}.</b> {html.escape("; ".join(table.notes))}.</p>'


def _plate(plate, toy):
    if plate.figure is None:
        return f'<p class="gap" id="{plate.name}"><b>{html.escape(plate.title)}.</b> {html.escape(plate.caption)}</p>'
    drawn = plate.figure if isinstance(plate.figure, str) else inline(as_svg(plate.figure), plate)
    wide = " wide" * (plate.name in WIDE)
    return (f'<figure class="plate{wide}" id="{plate.name}"><div class="scroll">{drawn}</div><figcaption><b>{badged(TOY * toy + plate.title)}.</b> {html.escape(plate.caption)} '
            f'<a href="{plate.name}.csv">CSV</a></figcaption></figure>')


def inline(svg, plate):
    """A matplotlib SVG as an element of the page: no prologue, ids of its own, ink and ground in the page's colours."""
    svg = svg[svg.index("<svg"):]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = re.sub(r'\bid="', f'id="{plate.name}-', svg)
    svg = re.sub(r"url\(#", f"url(#{plate.name}-", svg)
    svg = re.sub(r'href="#', f'href="#{plate.name}-', svg)
    for colour, name in ((INK, "ink"), (FAINT, "soft"), (PAPER, "ground")):
        svg = svg.replace(colour, f"var(--{name})")
    points = float(re.search(r'width="([\d.]+)pt"', svg)[1])
    svg = re.sub(r'(<svg[^>]*?) width="[\d.]+pt"', r"\1", re.sub(r'(<svg[^>]*?) height="[\d.]+pt"', r"\1", svg, count=1), count=1)
    return svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(plate.title)}" style="max-width:{1.9 * points:.0f}px"', 1)


def _page(runs, parts, body):
    page = resources.files("evaluate") / "page"
    read = lambda name: (page / name).read_text(encoding="utf-8")
    contents = "".join(f'<li><a href="#{part.anchor}">{html.escape(part.title)}</a></li>' for part in parts)
    return Template(read("page.html")).substitute(title=("Toy data. " if runs.toy else "") + TITLE, css=read("page.css"), script=read("view.js"), contents=contents,
                                                  lead=_lead(runs), body=body, foot=_foot(runs))


def _lead(runs):
    toy = '<p class="toy">TOY DATA, no measure of anything real: drawn faces, made to try the pipeline.</p>' if runs.toy else ""
    names = ", ".join(f"{display(name)} ({len(runs.tests[name].emotion):,} test images)" for name in in_order(runs.tests))
    count = len({head.run for head in runs.outcomes})
    return (f"{toy}<p>How many numbers does it take to say what emotion a face shows? Kervadec, Vielzeuf, Pateux, Lechervy and Jurie (2018) answer three, and call them "
            f"CAKE. This page sets their tables and figures beside what {len(runs.outcomes):,} classifiers trained here say on {html.escape(names)}, "
            f"{'over ' + str(count) + ' initialisations each at most' if count > 1 else 'with a single initialisation'}. Scores are in percent unless a table says otherwise. "
            "Every number can be found in the CSV linked beside it.</p>")


def _foot(runs):
    return f"Code {html.escape(str(runs.provenance.get('code_version', 'unknown')))}. Numbers of the paper: hal-01849908v1." + (" Toy data." if runs.toy else "")
