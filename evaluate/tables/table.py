"""One table: text cells for readers, records for machines, and the notes on what stands under both."""

from dataclasses import dataclass, field

import numpy as np

from data.files.runs import representation_size
from evaluate import reference
from evaluate.reference import display, in_order
from evaluate.representations import ABSENT, COMPACT, SHOWN, TOY
from evaluate.statistics.scores import score_of, test_notes, undetected, why_absent


@dataclass
class Table:
    """A table as text cells for readers, and as records for machines."""

    name: str
    title: str
    columns: tuple
    rows: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    records: list = field(default_factory=list)  # dicts: one score each, in percent


def percent(score):
    """A Score as printed, such as 58.1 ± 0.5."""
    if score is None:
        return ABSENT
    deviation = ABSENT if np.isnan(score.deviation) else f"{100 * score.deviation:.1f}"
    return f"{100 * score.mean:.1f} ± {deviation}"


def ours(runs, family, k, score):
    return percent(score) if score else f"{ABSENT} {why_absent(runs, family, k)}"


def interval_printed(score):
    return ABSENT if score is None or score.interval is None else "{:.1f} to {:.1f}".format(*interval(score))


def printed(paper):
    return f"{paper[0]:.1f} ± {paper[1]:.1f}" if paper else ABSENT


def new_table(runs, name, title, columns, *, brief=False):
    return Table(name, TOY * runs.toy + title, columns, notes=[] if brief else list(notes(runs)))


def gap(runs, table, reason):
    """A table that cannot be made, with the reason where its rows would stand."""
    table.rows, table.columns, table.notes = [], (ABSENT,), [reason, *table.notes]
    table.records = [{"table": table.name, "toy": int(runs.toy), "absent": reason}]
    return table


def notes(runs):
    tests = dict(test_notes(runs))
    for name in in_order(tests):
        rows = runs.provenance.get("training_rows", {}).get(name)
        trained = f"; trained on {rows:,} rows" if rows else ""
        paper = reference.TRAINING_ROWS.get(name)
        yield f"{display(name)}: {tests[name]}{trained}{f' (paper {paper:,})' if paper and not runs.toy else ''}"
    # Of the representations shown: a sweep of other sizes may have had more runs.
    shown = {(family, k) for family, k, _ in SHOWN}
    count = len({head.run for head in runs.outcomes if (head.family, head.k) in shown})
    yield (
        f"mean ± sample deviation over {count} runs of the heads; one backbone underlies all of them"
        if count > 1
        else "a single run: no deviation"
    )
    if any(undetected(test).any() for test in runs.tests.values()):
        yield (
            f"with images without a face counted wrong, CAKE-3 has macro F1 {_lowered(runs)}; the CSV gives "
            "every score so"
        )
    domains = runs.provenance.get("pretraining")
    if domains:
        yield f"backbone pre-trained on {', '.join(map(display, domains))} (the paper: AffectNet alone)"
    failed = sum(bool(outcome.failure) for outcome in runs.outcomes.values())
    if failed:
        fewer = [f"{label} over {scored} of {tried}" for label, scored, tried in _incomplete(runs)]
        yield (
            f"{failed} head{'s' if failed > 1 else ''} diverged and {'are' if failed > 1 else 'is'} left out"
            + (f"; runs scored: {', '.join(fewer)}" if fewer else "")
        )


def _lowered(runs):
    """CAKE-3's macro F1 on each test set, faces not found counted wrong."""
    scores = {name: score_of(runs, *COMPACT[0][:2], classifier=name, test=name) for name in in_order(runs.tests)}
    return ", ".join(
        f"{ABSENT if score is None else f'{100 * score.undetected_wrong:.1f}'} on {display(name)}"
        for name, score in scores.items()
    )


def _incomplete(runs):
    """(label, runs scored, runs tried) of each representation of the tables that lost a run."""
    for family, k, label in SHOWN:
        tried = sum((head.family, head.k) == (family, k) for head in runs.outcomes)
        scored = len(runs.confusions(family, k))
        if scored < tried:
            yield label, scored, tried


def record(table, runs, representation, kind, classifier, test, score, paper):
    """One score for machines, in percent; `absent` says why there is none. A published system has no family, and its
    size for k."""
    family, k, label = representation
    paper, paper_deviation = paper if isinstance(paper, tuple) else (paper, None)
    comparable = score and paper is not None and not runs.toy
    rows = [runs.tests[test]] if test in runs.tests else runs.tests.values()
    table.records.append(
        {
            "table": table.name,
            "toy": int(runs.toy),
            "representation": label,
            "dimensions": representation_size(family, k) if family else k,
            "score": kind,
            "classifier": classifier,
            "test": test,
            "mean": number(score and 100 * score.mean),
            "deviation": number(score and 100 * score.deviation),
            **dict(zip(("interval_low", "interval_high"), map(number, interval(score)))),
            "undetected_wrong": number(score and 100 * score.undetected_wrong),
            "runs": score.runs if score else 0,
            "n": sum(len(each.emotion) for each in rows),
            "paper": "" if paper is None else paper,
            "paper_deviation": "" if paper_deviation is None else paper_deviation,
            "difference": number(100 * score.mean - paper if comparable else None),
            "difference_in_deviations": number(
                (100 * score.mean - paper) / paper_deviation if comparable and (paper_deviation or 0) >= 0.1 else None
            ),
            "absent": "" if score else why_absent(runs, family, k) if family else "published",
        }
    )


def interval(score):
    return (None, None) if score is None or score.interval is None else [100 * end for end in score.interval]


def number(value):
    return "" if value is None or np.isnan(value) else f"{value:.4f}"
