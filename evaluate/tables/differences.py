"""The table that says whether CAKE-3 is better by more than chance."""

from data.files.runs import Runs
from evaluate.records import number
from evaluate.reference import display, in_order
from evaluate.representations import ABSENT, CAKE_3, COMPACT, Representation
from evaluate.statistics.inference.comparison import Comparison, compare, holm
from evaluate.statistics.swept import added, why_absent
from evaluate.tables.printed import compared, p_printed
from evaluate.tables.table import Table, interval_ends, new_table, tell

METHOD = (
    "95 % intervals and p: over initialisations and test rows together, as crossed random effects; the CSV gives those "
    "over runs and over rows alone",
    "p (Holm): corrected for all that this table asks; yes where it is below 0.05 and the difference is above 0, no "
    "where it is below 0, else undecided. One backbone underlies all runs; another training of it may differ by more",
)


def differences(runs: Runs) -> Table:
    """Whether CAKE-3 is better than the other compact representations, and than added ones, by more than chance."""
    title = "CAKE-3 minus the others: macro F1 in points"
    columns = ("On", "minus", "difference", "95 % interval", "p", "p (Holm)", "better")
    table = new_table(runs, "differences", title, columns)
    asked = list(_asked(runs))
    corrected = holm([found and found.p for *_, found in asked])
    for (place, tests, other, found), p in zip(asked, corrected):
        leading = place if other == asked[0][2] else ""
        cells = (*compared(found), p_printed(found.p), p_printed(p), found.verdict(p)) if found else _gap(runs, other)
        table.rows.append((leading, other.label, *cells))
        tell(table, runs, **_record(other, tests, found, p))
    table.notes += METHOD
    return table


def _asked(runs: Runs):
    """Yield (place in print, test sets, the other representation, Comparison or None)."""
    others = [each for each in (*COMPACT, *added(runs)) if each != CAKE_3]
    places = [(display(name), [name]) for name in in_order(runs.tests)]
    if len(places) > 1:
        places.append(("all, by size", list(runs.tests)))
    for place, tests in places:
        for other in others:
            yield place, tests, other, compare(runs, CAKE_3, other, tests)


def _gap(runs: Runs, other: Representation) -> tuple:
    without = [each for each in (other, CAKE_3) if not len(runs.confusions(*each.key))]
    return f"{ABSENT} {why_absent(runs, without[0] if without else other)}", "", "", "", ABSENT


def _record(other: Representation, tests: list, found: Comparison | None, p: float | None) -> dict:
    return {
        "representation": CAKE_3.label,
        "minus": other.label,
        "test": tests[0] if len(tests) == 1 else "all",
        "difference": number(found and 100 * found.difference),
        **{name: number(end) for name, end in interval_ends(found).items()},
        "p": number(found and found.p),
        "p_holm": number(p),
        "verdict": found.verdict(p) if found else "",
    }
