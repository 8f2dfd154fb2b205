"""Do data sets use their labels alike? Classifiers on one representation and the same images, set against each other.

Every number follows from a 7 x 7 table of two classifiers' answers to the same test images. Where they disagree, part
is of amount (one says a class more often: priors), the rest of allocation (the same class given to other images:
confusions), as Pontius and Millones (2011) divide it."""

import itertools

import numpy as np

from data import metrics
from data.emotions import EMOTIONS
from data.files.runs import UNSCORED
from evaluate.reference import display, in_order
from evaluate.representations import COMPACT
from evaluate.statistics.scores import over_runs, why_absent
from evaluate.tables.table import gap, new_table, number, percent

FAMILY, K, LABEL = COMPACT[0]
_C = len(EMOTIONS)


def annotation_quality(runs):
    """[drop on foreign sets, agreement of classifiers, agreement per class, shares of the answers]."""
    return [foreign_drop(runs), agreement(runs), class_agreement(runs), answer_shares(runs)]


def foreign_drop(runs):
    """How much a classifier loses on the other data sets, and how far it stays behind the classifiers of these."""
    table = new_table(
        runs,
        "foreign",
        f"Drop on foreign data sets: macro F1 of {LABEL} in percent",
        ("Classifier", "own set", "foreign sets", "drop", "behind their own"),
        brief=True,
    )
    names, counts = in_order(runs.classifiers), runs.confusions(FAMILY, K)
    if len(names) < 2 or not len(counts):
        return gap(runs, table, _why(runs, names))
    f1 = {
        (classifier, test): metrics.macro_f1_score(
            counts[:, runs.classifiers.index(classifier), list(runs.tests).index(test)]
        )
        for classifier in names
        for test in names
    }
    for name in names:
        others = [other for other in names if other != name]
        foreign, theirs = (
            np.mean([f1[classifier or other, other] for other in others], axis=0) for classifier in (name, None)
        )
        values = {
            "own": f1[name, name],
            "foreign": foreign,
            "drop": f1[name, name] - foreign,
            "behind": theirs - foreign,
        }
        scores = {kind: over_runs(each) for kind, each in values.items()}
        table.rows.append((display(name), *map(percent, scores.values())))
        table.records += [
            {
                "table": table.name,
                "toy": int(runs.toy),
                "classifier": name,
                "score": kind,
                "mean": number(100 * score.mean),
                "deviation": number(100 * score.deviation),
                "runs": score.runs,
            }
            for kind, score in scores.items()
        ]
    table.notes.append(
        "foreign sets: mean over the others; behind their own: what these sets' own classifiers score on them, "
        "minus this"
    )
    table.notes.append("the paper reads a small drop as reliable annotation; a large training set makes it smaller too")
    return table


def answers_of(runs):
    """List, by run, of (D, rows) classes that CAKE-3's classifiers give to all test images."""
    return [
        outcome.predicted
        for head, outcome in runs.outcomes.items()
        if (head.family, head.k) == (FAMILY, K)
        and outcome.predicted is not None
        and not (outcome.predicted == UNSCORED).any()
    ]


def answer_counts(runs, first, second):
    """(runs, 7, 7) how often one classifier says the row's class and the other the column's, on all test images."""
    places = runs.classifiers.index(first), runs.classifiers.index(second)
    return np.stack(
        [metrics.confusion_matrix(answers[places[0]], answers[places[1]], _C) for answers in answers_of(runs)]
    )


def kappa(counts):
    """(...) Cohen's kappa of (..., C, C) counts: agreement beyond that of independent answers with the same shares."""
    n = counts.sum((-2, -1))
    expected = (counts.sum(-1) * counts.sum(-2)).sum(-1) / n**2
    same = metrics.accuracy_score(counts)
    # two classifiers that give one and the same class to everything agree in all of it, by chance
    return np.divide(same - expected, 1 - expected, out=np.full(np.shape(same), np.nan), where=expected < 1)


def quantity(counts):
    """(...) share of images that must be answered differently since the classes are said in other amounts."""
    return np.abs(counts.sum(-1) - counts.sum(-2)).sum(-1) / 2 / counts.sum((-2, -1))


def agreement(runs):
    """How often two classifiers say the same of an image, and what their disagreement is made of."""
    table = new_table(
        runs,
        "agreement",
        f"Two classifiers on the same images, {LABEL}, in percent",
        ("Classifiers", "agree", "κ", "by amount", "by allocation"),
        brief=True,
    )
    for first, second in _pairs(runs):
        counts = answer_counts(runs, first, second)
        same, amount = metrics.accuracy_score(counts), quantity(counts)
        values = {"agree": same, "kappa": kappa(counts), "amount": amount, "allocation": 1 - same - amount}
        scores = {kind: over_runs(each) for kind, each in values.items()}
        table.rows.append((_pair_said(first, second), *map(percent, scores.values())))
        table.records += [
            {
                "table": table.name,
                "toy": int(runs.toy),
                "first": first,
                "second": second,
                "score": kind,
                "mean": number(100 * score.mean),
                "deviation": number(100 * score.deviation),
                "runs": score.runs,
            }
            for kind, score in scores.items()
        ]
    if not table.rows:
        return gap(runs, table, _why(runs, runs.classifiers))
    table.notes.append(
        f"all {runs.rows:,} test images; what they differ in, by amount: one says a class more often (priors); "
        "by allocation: the same class for other images (confusions)"
    )
    return table


def class_agreement(runs):
    """For each class, how far two classifiers agree on which images show it."""
    table = new_table(
        runs, "agreement_by_class", "Agreement by class, in percent", ("Classifiers", *EMOTIONS), brief=True
    )
    for first, second in _pairs(runs):
        counts = answer_counts(runs, first, second).sum(0)
        scores = 100 * metrics.f1_scores(counts)
        table.rows.append(
            (_pair_said(first, second), *(f"{value:.0f}" if np.isfinite(value) else "–" for value in scores))
        )
        table.records += [
            {
                "table": table.name,
                "toy": int(runs.toy),
                "first": first,
                "second": second,
                "emotion": emotion,
                "agreement": number(value),
            }
            for emotion, value in zip(EMOTIONS, scores)
        ]
    if not table.rows:
        return gap(runs, table, _why(runs, runs.classifiers))
    table.notes.append(
        "of the images either gives to a class, counted twice where both do: the share that both give to it "
        "(F1 of one against the other), all runs together"
    )
    return table


def answer_shares(runs):
    """How often each classifier says each class of the same images, beside how often its own test set holds it."""
    table = new_table(
        runs, "shares", "How often each class is said, in percent of all test images", ("", *EMOTIONS), brief=True
    )
    answers = answers_of(runs)
    for name in in_order(runs.classifiers) if answers else ():
        said = np.mean([np.bincount(each[runs.classifiers.index(name)], minlength=_C) for each in answers], axis=0)
        held = np.bincount(runs.tests[name].emotion, minlength=_C)
        for kind, label, counts in (
            ("said", f"{display(name)} classifier", said),
            ("annotated", "  its test set's labels", held),
        ):
            shares = 100 * counts / counts.sum()
            table.rows.append((label, *(f"{share:.1f}" for share in shares)))
            table.records += [
                {
                    "table": table.name,
                    "toy": int(runs.toy),
                    "name": name,
                    "kind": kind,
                    "emotion": emotion,
                    "share": number(share),
                }
                for emotion, share in zip(EMOTIONS, shares)
            ]
    return table if table.rows else gap(runs, table, _why(runs, runs.classifiers))


def _pairs(runs):
    return list(itertools.combinations(in_order(runs.classifiers), 2)) if answers_of(runs) else []


def _pair_said(first, second):
    return f"{display(first)}, {display(second)}"


def _why(runs, names):
    if len(names) < 2:
        return "one domain alone: there is no other classifier to compare with"
    if not len(runs.confusions(FAMILY, K)):
        return f"{LABEL}: {why_absent(runs, FAMILY, K)}"
    return f"predictions of {LABEL} were not kept in this results file"
