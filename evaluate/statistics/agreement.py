"""How far classifiers agree on the same images: kappa, what their disagreement is made of, how often classes are said.

Every number follows from a C x C table of two classifiers' answers to the same test images. Where they disagree, part
is of amount (one says a class more often: priors), the rest of allocation (the same class given to other images:
confusions), as Pontius and Millones (2011) divide it."""

import numpy as np

from data import metrics
from data.files.runs import UNSCORED, Runs
from evaluate.representations import Representation


def answers_of(runs: Runs, representation: Representation) -> list[np.ndarray]:
    """List, by run, of (D, rows) classes that a representation's classifiers give to all test images; without the runs
    whose answers were not kept."""
    answers = [
        outcome.predicted
        for head, outcome in runs.outcomes.items()
        if (head.family, head.k) == representation.key and outcome.predicted is not None
    ]
    return [each for each in answers if not (each == UNSCORED).any()]


def answer_counts(runs: Runs, representation: Representation, first: str, second: str) -> np.ndarray:
    """(runs, C, C) how often one classifier says the row's class and the other the column's, on all test images."""
    one, other = runs.classifiers.index(first), runs.classifiers.index(second)
    answers, classes = answers_of(runs, representation), len(runs.classes)
    return np.stack([metrics.confusion_matrix(each[one], each[other], classes) for each in answers])


def answer_shares(runs: Runs, representation: Representation, name: str) -> np.ndarray:
    """(C,) share of all test images to which one data set's classifier gives each class, over all runs."""
    place = runs.classifiers.index(name)
    said = [np.bincount(each[place], minlength=len(runs.classes)) for each in answers_of(runs, representation)]
    return np.mean(said, axis=0) / runs.rows


def label_shares(runs: Runs, name: str) -> np.ndarray:
    """(C,) share of each class among the labels of one test set."""
    emotion = runs.tests[name].emotion
    return np.bincount(emotion, minlength=len(runs.classes)) / len(emotion)


def kappa(counts: np.ndarray) -> np.ndarray:
    """(...) Cohen's kappa of (..., C, C) counts: agreement beyond that of independent answers with the same shares."""
    n = counts.sum((-2, -1))
    expected = (counts.sum(-1) * counts.sum(-2)).sum(-1) / n**2
    same = metrics.accuracy_score(counts)
    # two classifiers that give one and the same class to everything agree in all of it, by chance
    return np.divide(same - expected, 1 - expected, out=np.full(np.shape(same), np.nan), where=expected < 1)


def quantity(counts: np.ndarray) -> np.ndarray:
    """(...) share of images that must be answered differently since the classes are said in other amounts."""
    return np.abs(counts.sum(-1) - counts.sum(-2)).sum(-1) / 2 / counts.sum((-2, -1))


def agreement_scores(counts: np.ndarray) -> dict[str, np.ndarray]:
    """{score: (...)} of (..., C, C) counts: agreement, kappa, and the two parts of the disagreement."""
    same, amount = metrics.accuracy_score(counts), quantity(counts)
    return {"agree": same, "kappa": kappa(counts), "amount": amount, "allocation": 1 - same - amount}
