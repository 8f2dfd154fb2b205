"""Tables 1 to 3 of the paper from a results file, the paper's numbers beside ours."""

from data.files.runs import Runs
from evaluate import reference
from evaluate.reference import display, in_order
from evaluate.representations import ABSENT, BASELINE, CAKE_3, COMPACT, Representation
from evaluate.statistics.scores import multi_domain, score_of
from evaluate.statistics.swept import added, shown
from evaluate.tables.notes import notes
from evaluate.tables.printed import difference, interval_printed, mean_printed, ours, percent, printed
from evaluate.tables.table import Table, new_table, tell_published, tell_score

TABLE_2 = (CAKE_3, BASELINE)  # our rows


def table_1(runs: Runs) -> Table:
    """Macro F1 of the compact representations, each by its data set's own classifier."""
    columns = ("Dataset", "Rep.", "Dim.", "F1", "95 % interval", "paper", "difference")
    theirs = reference.comparable(reference.TABLE_1, runs.classes)
    known = any(name in theirs for name in runs.tests)
    width = len(columns) if known else 5
    title = "Table 1. Compact representations: macro F1 in percent"
    table = new_table(runs, "table1", title, columns[:width], notes(runs))
    for name in in_order(runs.tests):
        for position, each in enumerate(COMPACT):
            score = score_of(runs, each, classifier=name, test=name)
            paper = theirs.get(name, {}).get(each.key)
            row = (
                "" if position else display(name),
                each.label,
                _size(runs, each),
                ours(runs, each, score),
                interval_printed(score),
                printed(paper),
                difference(score, paper, toy=runs.toy),
            )
            table.rows.append(row[:width])
            tell_score(table, runs, each, kind="macro F1", classifier=name, test=name, score=score, paper=paper)
    table.notes.append("AV: arousal and valence as predicted; AV1: these and one learned dimension")
    if known and not runs.toy:
        table.notes.append(
            "difference: ours minus the paper's in points, in brackets over the paper's deviation where that is at "
            "least 0.1"
        )
    return table


def _size(runs, representation):
    return str(representation.size(runs.features))


def multi_domain_summary(runs: Runs) -> Table:
    """Figure 4's measure at the sizes of Table 1, and of every family that was added to the paper's."""
    title = "Multi-domain macro F1 in percent, by test-set size"
    columns = ("Rep.", "Dim.", "F1", "95 % interval", "paper")
    known = set(runs.tests) == set(reference.comparable(reference.TABLE_1, runs.classes)) and not runs.toy
    table = new_table(runs, "multi_domain", title, columns if known else columns[:-1])
    for each in shown(runs):
        score, paper = multi_domain(runs, each), reference.multi_domain(each.key) if known else None
        row = (each.label, _size(runs, each), ours(runs, each, score), interval_printed(score), mean_printed(paper))
        table.rows.append(row[: len(table.columns)])
        where = {"kind": "multi-domain macro F1", "classifier": "own", "test": "all"}
        tell_score(table, runs, each, **where, score=score, paper=paper and round(paper, 2))
    table.notes.append("95 % intervals: over initialisations and test rows together; the CSV has those over each alone")
    if known:
        sizes = ", ".join(f"{rows:,} of {display(name)}" for name, rows in reference.TEST_ROWS.items())
        table.notes.append(
            f"paper: its Table 1 averaged by the official test images ({sizes}); it draws these in Figure 4"
        )
    return table


def table_2(runs: Runs) -> Table:
    """The paper's comparison with published systems, in the literature's convention for each data set."""
    kinds = conventions_of(runs)
    known = any(name in reference.comparable(reference.TABLE_1, runs.classes) for name in kinds)
    title = f"Table 2. {'Beside published systems' if known else 'CAKE-3 and the baseline'}, in percent"
    columns = ("", "Dim.", *(f"{display(name)} ({kind})" for name, kind in kinds.items()))
    table = new_table(runs, "table2", title, columns, notes(runs))
    quote(table, runs, kinds)
    for each in TABLE_2:
        _ours_beside(table, runs, each, kinds)
    return table


def conventions_of(runs: Runs) -> dict[str, str]:
    """{test set: the score that the literature gives of it}, in the order of Table 2."""
    names = in_order(runs.tests, reference.TABLE_2_ORDER)
    return {name: reference.TABLE_2_SCORE.get(name, "accuracy") for name in names}


def quote(table: Table, runs: Runs, kinds: dict, *, untold: int = 0) -> None:
    """Add the rows of the paper's Table 2 that have a score on one of the data sets, published systems first.

    kinds: as conventions_of gives them; untold: columns after the dimensions of which the paper says nothing."""
    for system, size, values in reference.comparable(reference.PUBLISHED, runs.classes):
        _theirs(table, system, size, [values.get(name) for name in kinds], untold)
        for name in (name for name in kinds if name in values):
            tell_published(table, runs, system, size, kind=kinds[name], test=name, paper=values[name])
    for each in TABLE_2:
        paper = of_table_2(runs, each)
        size = each.size(reference.FEATURES)
        _theirs(table, f"paper ({each.label})", size, [paper.get(name) for name in kinds], untold)


def of_table_2(runs: Runs, representation: Representation) -> dict[str, float]:
    """{data set: the paper's score} of a representation, where results can be set beside it."""
    return reference.comparable(reference.TABLE_2[representation.key], runs.classes)


def _theirs(table, system, size, values, untold):
    """A row of a published system that has a score on one of the data sets."""
    if any(values):
        table.rows.append((system, str(size), *[ABSENT] * untold, *map(mean_printed, values)))


def _ours_beside(table, runs, representation, kinds):
    """Our row of Table 2, and below it the differences from the paper's."""
    scores = {
        name: score_of(runs, representation, classifier=name, test=name, score=kind) for name, kind in kinds.items()
    }
    size = _size(runs, representation)
    cells = [ours(runs, representation, score) for score in scores.values()]
    table.rows.append((f"ours ({representation.label})", size, *cells))
    paper = of_table_2(runs, representation)
    if any(name in paper for name in kinds) and not runs.toy:
        gaps = [
            difference(score, (paper[name], 0) if name in paper else None, toy=False) for name, score in scores.items()
        ]
        table.rows.append(("  minus the paper's", size, *gaps))
    for name, score in scores.items():
        theirs = paper.get(name)
        tell_score(table, runs, representation, kind=kinds[name], classifier=name, test=name, score=score, paper=theirs)


def conventions(runs: Runs) -> Table:
    """Every convention from the same runs: papers report RAF-DB as overall accuracy or as mean recall, points apart."""
    columns = ("Dataset", "Rep.", "accuracy", "mean recall", "macro F1")
    table = new_table(runs, "conventions", "All conventions, in percent", columns)
    for name in in_order(runs.tests):
        for position, each in enumerate((*COMPACT, BASELINE, *added(runs))):
            scores = {kind: score_of(runs, each, classifier=name, test=name, score=kind) for kind in table.columns[2:]}
            cells = [percent(score) for score in scores.values()]
            if not any(scores.values()):
                cells = [ours(runs, each, None), ABSENT, ABSENT]
            table.rows.append(("" if position else display(name), each.label, *cells))
            for kind, score in scores.items():
                tell_score(table, runs, each, kind=kind, classifier=name, test=name, score=score)
    return table


def table_3(runs: Runs) -> Table:
    """Cross-database evaluation of CAKE-3: every classifier on every test set."""
    names = in_order(runs.tests)
    title = "Table 3. CAKE-3 across databases: macro F1 in percent"
    table = new_table(runs, "table3", title, ("Classifier", *(f"on {display(name)}" for name in names)), notes(runs))
    theirs = reference.comparable(reference.TABLE_3, runs.classes)
    for classifier in names:
        scores = [score_of(runs, CAKE_3, classifier=classifier, test=name) for name in names]
        table.rows.append((display(classifier), *(ours(runs, CAKE_3, score) for score in scores)))
        paper = [theirs.get(classifier, {}).get(name) for name in names]
        if any(paper):
            table.rows.append(("  paper", *map(printed, paper)))
        if any(paper) and not runs.toy:
            gaps = [difference(score, each, toy=False) for score, each in zip(scores, paper)]
            table.rows.append(("  difference", *gaps))
        for name, score, each in zip(names, scores, paper):
            tell_score(table, runs, CAKE_3, kind="macro F1", classifier=classifier, test=name, score=score, paper=each)
    if "rafdb" in names and theirs and not runs.toy:
        table.notes.append(reference.PRINTED_TWICE)
    return table
