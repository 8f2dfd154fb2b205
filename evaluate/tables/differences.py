"""The table that says whether CAKE-3 is better by more than chance."""

import numpy as np

from evaluate.reference import display, in_order
from evaluate.representations import ABSENT, COMPACT
from evaluate.statistics.comparison import RESAMPLES, compare
from evaluate.statistics.scores import why_absent
from evaluate.tables.table import new_table, number


def differences(runs, resamples):
    """Whether CAKE-3 differs from the other compact representations by more than chance."""
    table = new_table(
        runs,
        "differences",
        "CAKE-3 minus the others: macro F1 in points, 95 % intervals",
        ("On", "minus", "difference", "over runs", "over test rows", ""),
        brief=True,
    )
    for place, tests in (
        *((display(name), [name]) for name in in_order(runs.tests)),
        ("all, by size", list(runs.tests)),
    ):
        for position, (family, k, label) in enumerate(COMPACT[1:]):
            found = compare(runs, COMPACT[0][:2], (family, k), tests, resamples)
            cells = _compared(found) if found else (f"{ABSENT} {why_absent(runs, family, k)}", "", "", "")
            table.rows.append(("" if position else place, label, *cells))
            table.records.append(_as_record(runs, label, tests, found))
    table.notes.append(
        f"over runs: Welch's interval, initialisations alone; over test rows: paired bootstrap, {RESAMPLES:,} "
        "resamples, F1 averaged over runs"
    )
    table.notes.append(
        "supported: both intervals lie on one side of 0. One backbone underlies all runs; another training of it "
        "may differ by more"
    )
    return table


def _compared(found):
    intervals = [
        ABSENT if each is None else f"{100 * each[0]:+.1f} to {100 * each[1]:+.1f}"
        for each in (found.over_runs, found.over_rows)
    ]
    return (f"{100 * found.difference:+.1f}", *intervals, found.verdict)


def _as_record(runs, label, tests, found):
    points = {}
    for kind in ("over_runs", "over_rows"):
        low, high = (found and getattr(found, kind)) or (np.nan, np.nan)
        points |= {f"{kind}_low": number(100 * low), f"{kind}_high": number(100 * high)}
    return {
        "table": "differences",
        "toy": int(runs.toy),
        "representation": COMPACT[0][2],
        "minus": label,
        "test": tests[0] if len(tests) == 1 else "all",
        "difference": number(found and 100 * found.difference),
        **points,
        "verdict": found.verdict if found else "",
    }
