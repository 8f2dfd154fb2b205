"""Ways of training, each by several networks that differ by their seed alone: what holds of a way, not of one draw."""

from collections.abc import Iterator

import numpy as np

from data.files.runs import Runs
from evaluate.records import number
from evaluate.representations import ABSENT, SMALL_AND_ALL
from evaluate.statistics.inference.intervals import spread_over_runs
from evaluate.statistics.inference.measured import Measured, averaged
from evaluate.statistics.networks_told import ways_of
from evaluate.statistics.scores import over_runs
from evaluate.statistics.swept import places
from evaluate.tables.printed import p_printed, percent, points
from evaluate.tables.table import Table, new_table, tell


def ways(several: list[Runs], names: list[str]) -> Table | None:
    """Baseline, CAKE-3 and CAKE-2 of each way of training by macro F1, and of each further way minus the first; None
    where fewer than two ways have two networks."""
    known = {way: own for way, own in ways_of(several, names).items() if len(own) > 1}
    if len(known) < 2:
        return None
    first = next(iter(known))
    title = "Ways of training: macro F1 in percent over networks that differ by their seed alone"
    columns = ("On", "Rep.", "Way", "networks", "F1", f"minus {first}", "95 % interval", "p")
    table = new_table(several[0], "ways", title, columns)
    for place, label, way, found, base in _asked(several, known):
        leading = (place if (label, way) == (SMALL_AND_ALL[0].label, first) else "", label if way == first else "")
        told = (None, None, None) if way == first else _difference([found, base.times(-1)])
        cells = percent(over_runs(found.values)), *_printed(*told)
        table.rows.append((*leading, way, str(len(found.values)), *cells))
        tell(table, several[0], **_record(place, label, way, found, *told))
    table.notes += [f"{way}: {', '.join(names[place] for place in own)}" for way, own in known.items()]
    table.notes.append(
        "mean ± sample deviation over networks, each the mean of its heads; interval and p by Welch's t over networks, "
        "on these test rows, p of each alone"
    )
    return table


def _asked(several, known) -> Iterator[tuple[str, str, str, Measured, Measured]]:
    """(place, representation, way, its networks' means as a Measured, those of the first way)."""
    for place, tests in places(several[0]):
        for each in SMALL_AND_ALL:
            found = {way: _means([several[index] for index in own], each, tests) for way, own in known.items()}
            if all(found.values()):
                base = next(iter(found.values()))
                yield from ((place, each.label, way, own, base) for way, own in found.items())


def _means(several, representation, tests):
    found = [averaged(runs, representation, tests) for runs in several]
    return Measured(np.array([each.values.mean() for each in found]), None) if all(found) else None


def _difference(parts):
    """(difference, (low, high), p) over networks."""
    difference, spread = float(sum(part.values.mean() for part in parts)), spread_over_runs(parts)
    return difference, spread.interval(difference), spread.p(difference)


def _printed(difference, interval, p):
    return (ABSENT if difference is None else f"{100 * difference:+.1f}"), points(interval), p_printed(p)


def _record(place, label, way, found, difference, interval, p):
    score = over_runs(found.values)
    low, high = interval or (None, None)
    return {
        "on": place,
        "representation": label,
        "way": way,
        "networks": score.runs,
        "mean": number(100 * score.mean),
        "deviation": number(100 * score.deviation),
        "difference": number(difference and 100 * difference),
        "interval_low": number(low and 100 * low),
        "interval_high": number(high and 100 * high),
        "p": number(p),
    }
