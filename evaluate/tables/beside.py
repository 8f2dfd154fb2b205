"""Several results files side by side, such as those of several networks, on the same test rows."""

from collections.abc import Iterator

import numpy as np

from data.files.runs import Runs
from data.runtime.failures import Refused
from evaluate.records import number
from evaluate.reference import display, in_order
from evaluate.representations import SHOWN
from evaluate.statistics.inference.comparison import Comparison, contrast, holm
from evaluate.statistics.inference.measured import Measured, averaged
from evaluate.statistics.scores import score_from
from evaluate.tables.differences import METHOD
from evaluate.tables.printed import compared, p_printed, percent
from evaluate.tables.table import Table, interval_ends, new_table, tell


def beside(several: list[Runs], names: list[str]) -> Table:
    """Macro F1 of every representation in each results file; of two, whether the second is better by more than chance,
    of more, their deviation.

    Raises Refused where their test rows differ: a difference is asked of the same images."""
    _refuse_other_rows(several, names)
    pair = len(several) == 2
    last = ("difference", "95 % interval", "p (Holm)", "better") if pair else ("mean", "deviation over files")
    title = f"Side by side: macro F1 in percent{', and the second minus the first in points' if pair else ''}"
    table = new_table(several[0], "compare", title, ("On", "Rep.", *names, *last))
    asked = list(_asked(several))
    corrected = holm([_second_minus_first(found).p if pair else None for *_, found in asked])
    for position, ((place, label, found), p) in enumerate(zip(asked, corrected)):
        leading = "" if position and asked[position - 1][0] == place else place
        scores = [percent(score_from(each)) for each in found]
        table.rows.append((leading, label, *scores, *(_difference(found, p) if pair else _spread(found))))
        _tell(table, several, names, (place, label, found), p)
    table.notes.append("mean ± sample deviation over the runs of the heads; the same test rows in all")
    if pair:
        table.notes += [*METHOD[:1], "p (Holm): corrected for all that this table asks"]
        table.notes.append("two networks are two draws: whether a way of training is better needs several of each")
    return table


def _refuse_other_rows(several, names):
    first = several[0]
    for name, other in zip(names[1:], several[1:]):
        if list(first.tests) != list(other.tests):
            raise Refused(
                f"{names[0]} was tested on {', '.join(first.tests)}, {name} on {', '.join(other.tests)}; compare "
                "results of the same data sets"
            )
        for test, own in first.tests.items():
            theirs = other.tests[test]
            if not (np.array_equal(own.row, theirs.row) and np.array_equal(own.emotion, theirs.emotion)):
                raise Refused(
                    f"{names[0]} and {name} have other test rows of {test} ({len(own.row):,} and {len(theirs.row):,}); "
                    "compare results on the same aligned caches"
                )


def _asked(several: list[Runs]) -> Iterator[tuple]:
    """(place in print, representation, [Measured of each results file]) of what all of them have."""
    tests = in_order(several[0].tests)
    places = [(display(name), [name]) for name in tests]
    for place, own in [*places, *([("all, by size", tests)] if len(tests) > 1 else [])]:
        for each in SHOWN:
            found = [averaged(runs, each, own) for runs in several]
            if all(found):
                yield place, each.label, found


def _second_minus_first(found: list[Measured]) -> Comparison:
    return contrast([found[1], found[0].times(-1)])


def _difference(found: list[Measured], p: float | None) -> tuple:
    comparison = _second_minus_first(found)
    return *compared(comparison), p_printed(p), comparison.verdict(p)


def _spread(found: list[Measured]) -> tuple:
    """Mean and deviation over files, in percent."""
    means = [100 * each.values.mean() for each in found]
    return f"{np.mean(means):.1f}", f"{np.std(means, ddof=1):.1f}"


def _tell(table: Table, several: list, names: list, asked: tuple, p: float | None) -> None:
    place, label, found = asked
    means = {f"mean_{name}": number(100 * each.values.mean()) for name, each in zip(names, found)}
    told = {"on": place, "representation": label, **means}
    if len(found) == 2:
        comparison = _second_minus_first(found)
        ends = {name: number(end) for name, end in interval_ends(comparison).items()}
        asked = {"difference": number(100 * comparison.difference), **ends, "p": number(comparison.p)}
        told |= {**asked, "p_holm": number(p), "better": comparison.verdict(p)}
    else:
        values = [100 * each.values.mean() for each in found]
        told |= {"mean": number(np.mean(values)), "deviation": number(np.std(values, ddof=1))}
    tell(table, several[0], **told)
