"""In float32, on caches as users have them: the stacked heads predict what plain modules, and single runs, predict."""

import shutil

import numpy as np
import pytest
import torch

from data.files.runs import Head
from embed.heads.stacked_training import Trainer
from embed.rows import feature_store
from embed.rows.corpus import assemble
from embed.rows.feature_caches import read_cache
from embed.settings import HeadSettings
from tests.embed.made_up_caches import write_cache
from tests.embed.plain import train_plainly
from tests.places import FACES

HEADS = [
    Head("cake", 2, 0),
    Head("cake", 3, 3),
    Head("cake", 18, 0),
    Head("cake", 64, 1),
    Head("cake", 512, 0),
    Head("cake-norm", 3, 0),
    Head("baseline", 0, 0),
]
AV_HEADS = [Head("av", 0, 0), Head("av", 1, 3), Head("av", 20, 1)]


def corpus_of(paths):
    caches = sorted(map(read_cache, paths), key=lambda cache: -len(cache.train))
    return assemble(caches, feature_store.store([cache.train for cache in caches], memory=float("inf"), device="cpu"))


def predictions(corpus, heads, settings):
    """Head -> (D, rows of all test sets) classes by the stacked trainer."""
    trainer = Trainer(corpus, heads, settings)
    trainer.train()
    found = {}
    for own in trainer.trained():
        answers = [
            torch.cat([own.logits(rows, domain).argmax(1) for rows, _, _ in corpus.tests.values()], 1)
            for domain in range(len(corpus.names))
        ]
        found |= dict(zip(own.heads, torch.stack(answers, 1).numpy()))
    return found


def plain_predictions(corpus, head, settings):
    model = train_plainly(corpus, head, settings)
    return np.stack(
        [
            torch.cat(
                [model(rows, torch.full((len(rows.x),), domain)).argmax(1) for rows, _, _ in corpus.tests.values()]
            ).numpy()
            for domain in range(len(corpus.names))
        ]
    )


def agreement(paths, settings=HeadSettings()):
    """Head -> share of test samples, over all classifiers, on which the stacked head and plain modules agree."""
    corpus = corpus_of(paths)
    heads = HEADS + AV_HEADS * (read_cache(paths[0]).train.predicted is not None)
    stacked = predictions(corpus, heads, settings)
    return {head: (stacked[head] == plain_predictions(corpus, head, settings)).mean() for head in heads}


def test_on_made_up_caches_plain_modules_predict_the_same(tmp_path):
    paths = [
        write_cache(tmp_path / f"{name}.h5", train=rows, test=600, seed=rows) for name, rows in (("a", 900), ("b", 300))
    ]
    shares = agreement(paths, HeadSettings(epochs=1, steps=500))
    assert np.mean(list(shares.values())) >= 0.999, shares


def test_a_single_run_predicts_what_it_predicts_among_ten(tmp_path):
    paths = [
        write_cache(tmp_path / f"{name}.h5", train=rows, test=600, seed=rows) for name, rows in (("a", 900), ("b", 300))
    ]
    corpus = corpus_of(paths)
    settings = HeadSettings(epochs=1, steps=500)
    for family, k in (("cake", 3), ("cake", 40), ("av", 1)):
        ten = predictions(corpus, [Head(family, k, run) for run in range(10)], settings)
        alone = predictions(corpus, [Head(family, k, 3)], settings)
        assert (alone[Head(family, k, 3)] == ten[Head(family, k, 3)]).mean() >= 0.999
        assert (alone[Head(family, k, 3)] == ten[Head(family, k, 4)]).mean() < 0.999  # another run would be seen


def extracted(workdir, datasets, epochs):
    """Feature caches of stage one as its command makes them, with a small network."""
    from click.testing import CliRunner

    from extract.cli import main as extract

    def call(*arguments):
        result = CliRunner().invoke(extract, [arguments[0], "--workdir", str(workdir), *arguments[1:]])
        assert result.exit_code == 0, result.output

    for source in datasets.values():
        call("align", "--dataset", *source)
    small = ("--epochs", str(epochs), "--image-size", "48", "--batch", "64")
    call("train", *(word for name in datasets for word in ("--dataset", name)), "--task", "emotion", *small)
    for name in datasets:
        call("run", "--dataset", name)
    return [workdir / "features" / f"{name}.h5" for name in datasets]


@pytest.mark.slow
def test_on_real_faces_plain_modules_predict_the_same(tmp_path):
    if not FACES.is_dir():
        pytest.skip("the photographs are not at hand")
    datasets = {name: ("manifest", "--manifest", str(FACES / f"{name}.csv"), "--name", name) for name in "abc"}
    shares = agreement(extracted(tmp_path, datasets, 1))
    assert np.mean(list(shares.values())) >= 0.999, shares


@pytest.mark.slow
def test_on_the_toy_corpus_plain_modules_predict_the_same(tmp_path):
    from extract.toy.toy_corpus import draw

    draw(tmp_path / "toy", seed=0, size=420, dominance=1.0, progress=lambda *arguments: None)
    # After one epoch on so few faces the features tell nothing, and heads that fit noise end where rounding decides.
    shares = agreement(extracted(tmp_path / "toy", {name: (name,) for name in ("affectnet", "rafdb", "sfew")}, 8))
    shutil.rmtree(tmp_path / "toy")
    assert np.mean(list(shares.values())) >= 0.999, shares
