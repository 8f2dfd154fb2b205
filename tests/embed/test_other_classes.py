"""Stage two on caches of three and of nine classes: swept, read back, applied; two kinds side by side are refused."""

import csv
import io

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.metrics import confusion_matrix

from data.emotions import EMOTIONS
from data.files.runs import Head, read_runs
from embed.cli import main
from embed.settings import HeadSettings
from embed.sweep import Request, sweep
from tests.embed.heads.test_agreement import corpus_of, plain_predictions
from tests.embed.made_up_caches import write_cache

CLASSES = {3: ("negative", "neutral", "positive"), 9: (*EMOTIONS, "contempt", "awe and wonder")}
SETTINGS = HeadSettings(epochs=1, steps=120, largest_batch=48)
SIZES = (1, 2, 3, 9)
HEADS = [*(Head("cake", k, 0) for k in SIZES), *(Head("av", k, 0) for k in (0, *SIZES)), Head("baseline", 0, 0)]


@pytest.fixture(scope="module", params=CLASSES)
def swept(request, tmp_path_factory):
    """(folder, paths of the caches, names of the classes, Runs) of a sweep on two domains."""
    folder, classes = tmp_path_factory.mktemp("swept"), CLASSES[request.param]
    paths = [
        write_cache(folder / "features" / f"{name}.h5", train=rows, test=80, seed=rows, features=24, classes=classes)
        for name, rows in (("a", 240), ("b", 120))
    ]
    request = Request(sizes=list(SIZES), families=["cake", "av"], runs=1, keep_weights=True)
    sweep(paths, folder / "results" / "runs.h5", request, SETTINGS)
    return folder, paths, classes, read_runs(folder / "results" / "runs.h5")


def test_the_results_have_the_classes_of_the_caches(swept):
    *_, classes, runs = swept
    assert runs.classes == classes
    for head in HEADS:
        outcome = runs.outcomes[head]
        assert outcome.confusion.shape == (2, 2, len(classes), len(classes))
        assert outcome.weights["B"].shape[1] == len(classes)


@pytest.mark.parametrize("head", HEADS, ids=lambda head: f"{head.family}-{head.k}")
def test_heads_predict_what_plain_modules_do(swept, head):
    _, paths, classes, runs = swept
    corpus = corpus_of(paths)
    slow = plain_predictions(corpus, head, SETTINGS)
    found = runs.outcomes[head]
    if found.predicted is not None:
        assert (found.predicted == slow).mean() >= 0.999
    for place, (name, answer) in enumerate(zip(corpus.names, np.split(slow, 2, axis=1))):
        for domain, own in enumerate(answer):
            counts = confusion_matrix(runs.tests[name].emotion, own, labels=range(len(classes)))
            assert np.abs(counts - found.confusion[domain, place]).sum() <= 2  # a tie within rounding at most


def test_another_head_would_be_seen(swept):
    """The control: what plain modules make of another initialisation is not what was swept."""
    _, paths, _, runs = swept
    slow = plain_predictions(corpus_of(paths), Head("cake", 3, 1), SETTINGS)
    assert (runs.outcomes[Head("cake", 3, 0)].predicted == slow).mean() < 0.99


def test_what_is_applied_is_named_after_the_classes(swept):
    folder, paths, classes, runs = swept
    result = CliRunner().invoke(main, ["apply", "--workdir", str(folder), str(paths[0])])
    assert result.exit_code == 0, result.output
    rows = [row for row in csv.DictReader(io.StringIO(result.stdout)) if row["split"] == "test"]
    named = [f"a:{name}" for name in classes]
    assert [name for name in rows[0] if name.startswith("a:")] == named
    found = runs.outcomes[Head("cake", 3, 0)].predicted[0, runs.span("a")]
    assert [row["predicted"] for row in rows] == [classes[index] for index in found]
    assert [row["label"] for row in rows] == [classes[index] for index in runs.tests["a"].emotion]
    for row in rows:
        probabilities = [float(row[name]) for name in named]
        assert sum(probabilities) == pytest.approx(1, abs=1e-5)
        assert classes[int(np.argmax(probabilities))] == row["predicted"]


def test_caches_of_other_classes_are_not_swept_together(tmp_path):
    for name, classes in (("mine", CLASSES[3]), ("theirs", EMOTIONS)):
        write_cache(tmp_path / "features" / f"{name}.h5", train=60, test=20, features=8, classes=classes)
    result = CliRunner().invoke(main, ["sweep", "--workdir", str(tmp_path), "--k", "2", "--runs", "1"])
    assert result.exit_code == 1 and result.output.count("\n") == 1
    assert "classes" in result.output and "negative, neutral, positive" in result.output
    assert not (tmp_path / "results" / "runs.h5").exists()
