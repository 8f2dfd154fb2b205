"""The paper's claims about its representations, each with whether these runs support it: yes, no or undecided."""

from dataclasses import dataclass

from data.files.runs import Runs
from data.heads import ANNOTATED as ON_ANNOTATIONS
from evaluate import reference
from evaluate.records import number
from evaluate.reference import display, in_order
from evaluate.representations import (
    ABSENT,
    ANNOTATED,
    ANNOTATED_1,
    AV,
    AV_1,
    CAKE_2,
    CAKE_3,
    CAKE_3_NORM,
    Representation,
)
from evaluate.statistics.annotated import domain_of
from evaluate.statistics.comparison import Comparison, Resamples, compare
from evaluate.statistics.scores import SCORES
from evaluate.statistics.swept import why_absent
from evaluate.tables.differences import ends
from evaluate.tables.printed import compared
from evaluate.tables.table import Table, new_table, tell

ANSWERS = {"supported": "yes", "worse, supported": "no"}  # of a Comparison; anything else leaves it undecided


@dataclass(frozen=True)
class Claim:
    """One representation is said to be better than another."""

    text: str
    first: Representation
    second: Representation
    score: str = "macro F1"
    stated: float | None = None  # the gap in points where the paper gives it in words alone

    def on_annotations(self) -> bool:
        """Whether it is asked of annotated arousal-valence, so of one data set alone."""
        return self.first.family.arousal_valence == ON_ANNOTATIONS


CLAIMS = (
    Claim("Of two dimensions, AV is better than CAKE-2", AV, CAKE_2),
    Claim("Of three dimensions, CAKE-3 is better than AV1", CAKE_3, AV_1),
    Claim("A third learned dimension gains: CAKE-3 over CAKE-2", CAKE_3, CAKE_2),
    Claim("A dimension added to predicted arousal-valence gains: AV1 over AV", AV_1, AV),
    Claim(
        "A dimension added to annotated arousal-valence gains (Section 2.1)", ANNOTATED_1, ANNOTATED, "accuracy", 3.0
    ),
    Claim("CAKE-3-Norm is below CAKE-3", CAKE_3, CAKE_3_NORM, "macro F1", 2.0),
)


def claims(runs: Runs, resamples: Resamples) -> Table:
    """A row for each claim and place: ours, the paper's, both intervals, the answer."""
    table = new_table(
        runs,
        "claims",
        "The paper's claims, and whether these runs support them",
        ("Claim", "on", "ours", "paper", "over runs", "over rows", "supported"),
        [f"claim {number_of}: {claim.text}" for number_of, claim in enumerate(CLAIMS, 1)],
    )
    for number_of, claim in enumerate(CLAIMS, 1):
        for position, (place, tests) in enumerate(_places(runs, claim)):
            found = _asked(runs, claim, tests, resamples)
            paper = None if runs.toy else paper_gap(claim, tests)
            leading = "" if position else f"{number_of}"
            table.rows.append((leading, place, *_cells(runs, claim, found, paper)))
            tell(table, runs, **_record(runs, claim, tests, found, paper))
    if not any(record["paper"] for record in table.records):
        table.columns, table.rows = _without_paper(table.columns), [_without_paper(row) for row in table.rows]
    table.notes += [
        "differences of macro F1 in points (claim 5: of accuracy), with 95 % intervals: over initialisations by "
        "Welch, over test rows by paired bootstrap of the stored predictions",
        "yes: both intervals lie above 0; no: both lie below; else undecided",
    ]
    return table


def _without_paper(row):
    return (*row[:3], *row[4:])


def _places(runs: Runs, claim: Claim) -> list[tuple]:
    """(name in print, test sets) where a claim is looked at; one without its data has one row for the gap."""
    if claim.on_annotations():
        name = domain_of(runs)
        return [(display(name), [name])] if name else [("", [])]
    if not all(len(runs.confusions(*each.key)) for each in (claim.first, claim.second)):
        return [("", [])]
    each = [(display(name), [name]) for name in in_order(runs.tests)]
    return [("all, by size", list(runs.tests)), *each] if len(each) > 1 else each


def _asked(runs: Runs, claim: Claim, tests: list, resamples: Resamples) -> Comparison | None:
    return compare(runs, claim.first, claim.second, tests, resamples, score=SCORES[claim.score]) if tests else None


def answer(comparison: Comparison) -> str:
    """yes, no or undecided."""
    return ANSWERS.get(comparison.verdict, "undecided")


def paper_gap(claim: Claim, tests: list) -> float | None:
    """The paper's gap in points on these test sets, from Table 1 or as stated in words; None where it says nothing."""
    table = reference.TABLE_1.get(tests[0], {}) if len(tests) == 1 else {}
    if claim.first.key in table and claim.second.key in table:
        return table[claim.first.key][0] - table[claim.second.key][0]
    of_the_paper = tests == ["affectnet"] if claim.on_annotations() else set(tests) <= reference.TABLE_1.keys()
    return claim.stated if of_the_paper else None


def _cells(runs: Runs, claim: Claim, found: Comparison | None, paper: float | None) -> tuple:
    """Ours, the paper's, both intervals, the answer."""
    theirs = ABSENT if paper is None else f"{paper:+.1f}"
    if found is None:
        return f"{ABSENT} {_why(runs, claim)}", theirs, "", "", ABSENT
    ours, *intervals = compared(found)
    return ours, theirs, *intervals, answer(found)


def _why(runs: Runs, claim: Claim) -> str:
    missing = [each for each in (claim.first, claim.second) if not len(runs.confusions(*each.key))]
    return why_absent(runs, missing[0]) if missing else "not swept"


def _record(runs: Runs, claim: Claim, tests: list, found: Comparison | None, paper: float | None) -> dict:
    return {
        "claim": claim.text,
        "score": claim.score,
        "test": "all" if len(tests) > 1 else "".join(tests),
        "difference": number(found and 100 * found.difference),
        "paper": number(paper),
        **ends(found),
        "supported": answer(found) if found else "",
        "absent": "" if found else _why(runs, claim),
    }
