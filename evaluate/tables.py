"""Tables 1 to 3 of the paper from a results file, the paper's numbers beside ours."""

from dataclasses import dataclass, field

import numpy as np

from data.runs import representation_size
from evaluate import reference
from evaluate.reference import display, in_order
from evaluate.scores import multi_domain, score_of, test_notes, why_absent

COMPACT = (("cake", 3, "CAKE-3"), ("av", 1, "AV1"), ("av", 0, "AV"), ("cake", 2, "CAKE-2"))
BASELINE = ("baseline", 0, "Baseline")
SHOWN = (*COMPACT, ("cake-norm", 3, "CAKE-3-Norm"), BASELINE)
ABSENT = "–"


@dataclass
class Table:
    """A table as text cells for readers, and as records for machines."""

    name: str
    title: str
    columns: tuple
    rows: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    records: list = field(default_factory=list)  # dicts: one score each, in percent


def all_tables(runs):
    """[Table 1, its multi-domain summary, Table 2, our scores under every convention, Table 3]."""
    return [table_1(runs), summary(runs), table_2(runs), conventions(runs), table_3(runs)]


def percent(score):
    """A Score as printed, such as 58.1 ± 0.5."""
    if score is None:
        return ABSENT
    deviation = ABSENT if np.isnan(score.deviation) else f"{100 * score.deviation:.1f}"
    return f"{100 * score.mean:.1f} ± {deviation}"


def table_1(runs):
    """Macro F1 of the compact representations, each by its data set's own classifier."""
    columns = ("Dataset", "Rep.", "Dim.", "F1", "paper", "difference")
    shown = len(columns) if any(name in reference.TABLE_1 for name in runs.tests) else 4
    table = _table(runs, "table1", "Table 1. Compact representations: macro F1 in percent", columns[:shown])
    for name in in_order(runs.tests):
        for position, (family, k, label) in enumerate(COMPACT):
            score = score_of(runs, family, k, classifier=name, test=name)
            paper = reference.TABLE_1.get(name, {}).get((family, k))
            row = ("" if position else display(name), label, str(representation_size(family, k)),
                   _ours(runs, family, k, score), _printed(paper), difference(score, paper, toy=runs.toy))
            table.rows.append(row[:shown])
            _record(table, runs, (family, k, label), "macro F1", name, name, score, paper)
    table.notes.append("AV: arousal and valence as predicted; AV1: these and one learned dimension")
    if shown > 4 and not runs.toy:
        table.notes.append("difference: ours less the paper's in points, in brackets over the paper's deviation where that is at least 0.1")
    return table


def summary(runs):
    """Figure 4's measure at the sizes of Table 1."""
    table = _table(runs, "multi_domain", "Multi-domain macro F1 in percent, by test-set size", ("Rep.", "Dim.", "F1"), brief=True)
    for family, k, label in SHOWN:
        score = multi_domain(runs, family, k)
        table.rows.append((label, str(representation_size(family, k)), _ours(runs, family, k, score)))
        _record(table, runs, (family, k, label), "multi-domain macro F1", "own", "all", score, None)
    return table


def table_2(runs):
    """The paper's comparison with published systems, in the literature's convention for each data set."""
    names = in_order(runs.tests, reference.TABLE_2_ORDER)
    kinds = [reference.TABLE_2_SCORE.get(name, "accuracy") for name in names]
    known = any(name in reference.TABLE_1 for name in names)
    table = _table(runs, "table2", f"Table 2. {'Beside published systems' if known else 'CAKE-3 and the baseline'}, in percent",
                   ("", "Dim.", *(f"{display(name)} ({kind})" for name, kind in zip(names, kinds))))
    for system, size, values in reference.PUBLISHED:
        if any(name in values for name in names):
            table.rows.append((system, str(size), *(f"{values[name]:.1f}" if name in values else ABSENT for name in names)))
    for family, k, label in (COMPACT[0], BASELINE):
        paper = reference.TABLE_2[family, k]
        if any(name in paper for name in names):
            table.rows.append((f"paper ({label})", str(representation_size(family, k)),
                               *(f"{paper[name]:.1f}" if name in paper else ABSENT for name in names)))
    for family, k, label in (COMPACT[0], BASELINE):
        cells = []
        for name, kind in zip(names, kinds):
            score = score_of(runs, family, k, classifier=name, test=name, score=kind)
            cells.append(_ours(runs, family, k, score))
            _record(table, runs, (family, k, label), kind, name, name, score, reference.TABLE_2[family, k].get(name))
        table.rows.append((f"ours ({label})", str(representation_size(family, k)), *cells))
    return table


def conventions(runs):
    """Every convention from the same runs: papers report RAF-DB as overall accuracy or as mean recall, points apart."""
    table = _table(runs, "conventions", "All conventions, in percent", ("Dataset", "Rep.", "accuracy", "mean recall", "macro F1"), brief=True)
    for name in in_order(runs.tests):
        for position, (family, k, label) in enumerate((*COMPACT, BASELINE)):
            scores = {kind: score_of(runs, family, k, classifier=name, test=name, score=kind) for kind in table.columns[2:]}
            cells = [percent(score) for score in scores.values()] if any(scores.values()) else [_ours(runs, family, k, None), ABSENT, ABSENT]
            table.rows.append(("" if position else display(name), label, *cells))
            for kind, score in scores.items():
                _record(table, runs, (family, k, label), kind, name, name, score, None)
    return table


def table_3(runs):
    """Cross-database evaluation of CAKE-3: every classifier on every test set."""
    names = in_order(runs.tests)
    table = _table(runs, "table3", "Table 3. CAKE-3 across databases: macro F1 in percent",
                   ("Classifier", *(f"on {display(name)}" for name in names)))
    for classifier in names:
        scores = [score_of(runs, "cake", 3, classifier=classifier, test=name) for name in names]
        table.rows.append((display(classifier), *(_ours(runs, "cake", 3, score) for score in scores)))
        paper = [reference.TABLE_3.get(classifier, {}).get(name) for name in names]
        if any(paper):
            table.rows.append(("  paper", *map(_printed, paper)))
        for name, score, printed in zip(names, scores, paper):
            _record(table, runs, COMPACT[0], "macro F1", classifier, name, score, printed)
    if "rafdb" in names and not runs.toy:
        table.notes.append(reference.PRINTED_TWICE)
    return table


def difference(score, paper, *, toy):
    """Ours less the paper's in points, and in its deviations where that is at least 0.1; nothing for toy data."""
    if score is None or paper is None or toy:
        return "toy" if toy and paper else ABSENT
    points = 100 * score.mean - paper[0]
    return f"{points:+.1f}" + (f" ({points / paper[1]:+.1f} dev.)" if paper[1] >= 0.1 else "")


def _ours(runs, family, k, score):
    return percent(score) if score else f"{ABSENT} {why_absent(runs, family, k)}"


def _printed(paper):
    return f"{paper[0]:.1f} ± {paper[1]:.1f}" if paper else ABSENT


def _table(runs, name, title, columns, *, brief=False):
    prefix = "TOY DATA, no measure of anything real. " if runs.toy else ""
    return Table(name, prefix + title, columns, notes=[] if brief else list(_notes(runs)))


def _notes(runs):
    tests = dict(test_notes(runs))
    for name in in_order(tests):
        rows = runs.provenance.get("training_rows", {}).get(name)
        trained = f"; trained on {rows:,} rows" if rows else ""
        paper = reference.TRAINING_ROWS.get(name)
        yield f"{display(name)}: {tests[name]}{trained}{f' (paper {paper:,})' if paper and not runs.toy else ''}"
    # Of the representations shown: a sweep of other sizes may have had more runs.
    shown = {(family, k) for family, k, _ in SHOWN}
    count = len({head.run for head in runs.outcomes if (head.family, head.k) in shown})
    yield f"mean ± sample deviation over {count} runs of the heads; one backbone underlies all of them" if count > 1 else "a single run: no deviation"
    domains = runs.provenance.get("pretraining")
    if domains:
        yield f"backbone pre-trained on {', '.join(map(display, domains))} (the paper: AffectNet alone)"
    failed = sum(bool(outcome.failure) for outcome in runs.outcomes.values())
    if failed:
        fewer = [f"{label} over {scored} of {tried}" for label, scored, tried in _incomplete(runs)]
        yield (f"{failed} head{'s' if failed > 1 else ''} diverged and {'are' if failed > 1 else 'is'} left out"
               + (f"; runs scored: {', '.join(fewer)}" if fewer else ""))


def _incomplete(runs):
    """(label, runs scored, runs tried) of each representation of the tables that lost a run."""
    for family, k, label in SHOWN:
        tried = sum((head.family, head.k) == (family, k) for head in runs.outcomes)
        scored = len(runs.confusions(family, k))
        if scored < tried:
            yield label, scored, tried


def _record(table, runs, representation, kind, classifier, test, score, paper):
    """One score for machines, in percent; `absent` says why there is none."""
    family, k, label = representation
    paper, paper_deviation = paper if isinstance(paper, tuple) else (paper, None)
    comparable = score and paper is not None and not runs.toy
    rows = [runs.tests[test]] if test in runs.tests else runs.tests.values()
    table.records.append({
        "table": table.name, "toy": int(runs.toy), "representation": label, "dimensions": representation_size(family, k),
        "score": kind, "classifier": classifier, "test": test,
        "mean": _number(score and 100 * score.mean), "deviation": _number(score and 100 * score.deviation),
        "runs": score.runs if score else 0, "n": sum(len(each.emotion) for each in rows),
        "paper": "" if paper is None else paper, "paper_deviation": "" if paper_deviation is None else paper_deviation,
        "difference": _number(100 * score.mean - paper if comparable else None),
        "absent": "" if score else why_absent(runs, family, k)})


def _number(value):
    return "" if value is None or np.isnan(value) else f"{value:.4f}"
