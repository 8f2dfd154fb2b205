"""The table that says whether CAKE-3 is better by more than chance."""

from data.files.runs import Runs
from evaluate.records import number
from evaluate.reference import display, in_order
from evaluate.representations import ABSENT, CAKE_3, COMPACT, Representation
from evaluate.statistics.comparison import RESAMPLES, Comparison, Resamples, compare
from evaluate.statistics.swept import added, why_absent
from evaluate.tables.printed import compared
from evaluate.tables.table import Table, new_table, tell


def differences(runs: Runs, resamples: Resamples) -> Table:
    """Whether CAKE-3 differs from the other compact representations, and from added ones, by more than chance."""
    title = "CAKE-3 minus the others: macro F1 in points, 95 % intervals"
    table = new_table(runs, "differences", title, ("On", "minus", "difference", "over runs", "over test rows", ""))
    others = [each for each in (*COMPACT, *added(runs)) if each != CAKE_3]
    places = [(display(name), [name]) for name in in_order(runs.tests)]
    for place, tests in [*places, ("all, by size", list(runs.tests))]:
        for position, other in enumerate(others):
            found = compare(runs, CAKE_3, other, tests, resamples)
            cells = (*compared(found), found.verdict) if found else (_gap(runs, other), "", "", "")
            table.rows.append(("" if position else place, other.label, *cells))
            tell(table, runs, **_record(other, tests, found))
    table.notes.append(
        f"over runs: Welch's interval, initialisations alone; over test rows: paired bootstrap, {RESAMPLES:,} "
        "resamples, F1 averaged over runs"
    )
    table.notes.append(
        "supported: both intervals lie on one side of 0. One backbone underlies all runs; another training of it "
        "may differ by more"
    )
    return table


def _gap(runs: Runs, other: Representation) -> str:
    without = [each for each in (other, CAKE_3) if not len(runs.confusions(*each.key))]
    return f"{ABSENT} {why_absent(runs, without[0] if without else other)}"


def _record(other: Representation, tests: list, found: Comparison | None) -> dict:
    return {
        "representation": CAKE_3.label,
        "minus": other.label,
        "test": tests[0] if len(tests) == 1 else "all",
        "difference": number(found and 100 * found.difference),
        **ends(found),
        "verdict": found.verdict if found else "",
    }


def ends(found: Comparison | None) -> dict[str, str]:
    """The ends of both intervals of a Comparison in points, for machines; empty where there is none."""
    over_runs = (found and found.over_runs) or (None, None)
    over_rows = (found and found.over_rows) or (None, None)
    names = ("over_runs_low", "over_runs_high", "over_rows_low", "over_rows_high")
    return {name: number(None if end is None else 100 * end) for name, end in zip(names, (*over_runs, *over_rows))}
