"""What CAKE-3 and CAKE-2 keep of each network's features, and whether better features make a better CAKE."""

import math
from collections.abc import Iterator

from data.files.runs import Runs
from evaluate.records import number
from evaluate.representations import BASELINE, CAKE_2, CAKE_3
from evaluate.statistics.compactness import CAUTION, Kept, Order, order
from evaluate.statistics.inference.comparison import ALPHA
from evaluate.tables.printed import compared, p_printed, percent
from evaluate.tables.table import Table, gap, interval_ends, new_table, tell

SMALL = (CAKE_3, CAKE_2)
INTERVALS = "95 % intervals: over initialisations and test rows together; the CSV gives those over each alone"


def compactness_table(runs: Runs, kept: list[Kept]) -> Table:
    """For each data set CAKE-3 and CAKE-2 of every network beside its baseline, with intervals; the CSV has every k.
    runs: of any of the networks."""
    title = "The loss of compactness: macro F1 in percent, differences in points"
    columns = ("On", "Rep.", "Network", BASELINE.label, "CAKE-k", "difference", "95 % interval")
    table = new_table(runs, "compactness", title, columns)
    if not kept:
        return gap(runs, table, f"no network has both a {BASELINE.label.lower()} and CAKE heads")
    for place, by_network in _by_place(kept).items():
        for small in SMALL:
            found = [by_k[small.k] for by_k in by_network.values() if small.k in by_k]
            for position, each in enumerate(found):
                leading = ("" if position or small != SMALL[0] else place, "" if position else small.label)
                scores = percent(each.baseline), percent(each.compact)
                table.rows.append((*leading, each.network, *scores, *compared(each.difference)))
    for each in kept:
        tell(table, runs, **_record(each))
    table.notes += [
        "mean ± sample deviation over the runs of the heads; difference: CAKE-k minus the baseline",
        INTERVALS,
        CAUTION,
    ]
    return table


def _by_place(kept: list[Kept]) -> dict:
    """{place: {network: {k: Kept}}}."""
    places = {}
    for each in kept:
        places.setdefault(each.place, {}).setdefault(each.network, {})[each.k] = each
    return places


def _record(found: Kept) -> dict:
    scores = {"baseline": found.baseline, "compact": found.compact}
    told = {"on": found.place, "network": found.network, "k": found.k}
    for name, score in scores.items():
        told |= {name: number(100 * score.mean), f"{name}_deviation": number(100 * score.deviation)}
        told |= {f"{name}_{end}": number(value) for end, value in interval_ends(score).items()}
    told |= {"runs": found.compact.runs, "difference": number(100 * found.difference.difference)}
    return told | {f"difference_{end}": number(value) for end, value in interval_ends(found.difference).items()}


def order_table(runs: Runs, kept: list[Kept]) -> Table | None:
    """Whether networks stand in one order by their baselines and by CAKE-3 and CAKE-2; None of too few to ask."""
    title = "Does a better baseline go with a better CAKE-k? Rank correlation over networks"
    table = new_table(runs, "order", title, ("On", "Rep.", "Kendall's τ", "p", "networks"))
    asked = list(_orders(kept))
    if not asked:
        return None
    for place, label, found in asked:
        cells = f"{found.tau:+.2f}", p_printed(found.p), str(found.networks)
        table.rows.append(("" if table.records and table.records[-1]["on"] == place else place, label, *cells))
        numbers = {"tau": number(found.tau), "p": number(found.p), "networks": found.networks}
        tell(table, runs, on=place, representation=label, **numbers)
    fewest = min(found.networks for *_, found in asked)
    table.notes.append("of the mean scores, whatever their intervals; p of each alone, not corrected")
    if 2 / math.factorial(fewest) > ALPHA:
        table.notes.append(f"of {fewest} networks even two equal orders have p = {2 / math.factorial(fewest):.3f}")
    table.notes.append(CAUTION)
    return table


def _orders(kept: list[Kept]) -> Iterator[tuple[str, str, Order]]:
    """(place, representation, Order) where there are enough networks."""
    for place, by_network in _by_place(kept).items():
        for small in SMALL:
            found = order([by_k[small.k] for by_k in by_network.values() if small.k in by_k])
            if found:
                yield place, small.label, found
