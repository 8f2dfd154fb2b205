"""Tables 1 to 3 of the paper from a results file, the paper's numbers beside ours."""

from dataclasses import dataclass, field

import numpy as np

from data.runs import representation_size
from evaluate import reference
from evaluate.reference import display, in_order
from evaluate.scores import multi_domain, score_of, test_notes, why_absent

COMPACT = (("cake", 3, "CAKE-3"), ("av", 1, "AV1"), ("av", 0, "AV"), ("cake", 2, "CAKE-2"))
BASELINE = ("baseline", 0, "Baseline")
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
            _record(table, runs, label, "macro F1", name, name, score, paper)
    return table


def summary(runs):
    """Figure 4's measure at the sizes of Table 1."""
    table = _table(runs, "multi_domain", "Multi-domain macro F1 in percent (mean weighted by test-set size)", ("Rep.", "Dim.", "F1"), brief=True)
    for family, k, label in (*COMPACT, ("cake-norm", 3, "CAKE-3-Norm"), BASELINE):
        score = multi_domain(runs, family, k)
        table.rows.append((label, str(representation_size(family, k)), _ours(runs, family, k, score)))
        _record(table, runs, label, "multi-domain macro F1", "own", "all", score, None)
    return table


def table_2(runs):
    """The paper's comparison with published systems, in the literature's convention for each data set."""
    names = in_order(runs.tests, reference.TABLE_2_ORDER)
    kinds = [reference.TABLE_2_SCORE.get(name, "accuracy") for name in names]
    table = _table(runs, "table2", "Table 2. Beside published systems, in percent",
                   ("", "Dim.", *(f"{display(name)} ({kind})" for name, kind in zip(names, kinds))))
    if any(name in reference.TABLE_1 for name in names):
        for system, size, values in reference.PUBLISHED:
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
            _record(table, runs, label, kind, name, name, score, reference.TABLE_2[family, k].get(name))
        table.rows.append((f"ours ({label})", str(representation_size(family, k)), *cells))
    return table


def conventions(runs):
    """Every convention from the same runs: papers report RAF-DB as overall accuracy or as mean recall, points apart."""
    table = _table(runs, "conventions", "All conventions, in percent", ("Dataset", "Rep.", "accuracy", "mean recall", "macro F1"), brief=True)
    for name in in_order(runs.tests):
        for position, (family, k, label) in enumerate((*COMPACT, BASELINE)):
            scores = {kind: score_of(runs, family, k, classifier=name, test=name, score=kind) for kind in table.columns[2:]}
            table.rows.append(("" if position else display(name), label, *map(percent, scores.values())))
            for kind, score in scores.items():
                _record(table, runs, label, kind, name, name, score, None)
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
            _record(table, runs, "CAKE-3", "macro F1", classifier, name, score, printed)
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
    for name, text in test_notes(runs):
        rows = runs.provenance.get("training_rows", {}).get(name)
        trained = f"; trained on {rows:,} rows" if rows else ""
        paper = reference.TRAINING_ROWS.get(name)
        yield f"{display(name)}: {text}{trained}{f' (paper {paper:,})' if paper and not runs.toy else ''}"
    count = len({head.run for head in runs.outcomes})
    yield f"mean ± sample deviation over {count} runs of the heads; one backbone underlies all of them" if count > 1 else "a single run: no deviation"
    domains = runs.provenance.get("pretraining")
    if domains:
        yield f"backbone pre-trained on {', '.join(map(display, domains))} (the paper: AffectNet alone)"
    failed = sum(bool(outcome.failure) for outcome in runs.outcomes.values())
    if failed:
        yield f"{failed} heads diverged and are left out"


def _record(table, runs, label, kind, classifier, test, score, paper):
    paper = paper if isinstance(paper, tuple) or paper is None else (paper, None)
    number = lambda value: "" if value is None or np.isnan(value) else f"{100 * value:.4f}"
    table.records.append({
        "table": table.name, "toy": int(runs.toy), "representation": label, "score": kind, "classifier": classifier, "test": test,
        "mean": number(score.mean) if score else "", "deviation": number(score.deviation) if score else "", "runs": score.runs if score else 0,
        "n": len(runs.tests[test].emotion) if test in runs.tests else sum(len(each.emotion) for each in runs.tests.values()),
        "paper": paper[0] if paper else "", "paper_deviation": paper[1] if paper and paper[1] is not None else ""})
