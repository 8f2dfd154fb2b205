"""Several results files side by side, such as those of several networks, on the same test rows."""

from collections.abc import Iterator

import numpy as np

from data.files.runs import Runs
from data.runtime.failures import Refused
from evaluate.records import number
from evaluate.representations import SHOWN
from evaluate.statistics.inference.comparison import Comparison, contrast, holm
from evaluate.statistics.inference.measured import averaged
from evaluate.statistics.scores import score_from
from evaluate.statistics.swept import places
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
    differences = [contrast([found[1], found[0].times(-1)]) if pair else None for *_, found in asked]
    corrected = holm([each and each.p for each in differences])
    for position, ((place, label, found), difference, p) in enumerate(zip(asked, differences, corrected)):
        leading = "" if position and asked[position - 1][0] == place else place
        means = [100 * each.values.mean() for each in found]
        cells = _compared(difference, p) if pair else (f"{np.mean(means):.1f}", f"{np.std(means, ddof=1):.1f}")
        table.rows.append((leading, label, *(percent(score_from(each)) for each in found), *cells))
        told = {"on": place, "representation": label}
        told |= {f"mean_{name}": number(mean) for name, mean in zip(names, means)}
        tell(table, several[0], **told, **_told(means, difference, p))
    table.notes.append("mean ± sample deviation over the runs of the heads; the same test rows in all")
    if pair:
        table.notes += [*METHOD[:1], "p (Holm): corrected for all that this table asks"]
        table.notes.append("two networks are two draws: whether a way of training is better needs several of each")
    return table


def _refuse_other_rows(several, names):
    first = several[0]
    for name, other in zip(names[1:], several[1:]):
        if first.classes != other.classes:
            raise Refused(
                f"{names[0]} is of the classes {', '.join(first.classes)}, {name} of {', '.join(other.classes)}; "
                "compare results of the same classes"
            )
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
    for place, own in places(several[0]):
        for each in SHOWN:
            found = [averaged(runs, each, own) for runs in several]
            if all(found):
                yield place, each.label, found


def _compared(found: Comparison, p: float | None) -> tuple:
    return *compared(found), p_printed(p), found.verdict(p)


def _told(means: list, found: Comparison | None, p: float | None) -> dict:
    """What a record says beyond the means: of two their difference, of more mean and deviation."""
    if found is None:
        return {"mean": number(np.mean(means)), "deviation": number(np.std(means, ddof=1))}
    ends = {name: number(end) for name, end in interval_ends(found).items()}
    asked = {"difference": number(100 * found.difference), **ends, "p": number(found.p), "p_holm": number(p)}
    return {**asked, "better": found.verdict(p)}
