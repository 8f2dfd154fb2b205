"""Tables 1 to 3 of the paper from a results file, the paper's numbers beside ours."""

import numpy as np

from data.files.runs import representation_size
from evaluate import reference
from evaluate.reference import display, in_order
from evaluate.representations import ABSENT, BASELINE, COMPACT, SHOWN
from evaluate.statistics.comparison import Resamples
from evaluate.statistics.scores import multi_domain, score_of
from evaluate.tables.claims import claims
from evaluate.tables.differences import differences
from evaluate.tables.section_2_1 import section_2_1
from evaluate.tables.table import interval_printed, new_table, ours, percent, printed, record


def all_tables(runs):
    """[Table 1, its multi-domain summary, what differs, the paper's claims, Table 2, our scores under every convention,
    Table 3, Section 2.1]."""
    resamples = Resamples(runs, np.random.default_rng(0))  # the same draws whenever the same file is read
    return [
        table_1(runs),
        summary(runs),
        differences(runs, resamples),
        claims(runs, resamples),
        table_2(runs),
        conventions(runs),
        table_3(runs),
        section_2_1(runs),
    ]


def table_1(runs):
    """Macro F1 of the compact representations, each by its data set's own classifier."""
    columns = ("Dataset", "Rep.", "Dim.", "F1", "95 % interval", "paper", "difference")
    shown = len(columns) if any(name in reference.TABLE_1 for name in runs.tests) else 5
    table = new_table(runs, "table1", "Table 1. Compact representations: macro F1 in percent", columns[:shown])
    for name in in_order(runs.tests):
        for position, (family, k, label) in enumerate(COMPACT):
            score = score_of(runs, family, k, classifier=name, test=name)
            paper = reference.TABLE_1.get(name, {}).get((family, k))
            row = (
                "" if position else display(name),
                label,
                str(representation_size(family, k)),
                ours(runs, family, k, score),
                interval_printed(score),
                printed(paper),
                difference(score, paper, toy=runs.toy),
            )
            table.rows.append(row[:shown])
            record(table, runs, (family, k, label), "macro F1", name, name, score, paper)
    table.notes.append("AV: arousal and valence as predicted; AV1: these and one learned dimension")
    if shown > 5 and not runs.toy:
        table.notes.append(
            "difference: ours minus the paper's in points, in brackets over the paper's deviation where that is at "
            "least 0.1"
        )
    return table


def summary(runs):
    """Figure 4's measure at the sizes of Table 1."""
    table = new_table(
        runs, "multi_domain", "Multi-domain macro F1 in percent, by test-set size", ("Rep.", "Dim.", "F1"), brief=True
    )
    for family, k, label in SHOWN:
        score = multi_domain(runs, family, k)
        table.rows.append((label, str(representation_size(family, k)), ours(runs, family, k, score)))
        record(table, runs, (family, k, label), "multi-domain macro F1", "own", "all", score, None)
    return table


def table_2(runs):
    """The paper's comparison with published systems, in the literature's convention for each data set."""
    names = in_order(runs.tests, reference.TABLE_2_ORDER)
    kinds = [reference.TABLE_2_SCORE.get(name, "accuracy") for name in names]
    known = any(name in reference.TABLE_1 for name in names)
    table = new_table(
        runs,
        "table2",
        f"Table 2. {'Beside published systems' if known else 'CAKE-3 and the baseline'}, in percent",
        ("", "Dim.", *(f"{display(name)} ({kind})" for name, kind in zip(names, kinds))),
    )
    for system, size, values in reference.PUBLISHED:
        if any(name in values for name in names):
            table.rows.append(
                (system, str(size), *(f"{values[name]:.1f}" if name in values else ABSENT for name in names))
            )
            for name, kind in ((name, kind) for name, kind in zip(names, kinds) if name in values):
                record(table, runs, (None, size, system), kind, name, name, None, values[name])
    for family, k, label in (COMPACT[0], BASELINE):
        paper = reference.TABLE_2[family, k]
        if any(name in paper for name in names):
            table.rows.append(
                (
                    f"paper ({label})",
                    str(representation_size(family, k)),
                    *(f"{paper[name]:.1f}" if name in paper else ABSENT for name in names),
                )
            )
    for family, k, label in (COMPACT[0], BASELINE):
        scores = [score_of(runs, family, k, classifier=name, test=name, score=kind) for name, kind in zip(names, kinds)]
        paper = [reference.TABLE_2[family, k].get(name) for name in names]
        size = str(representation_size(family, k))
        table.rows.append((f"ours ({label})", size, *(ours(runs, family, k, score) for score in scores)))
        if any(paper) and not runs.toy:
            gaps = [
                difference(score, (theirs, 0) if theirs else None, toy=False) for score, theirs in zip(scores, paper)
            ]
            table.rows.append(("  minus the paper's", size, *gaps))
        for name, kind, score, theirs in zip(names, kinds, scores, paper):
            record(table, runs, (family, k, label), kind, name, name, score, theirs)
    return table


def conventions(runs):
    """Every convention from the same runs: papers report RAF-DB as overall accuracy or as mean recall, points apart."""
    table = new_table(
        runs,
        "conventions",
        "All conventions, in percent",
        ("Dataset", "Rep.", "accuracy", "mean recall", "macro F1"),
        brief=True,
    )
    for name in in_order(runs.tests):
        for position, (family, k, label) in enumerate((*COMPACT, BASELINE)):
            scores = {
                kind: score_of(runs, family, k, classifier=name, test=name, score=kind) for kind in table.columns[2:]
            }
            cells = (
                [percent(score) for score in scores.values()]
                if any(scores.values())
                else [ours(runs, family, k, None), ABSENT, ABSENT]
            )
            table.rows.append(("" if position else display(name), label, *cells))
            for kind, score in scores.items():
                record(table, runs, (family, k, label), kind, name, name, score, None)
    return table


def table_3(runs):
    """Cross-database evaluation of CAKE-3: every classifier on every test set."""
    names = in_order(runs.tests)
    table = new_table(
        runs,
        "table3",
        "Table 3. CAKE-3 across databases: macro F1 in percent",
        ("Classifier", *(f"on {display(name)}" for name in names)),
    )
    for classifier in names:
        scores = [score_of(runs, "cake", 3, classifier=classifier, test=name) for name in names]
        table.rows.append((display(classifier), *(ours(runs, "cake", 3, score) for score in scores)))
        paper = [reference.TABLE_3.get(classifier, {}).get(name) for name in names]
        if any(paper):
            table.rows.append(("  paper", *map(printed, paper)))
        if any(paper) and not runs.toy:
            table.rows.append(
                ("  difference", *(difference(score, theirs, toy=False) for score, theirs in zip(scores, paper)))
            )
        for name, score, theirs in zip(names, scores, paper):
            record(table, runs, COMPACT[0], "macro F1", classifier, name, score, theirs)
    if "rafdb" in names and not runs.toy:
        table.notes.append(reference.PRINTED_TWICE)
    return table


def difference(score, paper, *, toy):
    """Ours minus the paper's in points, and in its deviations where that is at least 0.1; nothing for toy data."""
    if score is None or paper is None or toy:
        return "toy" if toy and paper else ABSENT
    points = 100 * score.mean - paper[0]
    return f"{points:+.1f}" + (f" ({points / paper[1]:+.1f} dev.)" if paper[1] >= 0.1 else "")
