"""The paper's claims about its representations, each with whether these runs support it: yes, no or undecided."""

from collections.abc import Iterator
from dataclasses import dataclass

from data.files.runs import Runs
from evaluate.records import number
from evaluate.reference import comparable, display, in_order
from evaluate.representations import ABSENT
from evaluate.statistics.inference.claimed import CLAIMS, Claim
from evaluate.statistics.inference.comparison import Comparison, holm
from evaluate.tables.differences import METHOD
from evaluate.tables.notes import other_classes
from evaluate.tables.printed import compared, p_printed
from evaluate.tables.table import Table, interval_ends, new_table, tell


@dataclass(frozen=True)
class Asked:
    """A claim on some test sets: what was found, or why there is nothing."""

    number: int
    claim: Claim
    place: str
    tests: list
    found: Comparison | str

    @property
    def comparison(self) -> Comparison | None:
        """What was found, where there is something."""
        return None if isinstance(self.found, str) else self.found


def claims(runs: Runs) -> Table:
    """A row for each claim and place: ours, the paper's, the interval, both p, the answer."""
    columns = ("Claim", "on", "ours", "paper", "95 % interval", "p", "p (Holm)", "supported")
    title = "The paper's claims, and whether these runs support them"
    texts = [f"claim {place}: {claim.text}" for place, claim in enumerate(CLAIMS, 1)]
    table = new_table(runs, "claims", title, columns, texts)
    asked = list(_asked(runs))
    corrected = holm([each.comparison and each.comparison.p for each in asked])
    for position, (each, p) in enumerate(zip(asked, corrected)):
        stated = {} if runs.toy else comparable(each.claim.stated, runs.classes)
        paper = stated.get(tuple(sorted(each.tests)))
        first = not position or asked[position - 1].number != each.number
        table.rows.append((str(each.number) if first else "", each.place, *_cells(each, p, paper)))
        tell(table, runs, **_record(each, p, paper))
    if not any(record["paper"] for record in table.records):
        table.columns, table.rows = _without_paper(table.columns), [_without_paper(row) for row in table.rows]
    accuracy = " and ".join(str(place) for place, claim in enumerate(CLAIMS, 1) if claim.score == "accuracy")
    table.notes += [f"differences of macro F1 in points (claims {accuracy}: of accuracy)", *METHOD]
    table.notes += [
        *other_classes(runs),
        "an answer is undecided, too, from a single run or where predictions were not kept; what is read off the "
        "maps of Figure 5 is asked in the report",
    ]
    return table


def _without_paper(row):
    return (*row[:3], *row[4:])


def _asked(runs: Runs) -> Iterator[Asked]:
    """Every claim at each of its places; one without its data has one row for the reason."""
    for position, claim in enumerate(CLAIMS, 1):
        for place, tests in _places(runs, claim):
            found = claim.ask(runs, tests)
            yield Asked(position, claim, "" if isinstance(found, str) else place, tests, found)
            if isinstance(found, str):
                break


def _places(runs: Runs, claim: Claim) -> list[tuple]:
    """(name in print, test sets) where a claim is looked at, all together first."""
    if claim.domain:
        name = claim.domain(runs)
        return [(display(name), [name])] if name else [("", [])]
    each = [(display(name), [name]) for name in in_order(runs.tests)]
    if len(each) == 1:
        return each
    return [("all, by size", list(runs.tests)), *(each if claim.everywhere else [])]


def _cells(asked: Asked, p: float | None, paper: float | None) -> tuple:
    """Ours, the paper's, the interval, both p, the answer."""
    theirs, found = ABSENT if paper is None else f"{paper:+.1f}", asked.comparison
    if found is None:
        return f"{ABSENT} {asked.found}", theirs, "", "", "", ABSENT
    ours, interval = compared(found)
    return ours, theirs, interval, p_printed(found.p), p_printed(p), found.verdict(p)


def _record(asked: Asked, p: float | None, paper: float | None) -> dict:
    found = asked.comparison
    return {
        "claim": asked.claim.text,
        "score": asked.claim.score,
        "test": "all" if len(asked.tests) > 1 else "".join(asked.tests),
        "difference": number(found and 100 * found.difference),
        "paper": number(paper),
        **{name: number(end) for name, end in interval_ends(found).items()},
        "p": number(found and found.p),
        "p_holm": number(p),
        "supported": found.verdict(p) if found else "",
        "absent": "" if found else asked.found,
    }
