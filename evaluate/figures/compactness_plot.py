"""Baseline against CAKE-k, for every network and k: how far a point lies below the line of equality is what being
compact costs."""

from data.files.runs import Runs
from evaluate.figures.palette import COLUMN, FAINT, INK, MARKERS, PAGE, PAPER, SERIES
from evaluate.figures.plate import Plate, entitle, new_figure
from evaluate.records import number
from evaluate.representations import CAKE_2, CAKE_3
from evaluate.statistics.compactness import CAUTION, Kept
from evaluate.statistics.scores import Score

COLUMNS = 3
LEGEND = {1: 2, 2: 3, 3: 5}  # columns of the legend below so many panels
LINE = 0.16  # inches that a line of the legend takes
LEAST = 0.5  # points of macro F1 that are left free around what is drawn
MARK = {"linestyle": "", "markersize": 4.5, "markeredgewidth": 0.9}


def compactness_plot(runs: Runs, kept: list[Kept], ways: dict[str, list[int]]) -> Plate:
    """One panel for each data set, one colour for each way of training. runs: of any of the networks; ways: as
    ways_of gives them."""
    plate = Plate("compactness_plot", "What compactness costs, network by network", "")
    drawn = [each for each in kept if len(each.tests) == 1 and each.k >= CAKE_2.k]
    places = list(dict.fromkeys(each.place for each in drawn))
    if not places:
        plate.caption = "This needs a baseline and CAKE heads of the networks: no results file has both."
        return plate
    networks = list(dict.fromkeys(each.network for each in kept))
    looks = {networks[index]: _look(place) for place, own in enumerate(ways.values()) for index in own}
    columns = min(COLUMNS, len(places))
    legend = _legend(ways, {each.k for each in drawn}, LEGEND[columns])
    plate.figure, axes = _grid(len(places), columns, below=LINE * len(legend) / LEGEND[columns])
    for axis, place in zip(axes.flat, places):
        _panel(axis, [each for each in drawn if each.place == place], looks)
        axis.set_title(place)
    plate.figure.legend(handles=legend, loc="outside lower center", ncols=LEGEND[columns], columnspacing=1.2)
    entitle(plate.figure, runs, plate.title)
    plate.records = [_record(each) for each in kept if len(each.tests) == 1]
    plate.caption = _caption(ways)
    return plate


def _grid(panels, columns, *, below):
    """(Figure, axes) of so many panels; below: inches for the legend."""
    lines = -(-panels // columns)
    size = max(PAGE * columns / COLUMNS, COLUMN), 2.4 * lines + 0.4 + below
    figure, axes = new_figure(*size, nrows=lines, ncols=columns, squeeze=False)
    for axis in axes.flat:
        axis.set_xlabel("baseline, macro F1 in %")
    for axis in axes[:, 0]:
        axis.set_ylabel("CAKE-k, macro F1 in %")
    for axis in axes.flat[panels:]:
        axis.set_visible(False)
    return figure, axes


def _look(place):
    """(colour, marker) of a way of training; no two of sixteen are alike."""
    turn = place // len(SERIES)
    return SERIES[place % len(SERIES)], MARKERS[(place + turn) % len(MARKERS)]


def _panel(axis, drawn, looks):
    for each in drawn:
        _point(axis, each, *looks[each.network])
    across = [100 * end for each in drawn for end in _reach(each.baseline)]
    down = [100 * end for each in drawn for end in _reach(each.compact)]
    axis.set_xlim(*_around(across))
    axis.set_ylim(*_around([*down, *(100 * each.baseline.mean for each in drawn)]))
    axis.axline((axis.get_xlim()[0],) * 2, slope=1, color=INK, linewidth=0.9, linestyle="--", zorder=1)
    axis.grid(color=FAINT, alpha=0.25, linewidth=0.5)


def _point(axis, each: Kept, colour, marker):
    """CAKE-3 filled, on a bar from where nothing is lost; CAKE-2 open; others small and without intervals."""
    x, y, plain = 100 * each.baseline.mean, 100 * each.compact.mean, each.k == CAKE_3.k
    if each.k not in (CAKE_2.k, CAKE_3.k):
        axis.plot([x], [y], "_", color=colour, markersize=4, markeredgewidth=0.7, zorder=2)
        return
    if plain:
        axis.plot([x, x], [x, y], color=colour, linewidth=3, alpha=0.25, solid_capstyle="butt", zorder=2)
    reach = {"yerr": _error(each.compact), "xerr": _error(each.baseline) if plain else None}
    axis.errorbar([x], [y], **reach, color=colour, elinewidth=0.6, alpha=0.7, linestyle="", zorder=3)
    axis.plot([x], [y], marker=marker, **MARK, color=colour, markerfacecolor=colour if plain else PAPER, zorder=4)


def _reach(score: Score) -> tuple:
    """What there must be room for of a score: its interval, or its mean alone. Of two runs an interval may pass what a
    score can be; it is cut off there."""
    low, high = score.both or (score.mean, score.mean)
    return max(0.0, low), min(1.0, high)


def _error(score):
    """[[below], [above]] the mean in points, for matplotlib; None where no interval is known."""
    return None if score.both is None else [[100 * (score.mean - score.both[0])], [100 * (score.both[1] - score.mean)]]


def _around(values):
    low, high = min(values), max(values)
    free = max(LEAST, 0.06 * (high - low))
    return low - free, high + free


def _legend(ways, sizes, columns):
    """Handles, in lines of so many columns: what the marks are, then the ways of training by colour."""
    padded = []
    for handles in (list(_marks(sizes)), list(_colours(ways))):
        padded += [*handles, *_blanks(-len(handles) % columns)]
    return [handle for column in range(columns) for handle in padded[column::columns]]  # matplotlib goes down columns


def _blanks(count):
    from matplotlib.lines import Line2D

    return [Line2D([], [], linestyle="", label="") for _ in range(count)]


def _marks(sizes):
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    yield Line2D([], [], color=INK, linewidth=0.9, linestyle="--", label="nothing lost")
    if CAKE_3.k in sizes:
        yield Patch(color=INK, alpha=0.25, linewidth=0, label=f"lost by {CAKE_3.label}")
        yield Line2D([], [], **MARK, marker="o", color=INK, label=CAKE_3.label)
    if CAKE_2.k in sizes:
        yield Line2D([], [], **MARK, marker="o", color=INK, markerfacecolor=PAPER, label=CAKE_2.label)
    if max(sizes) > CAKE_3.k:
        yield Line2D([], [], linestyle="", marker="_", color=INK, markersize=4, label="larger k")


def _colours(ways):
    from matplotlib.lines import Line2D

    for place, (name, own) in enumerate(ways.items()):
        colour, marker = _look(place)
        label = name if len(own) == 1 else f"{name} ({len(own)} seeds)"
        yield Line2D([], [], **MARK, marker=marker, color=colour, label=label)


def _record(each: Kept) -> dict:
    told = {"test": each.tests[0], "network": each.network, "k": each.k}
    for name, score in (("baseline", each.baseline), ("compact", each.compact)):
        low, high = score.both or (None, None)
        told |= {name: number(100 * score.mean)}
        told |= {f"{name}_low": number(low and 100 * low), f"{name}_high": number(high and 100 * high)}
    return told


def _caption(ways: dict) -> str:
    seeds = " Networks that differ by their seed alone have one colour." if max(map(len, ways.values())) > 1 else ""
    return (
        "Macro F1 of each network's heads by each data set's own classifier: on all features (across) and on k "
        f"dimensions (up), from k = 2; the CSV has k = 1, too, far below.{seeds} On the dashed line nothing is lost. "
        "Thin bars: 95 % intervals over initialisations and test rows together, where predictions were kept; both "
        "heads answer the same rows, so that their difference, which the table has, is known better than these say. "
        f"Each axis has a scale of its own. Caution: {CAUTION}."
    )
