"""One table: text cells for readers, records for machines, and the notes on what stands under both."""

from dataclasses import dataclass, field

from data.files.runs import Runs
from evaluate.records import number
from evaluate.representations import TOY, Representation
from evaluate.statistics.inference.comparison import Comparison
from evaluate.statistics.scores import Score
from evaluate.statistics.swept import why_absent

NOT_SHOWN = "not shown"  # stands where LaTeX must have a column


@dataclass
class Table:
    """A table as text cells for readers, and as records for machines."""

    name: str
    title: str
    columns: tuple
    rows: list = field(default_factory=list)  # tuples of text, as many as columns; an empty first cell goes on a group
    notes: list = field(default_factory=list)
    records: list = field(default_factory=list)  # dicts: one score each, in percent


def new_table(runs: Runs, name: str, title: str, columns: tuple, notes: list | tuple = ()) -> Table:
    """An empty table, marked where the data are toys."""
    return Table(name, TOY * runs.toy + title, columns, notes=list(notes))


def gap(runs: Runs, table: Table, reason: str) -> Table:
    """A table that cannot be made, with the reason where its rows would stand."""
    table.rows, table.columns, table.notes = [], (NOT_SHOWN,), [reason, *table.notes]
    table.records = []
    tell(table, runs, absent=reason)
    return table


def tell(table: Table, runs: Runs, /, **fields) -> None:
    """Add one record, named after its table and marked where the data are toys."""
    table.records.append({"table": table.name, "toy": int(runs.toy), **fields})


def tell_score(
    table: Table,
    runs: Runs,
    representation: Representation,
    *,
    kind: str,
    classifier: str,
    test: str,
    score: Score | None,
    paper: tuple | float | None = None,
) -> None:
    """Add one score in percent, the paper's (mean, deviation) or mean beside it; `absent` says why there is none."""
    what = {"representation": representation.label, "dimensions": representation.size(runs.features)}
    where = {"score": kind, "classifier": classifier, "test": test}
    absent = "" if score else why_absent(runs, representation)
    tell(table, runs, **what, **where, **_numbers(runs, test, score, paper), absent=absent)


def tell_published(table: Table, runs: Runs, system: str, size: int, *, kind: str, test: str, paper: float) -> None:
    """Add one score of a published system, in percent."""
    what = {"representation": system, "dimensions": size}
    where = {"score": kind, "classifier": test, "test": test}
    tell(table, runs, **what, **where, **_numbers(runs, test, None, paper), absent="published")


def _numbers(runs, test, score, paper):
    """What a record of a score holds in numbers; `test` is a test set, or a word for all of them."""
    paper, paper_deviation = paper if isinstance(paper, tuple) else (paper, None)
    tests = [runs.tests[test]] if test in runs.tests else runs.tests.values()
    difference = 100 * score.mean - paper if score and paper is not None and not runs.toy else None
    in_deviations = difference is not None and paper_deviation is not None and paper_deviation >= 0.1
    return {
        "mean": number(score and 100 * score.mean),
        "deviation": number(score and 100 * score.deviation),
        **{name: number(end) for name, end in interval_ends(score).items()},
        "undetected_wrong": number(score and 100 * score.undetected_wrong),
        "runs": score.runs if score else 0,
        "n": sum(len(each.emotion) for each in tests),
        "paper": "" if paper is None else paper,
        "paper_deviation": "" if paper_deviation is None else paper_deviation,
        "difference": number(difference),
        "difference_in_deviations": number(difference / paper_deviation if in_deviations else None),
    }


def interval_ends(found: Score | Comparison | None) -> dict[str, float | None]:
    """The ends of the 95 % intervals in percent, over runs and rows together and over each; None where missing."""
    ends = {}
    for name, kind in (("interval", "both"), ("over_runs", "over_runs"), ("over_rows", "over_rows")):
        low, high = (found and getattr(found, kind)) or (None, None)
        ends |= {
            f"{name}_low": None if low is None else 100 * low,
            f"{name}_high": None if high is None else 100 * high,
        }
    return ends
