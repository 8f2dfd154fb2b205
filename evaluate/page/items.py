"""Tables and plates as data for the page's templates: what is shown, in which form, or why it is missing."""

import re

from evaluate.figures.palette import FAINT, INK, PAPER
from evaluate.figures.plate import Plate, as_svg
from evaluate.page.view import View
from evaluate.representations import TOY
from evaluate.tables.table import Table

WIDE = ("figure5", "confusion", "reliability", "risk_coverage")  # too wide for a telephone: these scroll there


def shown(items: list, *, toy: bool) -> list[dict]:
    """What templates/items.html shows of a section's tables and plates, one dict each; where all of several are
    missing, one for all."""
    missing = [reason(item) for item in items]
    if len(items) > 1 and all(missing):
        return [{"kind": "gaps", "title": "; ".join(_title(item) for item in items), "reason": missing[0]}]
    return [_gap(item, why) if why else _shown(item, toy) for item, why in zip(items, missing)]


def reason(item: Table | Plate) -> str:
    """Why a table or plate cannot be shown, as a sentence; empty where it can."""
    if isinstance(item, Plate):
        return item.caption if item.figure is None else ""
    return "" if item.rows else "; ".join(item.notes) + "."


def _title(item):
    return item.title.removeprefix(TOY)


def _gap(item, why):
    return {**_named(item, toy=item.title.startswith(TOY)), "kind": "gap", "reason": why}


def _named(item, *, toy):
    return {"name": item.name, "title": _title(item), "toy": toy, "numbers": f"{item.name}.csv"}


def _shown(item, toy):
    if isinstance(item, View):
        return {**_named(item, toy=toy), "kind": "view", **_stage(item)}
    if isinstance(item, Plate):
        return {**_named(item, toy=toy), "kind": "figure", **_figure(item)}
    return {**_named(item, toy=toy), "kind": "table", **_cells(item)}


def _stage(view: View) -> dict:
    return {"caption": view.caption, "sets": view.sets, "colours": view.colours, "data": view.figure}


def _figure(plate: Plate) -> dict:
    return {"caption": plate.caption, "wide": plate.name in WIDE, "drawing": inline(as_svg(plate.figure), plate.name)}


def _cells(table: Table) -> dict:
    """Heads and rows of (text, whether it stands to the right): numbers do, where a whole column holds them."""
    right = [all(re.match(r"[+\-−–\d]", cell.strip() or "–") for cell in cells) for cells in zip(*table.rows)]
    grouped = any(not row[0] for row in table.rows)
    return {
        "heads": _aligned(table.columns, right),
        "rows": [{"group": grouped and bool(row[0]), "cells": _aligned(row, right)} for row in table.rows],
        "notes": table.notes,
    }


def _aligned(cells, right):
    return [(cell.strip(), number) for cell, number in zip(cells, right)]


def inline(svg: str, name: str) -> dict:
    """A matplotlib SVG as an element of the page: its width in pixels, and all that follows `<svg` and the page's own
    attributes.

    No prologue, no fixed size, ids of its own, ink and ground in the page's colours."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r"url\(#", f"url(#{name}-", svg)
    svg = re.sub(r'href="#', f'href="#{name}-', svg)
    for colour, variable in ((INK, "ink"), (FAINT, "soft"), (PAPER, "ground")):
        svg = svg.replace(colour, f"var(--{variable})")
    points = float(re.search(r'width="([\d.]+)pt"', svg)[1])
    for side in ("width", "height"):
        svg = re.sub(rf'(<svg[^>]*?) {side}="[\d.]+pt"', r"\1", svg, count=1)
    return {"width": round(1.9 * points), "rest": svg.removeprefix("<svg")}
