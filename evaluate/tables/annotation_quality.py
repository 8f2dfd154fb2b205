"""Do data sets use their labels alike? Classifiers on one representation and the same images, set against each
other."""

import itertools

import numpy as np

from data import metrics
from data.files.runs import Runs
from evaluate.records import number
from evaluate.reference import display, in_order
from evaluate.representations import ABSENT, CAKE_3
from evaluate.statistics.agreement import agreement_scores, answer_counts, answer_shares, answers_of, label_shares
from evaluate.statistics.scores import counts_of, over_runs
from evaluate.statistics.swept import why_absent
from evaluate.tables.printed import percent
from evaluate.tables.table import Table, gap, new_table, tell


def annotation_quality(runs: Runs) -> list[Table]:
    """[drop on foreign sets, agreement of classifiers, agreement per class, shares of the answers]."""
    return [foreign_drop(runs), agreement(runs), class_agreement(runs), shares(runs)]


def foreign_drop(runs: Runs) -> Table:
    """How much a classifier loses on the other data sets, and how far it stays behind the classifiers of these."""
    title = f"Drop on foreign data sets: macro F1 of {CAKE_3.label} in percent"
    table = new_table(runs, "foreign", title, ("Classifier", "own set", "foreign sets", "drop", "behind their own"))
    names = in_order(runs.classifiers)
    if len(names) < 2 or not len(runs.confusions(*CAKE_3.key)):
        return gap(runs, table, _why(runs))
    for name in names:
        scores = {kind: over_runs(values) for kind, values in _drops(runs, name, names).items()}
        table.rows.append((display(name), *map(percent, scores.values())))
        for kind, score in scores.items():
            means = {"mean": number(100 * score.mean), "deviation": number(100 * score.deviation)}
            tell(table, runs, classifier=name, score=kind, **means, runs=score.runs)
    table.notes.append(
        "foreign sets: mean over the others; behind their own: what these sets' own classifiers score on them, "
        "minus this"
    )
    table.notes.append("the paper reads a small drop as reliable annotation; a large training set makes it smaller too")
    return table


def _drops(runs: Runs, name: str, names: list) -> dict[str, np.ndarray]:
    """(runs,) macro F1 of one classifier on its own set and on the others, and how far it falls."""
    others = [other for other in names if other != name]
    own = _macro_f1(runs, name, name)
    foreign = np.mean([_macro_f1(runs, name, other) for other in others], axis=0)
    theirs = np.mean([_macro_f1(runs, other, other) for other in others], axis=0)
    return {"own": own, "foreign": foreign, "drop": own - foreign, "behind": theirs - foreign}


def _macro_f1(runs, classifier, test):
    return metrics.macro_f1_score(counts_of(runs, CAKE_3, classifier=classifier, test=test))


def agreement(runs: Runs) -> Table:
    """How often two classifiers say the same of an image, and what their disagreement is made of."""
    title = f"Two classifiers on the same images, {CAKE_3.label}, in percent"
    table = new_table(runs, "agreement", title, ("Classifiers", "agree", "κ", "by amount", "by allocation"))
    for first, second in _pairs(runs):
        values = agreement_scores(answer_counts(runs, CAKE_3, first, second))
        scores = {kind: over_runs(each) for kind, each in values.items()}
        table.rows.append((_pair_printed(first, second), *map(percent, scores.values())))
        for kind, score in scores.items():
            means = {"mean": number(100 * score.mean), "deviation": number(100 * score.deviation)}
            tell(table, runs, first=first, second=second, score=kind, **means, runs=score.runs)
    if not table.rows:
        return gap(runs, table, _why(runs))
    table.notes.append(
        f"all {runs.rows:,} test images; what they differ in, by amount: one says a class more often (priors); "
        "by allocation: the same class for other images (confusions)"
    )
    return table


def class_agreement(runs: Runs) -> Table:
    """For each class, how far two classifiers agree on which images show it."""
    table = new_table(runs, "agreement_by_class", "Agreement by class, in percent", ("Classifiers", *runs.classes))
    for first, second in _pairs(runs):
        scores = 100 * metrics.f1_scores(answer_counts(runs, CAKE_3, first, second).sum(0))
        cells = [f"{value:.0f}" if np.isfinite(value) else ABSENT for value in scores]
        table.rows.append((_pair_printed(first, second), *cells))
        for emotion, value in zip(runs.classes, scores):
            tell(table, runs, first=first, second=second, emotion=emotion, agreement=number(value))
    if not table.rows:
        return gap(runs, table, _why(runs))
    table.notes.append(
        "of the images either gives to a class, counted twice where both do: the share that both give to it "
        "(F1 of one against the other), all runs together"
    )
    return table


def shares(runs: Runs) -> Table:
    """How often each classifier says each class of the same images, beside how often its own test set holds it."""
    table = new_table(
        runs, "shares", "How often each class is said, in percent of all test images", ("", *runs.classes)
    )
    if not answers_of(runs, CAKE_3):
        return gap(runs, table, _why(runs))
    for name in in_order(runs.classifiers):
        said = 100 * answer_shares(runs, CAKE_3, name)
        held = 100 * label_shares(runs, name)
        table.rows.append((f"{display(name)} classifier", *(f"{share:.1f}" for share in said)))
        table.rows.append(("  its test set's labels", *(f"{share:.1f}" for share in held)))
        for kind, values in (("said", said), ("annotated", held)):
            for emotion, share in zip(runs.classes, values):
                tell(table, runs, name=name, kind=kind, emotion=emotion, share=number(share))
    return table


def _pairs(runs):
    return list(itertools.combinations(in_order(runs.classifiers), 2)) if answers_of(runs, CAKE_3) else []


def _pair_printed(first, second):
    return f"{display(first)}, {display(second)}"


def _why(runs):
    if len(runs.classifiers) < 2:
        return "one domain alone: there is no other classifier to compare with"
    if not len(runs.confusions(*CAKE_3.key)):
        return f"{CAKE_3.label}: {why_absent(runs, CAKE_3)}"
    return f"predictions of {CAKE_3.label} were not kept in this results file"
