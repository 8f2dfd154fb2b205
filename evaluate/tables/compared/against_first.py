"""Each network against the first one named, on the same test rows: which is better by more than chance."""

from collections.abc import Iterator

from data.files.runs import Runs
from evaluate.records import number
from evaluate.representations import SMALL_AND_ALL
from evaluate.statistics.inference.comparison import Comparison, contrast, holm
from evaluate.statistics.inference.measured import averaged
from evaluate.statistics.swept import places
from evaluate.tables.differences import METHOD
from evaluate.tables.printed import compared, p_printed
from evaluate.tables.table import Table, gap, interval_ends, new_table, tell


def against_first(several: list[Runs], names: list[str]) -> Table:
    """Baseline, CAKE-3 and CAKE-2 of every further network minus the first one's, by macro F1, paired by test rows."""
    title = f"Minus {names[0]}: macro F1 in points, on the same test rows"
    columns = ("On", "Rep.", "Network", "difference", "95 % interval", "p", "p (Holm)", "better")
    table = new_table(several[0], "against", title, columns)
    asked = list(_asked(several, names))
    if not asked:
        return gap(several[0], table, "no network has a head that the first one has, too")
    group = None
    for (place, label, name, found), p in zip(asked, holm([found.p for *_, found in asked])):
        leading = ("" if group and group[0] == place else place, "" if group == (place, label) else label)
        group = place, label
        table.rows.append((*leading, name, *compared(found), p_printed(found.p), p_printed(p), found.verdict(p)))
        told = {"on": place, "representation": label, "network": name, "minus": names[0]}
        ends = {end: number(value) for end, value in interval_ends(found).items()}
        numbers = {"difference": number(100 * found.difference), **ends, "p": number(found.p), "p_holm": number(p)}
        tell(table, several[0], **told, **numbers, better=found.verdict(p))
    table.notes += [METHOD[0], "p (Holm): corrected for all that this table asks"]
    table.notes.append("two networks are two draws: whether a way of training is better needs several of each")
    return table


def _asked(several: list[Runs], names: list[str]) -> Iterator[tuple[str, str, str, Comparison]]:
    """(place in print, representation, network, Comparison with the first)."""
    for place, own in places(several[0]):
        for each in SMALL_AND_ALL:
            first, *others = (averaged(runs, each, own) for runs in several)
            for name, found in zip(names[1:], others):
                if first and found:
                    yield place, each.label, name, contrast([found, first.times(-1)])
