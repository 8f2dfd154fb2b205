"""The figures of a table of `extract emotions`, and one page with all of them, in files beside it."""

import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import numpy as np

from data.files.publish import publish_text
from data.runtime.progress import counted
from evaluate.figures.plate import Plate, drawing, publish_figure
from evaluate.page.items import shown
from evaluate.page.report import rendered
from evaluate.tables.table import Table
from evaluate.traces.photographs_plate import photographs_plate
from evaluate.traces.trace_table import Trace, read_trace
from evaluate.traces.trace_tables import counts_table, persons_table
from evaluate.traces.video_plate import video_plate

LONGEST = 60  # characters of a path in a title
NO_LETTER = "Glyph .* missing from"  # of matplotlib, whose font has no letters of many scripts


def write_trace(file: Path) -> Iterator[Plate]:
    """Draw each video in the table, then its photographs, and write them beside it: STEM-trace.png, .svg and .pdf (of
    several, STEM-trace-NAME), and at the end the page_of it. Yields each Plate when its files are written; where there
    is no face, it has no figure and no file.

    Raises Refused where the table cannot be read or holds no face."""
    trace, sections = read_trace(file), []
    for draw in _drawings(trace):
        with drawing(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", NO_LETTER)
            plate, table = draw()
            if plate.figure is not None:
                publish_figure(plate.figure, file.parent, figure_of(file, plate).stem)
            sections.append(_section(plate, table, file, toy=trace.toy))
        yield plate
    title = f"{'Toy data. ' * trace.toy}What the model says of {printable(file.name)}"
    page = rendered("trace.html", title=title, toy=trace.toy, sections=sections, source=printable(file.name))
    publish_text(page_of(file), page)


def figure_of(file: Path, plate: Plate) -> Path:
    """Where a figure of a table is written, as PNG."""
    return file.with_name(f"{file.stem}-{plate.name}.png")


def page_of(file: Path) -> Path:
    """Where the page of a table is written."""
    return file.with_name(f"{file.stem}-trace.html")


def _drawings(trace: Trace) -> Iterator[Callable[[], tuple[Plate, Table]]]:
    """What draws each video, and the photographs together."""
    photographs, videos = trace.photographs(), list(trace.videos())
    names = iter(names_of([path for path, _ in videos] + ["photographs"] * bool(len(photographs.path))))
    for path, video in videos:
        name, title = next(names), f"{short(path)}: emotions over time"
        yield lambda: (video_plate(video, name, title), persons_table(video, f"{name}-persons"))
    for name in names:
        title = f"{counted(len(np.unique(photographs.path)), 'photograph')}: what the model says"
        yield lambda: (photographs_plate(photographs, name, title), counts_table(photographs, f"{name}-counts"))


def names_of(paths: list[str]) -> list[str]:
    """What the figures of these are called: trace, or where there are several, trace-STEM, with a number behind those
    that would be called the same."""
    if len(paths) == 1:
        return ["trace"]
    names = []
    for path in paths:
        stem = f"trace-{re.sub(r'[^A-Za-z0-9_-]+', '-', Path(path).stem).strip('-') or 'video'}"
        numbered = (f"{stem}-{number}" for number in range(2, len(paths) + 2))
        names.append(stem if stem not in names else next(name for name in numbered if name not in names))
    return names


def printable(text: str) -> str:
    """Text for titles, without signs that no figure or page can hold."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def short(path: str) -> str:
    """A path as a title shows it: its end, where it is long."""
    text = printable(path)
    return text if len(text) <= LONGEST else f"…{text[1 - LONGEST :]}"


def _section(plate, table, file, *, toy):
    """A part of the page, as its template takes it; all numbers are in the table that was drawn."""
    items = [plate] if plate.figure is None else [plate, table]
    here = {"numbers": quote(file.name), "wide": True}
    part = {"anchor": f"{plate.name}-part", "title": plate.title, "text": "", "answers": []}
    return {**part, "shown": [{**item, **here} for item in shown(items, toy=toy)]}
