"""The paper's claims about its representations, each with whether these runs support it: yes, no or undecided."""

from dataclasses import dataclass

import numpy as np

from data import metrics
from evaluate import reference
from evaluate.reference import display, in_order
from evaluate.representations import ABSENT
from evaluate.statistics.annotated import domain_of
from evaluate.statistics.comparison import compare
from evaluate.statistics.scores import why_absent
from evaluate.tables.table import new_table, number

ANSWERS = {"supported": "yes", "worse, supported": "no"}  # of a Comparison; anything else leaves it undecided


@dataclass(frozen=True)
class Claim:
    """One representation is said to be better than another."""

    text: str
    first: tuple  # (family, k)
    second: tuple
    score: str = "macro F1"
    stated: float | None = None  # the gap in points where the paper gives it in words alone


CLAIMS = (
    Claim("Of two dimensions, AV is better than CAKE-2", ("av", 0), ("cake", 2)),
    Claim("Of three dimensions, CAKE-3 is better than AV1", ("cake", 3), ("av", 1)),
    Claim("A third learned dimension gains: CAKE-3 over CAKE-2", ("cake", 3), ("cake", 2)),
    Claim("A dimension added to predicted arousal-valence gains: AV1 over AV", ("av", 1), ("av", 0)),
    Claim(
        "A dimension added to annotated arousal-valence gains (Section 2.1)",
        ("av-true", 1),
        ("av-true", 0),
        "accuracy",
        3.0,
    ),
    Claim("CAKE-3-Norm is below CAKE-3", ("cake", 3), ("cake-norm", 3), "macro F1", 2.0),
)
SCORES = {"macro F1": metrics.macro_f1_score, "accuracy": metrics.accuracy_score}


def claims(runs, resamples):
    """A row for each claim and place: ours, the paper's, both intervals, the answer."""
    table = new_table(
        runs,
        "claims",
        "The paper's claims, and whether these runs support them",
        ("Claim", "on", "ours", "paper", "over runs", "over rows", "supported"),
        brief=True,
    )
    for number_of, claim in enumerate(CLAIMS, 1):
        table.notes.append(f"claim {number_of}: {claim.text}")
        for position, (place, tests) in enumerate(_places(runs, claim)):
            found = (
                compare(runs, claim.first, claim.second, tests, resamples, score=SCORES[claim.score]) if tests else None
            )
            paper = None if runs.toy else _paper(claim, tests)
            cells = _cells(found) if found else (f"{ABSENT} {_why(runs, claim)}", "", "", ABSENT)
            table.rows.append(
                (
                    "" if position else f"{number_of}",
                    place,
                    cells[0],
                    ABSENT if paper is None else f"{paper:+.1f}",
                    *cells[1:],
                )
            )
            table.records.append(_record(runs, claim, tests, found, paper))
    if not any(record["paper"] for record in table.records):
        table.columns, table.rows = _without_paper(table.columns), [_without_paper(row) for row in table.rows]
    table.notes += [
        "differences of macro F1 in points (claim 5: of accuracy), with 95 % intervals: over initialisations by "
        "Welch, over test rows by "
        "paired bootstrap of the stored predictions",
        "yes: both intervals lie above 0; no: both lie below; else undecided",
    ]
    return table


def _without_paper(row):
    return (*row[:3], *row[4:])


def _places(runs, claim):
    """(name in print, test sets) where a claim is looked at; one without its data has one row for the gap."""
    if claim.first[0] == "av-true":
        name = domain_of(runs)
        return [(display(name), [name])] if name else [("", [])]
    if not all(len(runs.confusions(*pair)) for pair in (claim.first, claim.second)):
        return [("", [])]
    each = [(display(name), [name]) for name in in_order(runs.tests)]
    return [("all, by size", list(runs.tests)), *each] if len(each) > 1 else each


def answer(comparison):
    """yes, no or undecided."""
    return ANSWERS.get(comparison.verdict, "undecided")


def _paper(claim, tests):
    """The paper's gap in points on one test set, from Table 1 or as stated in words; None where it says nothing."""
    table = reference.TABLE_1.get(tests[0], {}) if len(tests) == 1 else {}
    if claim.first in table and claim.second in table:
        return table[claim.first][0] - table[claim.second][0]
    of_the_paper = tests == ["affectnet"] if claim.first[0] == "av-true" else set(tests) <= reference.TABLE_1.keys()
    return claim.stated if of_the_paper else None


def _cells(found):
    intervals = [
        ABSENT if each is None else f"{100 * each[0]:+.1f} to {100 * each[1]:+.1f}"
        for each in (found.over_runs, found.over_rows)
    ]
    return f"{100 * found.difference:+.1f}", *intervals, answer(found)


def _why(runs, claim):
    return next(
        (why_absent(runs, *pair) for pair in (claim.first, claim.second) if not len(runs.confusions(*pair))),
        "not swept",
    )


def _record(runs, claim, tests, found, paper):
    ends = {}
    for kind in ("over_runs", "over_rows"):
        low, high = (found and getattr(found, kind)) or (np.nan, np.nan)
        ends |= {f"{kind}_low": number(100 * low), f"{kind}_high": number(100 * high)}
    return {
        "table": "claims",
        "toy": int(runs.toy),
        "claim": claim.text,
        "score": claim.score,
        "test": "all" if len(tests) > 1 else "".join(tests),
        "difference": number(found and 100 * found.difference),
        "paper": number(paper),
        **ends,
        "supported": answer(found) if found else "",
        "absent": "" if found else _why(runs, claim),
    }
