"""One figure of the paper or beyond it, with what is said below it and the numbers it shows; how plates are drawn and
published."""

import contextlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from data.files.publish import publish
from data.files.runs import Runs
from evaluate.figures.palette import ON_DARK, ON_LIGHT, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")
LETTER, DOT, LINE = 0.055, 0.13, 0.16  # inches that a letter, a dot and a line of a legend take, about


@dataclass
class Plate:
    """A figure, or where it cannot be drawn (`figure` is None) the reason as its caption."""

    name: str
    title: str
    caption: str
    figure: object = None  # matplotlib Figure
    records: list = field(default_factory=list)  # dicts, alike: the numbers that are drawn

    def told(self, *, toy: bool) -> list[dict]:
        """Its records, each named after the plate; where it shows none, one with the reason."""
        records = self.records or [{"absent": self.caption}]
        return [{"plate": self.name, "toy": int(toy), **record} for record in records]


@contextlib.contextmanager
def drawing() -> Iterator[None]:
    """Matplotlib in the style of the palette; everything outside keeps its own."""
    import matplotlib

    with matplotlib.rc_context(STYLE):
        yield


def new_figure(width: float, height: float, **subplots) -> tuple:
    """(Figure, axes) of so many inches, not registered with pyplot, so that nothing has to be closed."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    return figure, figure.subplots(**subplots)


def publish_figure(figure: "Figure", folder: Path, name: str) -> None:
    """Write one figure as PNG, SVG and PDF."""
    for ending in FORMATS:
        publish(
            folder / f"{name}.{ending}", lambda path: figure.savefig(path, format=ending, metadata=_undated(ending))
        )


def as_svg(figure: "Figure") -> str:
    """The figure as SVG text; what is drawn in it with rasterized=True stays pixels, at 150 an inch."""
    text = io.StringIO()
    figure.savefig(text, format="svg", dpi=150, metadata=_undated("svg"), transparent=True)
    return text.getvalue()


def _undated(ending):
    # the same results give the same file on any day
    return {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}[ending]


def entitle(figure: "Figure", runs: Runs, text: str) -> None:
    """The figure's own title, marked where the data are toys."""
    figure.suptitle(f"TOY DATA. {text}" if runs.toy else text, fontsize=8, fontweight="bold", x=0.01, ha="left")


def legend_columns(names: Sequence[str], width: float, most: int) -> int:
    """How many columns of a legend of these names a width in inches holds; `most` at most."""
    return min(most, max(1, int(width / (LETTER * max(map(len, names)) + DOT))))


def class_legend(figure: "Figure", colours: dict[str, str], columns: int) -> None:
    """A legend below a figure, in so many columns: {class: colour} as coloured dots."""
    from matplotlib.lines import Line2D

    style = {"marker": "o", "linestyle": "", "markersize": 4.5}
    dots = [Line2D([], [], color=colour, label=name, **style) for name, colour in colours.items()]
    figure.legend(handles=dots, handletextpad=0.1, columnspacing=0.9, loc="outside lower center", ncols=columns)


def haloed(axes: "Axes", x: float, y: float, text: str, *, rim: str = ON_DARK, **style) -> object:
    """Text that stays legible on a coloured ground: dark letters with a light rim, in other colours if given."""
    from matplotlib.patheffects import withStroke

    style = {"ha": "center", "va": "center", "color": ON_LIGHT, **style}
    return axes.text(x, y, text, path_effects=[withStroke(linewidth=2, foreground=rim, alpha=0.85)], **style)
