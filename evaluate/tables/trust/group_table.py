"""Scores by group of people, and the largest gap of each attribute: where the test rows say who is in them."""

import numpy as np

from data.files.runs import Runs
from evaluate.records import number
from evaluate.reference import display, in_order
from evaluate.representations import BASELINE, CAKE_3
from evaluate.statistics.inference.measured import predictions
from evaluate.statistics.trust.group_scores import (
    FEWEST,
    PERMUTATIONS,
    SCORES,
    Gap,
    GroupedRows,
    GroupScore,
    attributes,
)
from evaluate.tables.table import Table, new_table, tell

COMPARED = (CAKE_3, BASELINE)  # whether compactness costs some groups more than others


def group_tables(runs: Runs, generator: np.random.Generator) -> list[Table]:
    """[scores of CAKE-3 by group, largest gaps]; empty where no test set tells two groups apart."""
    scores = new_table(
        runs,
        "groups",
        f"{CAKE_3.label} by group of people: own classifiers, in percent, with 95 % intervals",
        ("On", "Attribute", "Group", "n", *SCORES),
    )
    gaps = new_table(
        runs,
        "group_gaps",
        "The largest gap between the groups of an attribute, in points",
        ("On", "Attribute", "Rep.", "Score", "gap", "95 % interval", "by chance (95 %)", "best and worst"),
    )
    for name in in_order(runs.tests):
        for representation in COMPARED:
            if attributes(runs.tests[name]) and len(predictions(runs, representation, name, name)):
                _add(scores, gaps, runs, name, representation, generator)
    if not gaps.rows and not scores.rows:
        return []
    _say(scores, gaps)
    return [table for table in (scores, gaps) if table.rows]


def _add(scores, gaps, runs, name, representation, generator):
    """The rows of one test set and representation."""
    rows = GroupedRows(runs, representation, name, generator)
    for attribute, values in attributes(runs.tests[name]).items():
        scored = {kind: list(rows.of_groups(values, score)) for kind, score in SCORES.items()}
        if representation == CAKE_3:
            _add_groups(scores, runs, name, attribute, scored)
        for kind, score in SCORES.items():
            found = rows.gap(values, scored[kind], score)
            if found:
                _add_gap(gaps, runs, name, attribute, representation.label, kind, found)


def _add_groups(table: Table, runs: Runs, name: str, attribute: str, scored: dict[str, list[GroupScore]]) -> None:
    for position, several in enumerate(zip(*scored.values())):
        first, cells = several[0], [_printed(one) for one in several]
        leading = ("", "") if position else (display(name), attribute)
        table.rows.append((*leading, first.group, f"{first.n:,}", *cells))
        for kind, one in zip(scored, several):
            ends = {"interval_low": number(100 * one.interval[0]), "interval_high": number(100 * one.interval[1])}
            what = {"test": name, "attribute": attribute, "group": one.group, "n": one.n, "classes": one.classes}
            tell(table, runs, **what, score=kind, mean=number(100 * one.value), **ends)


def _printed(one: GroupScore) -> str:
    low, high = one.interval
    return f"{100 * one.value:.1f} ({100 * low:.1f} to {100 * high:.1f})"


def _add_gap(table: Table, runs: Runs, name: str, attribute: str, label: str, kind: str, found: Gap) -> None:
    low, high, chance = (100 * value for value in (*found.interval, found.by_chance))
    value, groups = 100 * found.value, f"{found.best.group}, {found.worst.group}"
    table.rows.append(
        (display(name), attribute, label, kind, f"{value:.1f}", f"{low:+.1f} to {high:+.1f}", f"{chance:.1f}", groups)
    )
    what = {"test": name, "attribute": attribute, "representation": label, "score": kind, "gap": number(value)}
    ends = {"interval_low": number(low), "interval_high": number(high), "by_chance": number(chance)}
    tell(table, runs, **what, **ends, best=found.best.group, worst=found.worst.group)


def _say(scores: Table, gaps: Table) -> None:
    scores.notes += [
        "intervals: over initialisations and the group's rows, those of one person or clip together where known",
        "macro F1 averages the classes that a group has rows of (the CSV says how many); groups differ in their "
        "classes, so look at both scores",
        "rows whose group is not known are left out, and so are images in which no face was found",
    ]
    gaps.notes += [
        f"of groups with at least {FEWEST} rows, for macro F1 those with every class of the test set; the interval is "
        "of the two groups named",
        f"by chance: what 95 % of the largest gaps stay below where groups are dealt out at random, {PERMUTATIONS} "
        "times; the largest of several gaps is large by chance too",
    ]
