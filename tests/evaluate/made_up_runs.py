"""Made-up runs for tests of the tables: predictions drawn at random around the truth."""

import numpy as np

from data.coverage import STATUSES, status_counts
from data.emotions import EMOTIONS
from data.files.runs import Head, HeadOutcome, Runs, TestSet
from data.metrics import confusion_matrix

TABLE_HEADS = (("cake", 3), ("av", 1), ("av", 0), ("cake", 2), ("cake-norm", 3), ("baseline", 0))


def make(
    names=("affectnet", "rafdb", "sfew"),
    *,
    runs=10,
    toy=False,
    families=("cake", "av", "cake-norm", "baseline"),
    classes=EMOTIONS,
    present=None,
    sizes=(140, 90, 40),
):
    """Runs with every head of the tables; `predicted` is kept for all, so that scores can be recomputed the slow
    way. present: how many of the classes have test rows; None for all."""
    generator = np.random.default_rng(0)
    tests = {
        name: _test_set(generator, size, len(classes), present or len(classes)) for name, size in zip(names, sizes)
    }
    truth = np.concatenate([test.emotion for test in tests.values()])
    left_out = {} if "av" in families else {"av": "no predicted arousal-valence"}
    made = Runs(
        identity={"seed": 0},
        classifiers=tuple(names),
        tests=tests,
        toy=toy,
        provenance={"pretraining": [names[0]], "training_rows": dict.fromkeys(names, 1000), "left_out": left_out},
        classes=tuple(classes),
    )
    for family, k in TABLE_HEADS:
        for run in range(runs if family in families else 0):
            right = generator.random((len(names), len(truth))) < 0.5 + 0.02 * k + 0.01 * run
            predicted = np.where(right, truth, generator.integers(0, len(classes), right.shape)).astype(np.uint8)
            made.outcomes[Head(family, k, run)] = HeadOutcome(
                seed=run, loss=1.0, confusion=_confusion(tests, predicted, len(classes)), predicted=predicted
            )
    return made


def _test_set(generator, size, classes, present):
    emotion = np.concatenate([np.arange(present), generator.integers(0, present, size - present)]).astype(np.int8)
    status = np.full(size + 3, STATUSES.index("ok"))
    status[-3:] = STATUSES.index("no_face")
    return TestSet(emotion, np.arange(size), status_counts(np.concatenate([emotion, emotion[:3]]), status, classes))


def _confusion(tests, predicted, classes=len(EMOTIONS)):
    ends = np.cumsum([len(test.emotion) for test in tests.values()])[:-1]
    return np.stack(
        [
            [confusion_matrix(test.emotion, part, classes) for test, part in zip(tests.values(), np.split(own, ends))]
            for own in predicted
        ]
    )
