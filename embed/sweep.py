"""Which heads a sweep trains, in which blocks, and how each finished block joins results/runs.h5."""

import logging
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from data import metrics
from data.emotions import EMOTIONS
from data.provenance import code_version, versions
from data.publish import lock, refuse_difference
from data.runs import Head, Outcome, Runs, read_runs, representation_size, write_runs
from embed.domains import assemble, read_cache, refuse_misfit
from embed.heads import C, head_seed
from embed.sizes import LARGEST_K, parse_sizes
from embed.train import Batches, Trainer

BLOCK_HEADS = 210  # a block is what is published together; more heads share a pass, fewer lose less when stopped
KEPT_SIZE = 3  # predictions and weights are kept for representations up to this size, for cake-norm and the baseline
SCORE_ROWS = 2048
LOGARITHMIC = frozenset(parse_sizes(f"1..{LARGEST_K}:log"))

# What Tables 1-3 and Figure 5 are made of, whatever k is asked for.
TABLE_HEADS = (("av", 0), ("av", 1), ("cake", 2), ("cake", 3), ("cake-norm", 3), ("baseline", 0))
NO_AROUSAL_VALENCE = "no predicted arousal-valence"

log = logging.getLogger(__name__)


def blocks(sizes, families, runs, *, predicts):
    """Lists of heads in the order they are trained: those of the tables, the logarithmic grid, the rest."""
    asked = [(family, k) for k in sizes for family in families if k > 0 or family == "av"]
    rest = [pair for pair in asked if pair not in TABLE_HEADS]
    stages = (TABLE_HEADS, [pair for pair in rest if pair[1] in LOGARITHMIC], [pair for pair in rest if pair[1] not in LOGARITHMIC])
    for stage in stages:
        heads = [Head(family, k, run) for family, k in stage if predicts or family != "av" for run in range(runs)]
        yield from (heads[start : start + BLOCK_HEADS] for start in range(0, len(heads), BLOCK_HEADS))


def sweep(paths, results, *, sizes, families, runs, settings, progress=lambda steps, total, heads: None):
    """Train every head that `results` does not hold yet, publishing it after each block. Returns the Runs.

    paths: feature caches, one per domain. Raises ValueError for caches that do not fit, data.publish.Mismatch for a
    results file of other settings or caches, Busy where another sweep writes it."""
    # by size, then by name: the order of classifiers and test sets must not hang on the order of the call
    caches = sorted((read_cache(path) for path in paths), key=lambda cache: (-len(cache.train["emotion"]), cache.name))
    refuse_misfit(caches)
    with lock(results):
        found = _open(Path(results), caches, settings)
        corpus = assemble(caches)
        _say_gaps(caches, corpus)
        for heads in blocks(sizes, families, runs, predicts=corpus.predicts):
            if any(head not in found.outcomes for head in heads):
                # A block is trained whole even where some of its heads are there, so that its products, and the last
                # bits with them, do not hang on where an earlier call was stopped.
                for head, outcome in train_block(corpus, heads, settings, progress).items():
                    found.outcomes.setdefault(head, outcome)
                write_runs(results, found)
    return found


def _open(results, caches, settings):
    fresh = Runs(identity=identity(caches, settings), classifiers=tuple(cache.name for cache in caches),
                 tests={cache.name: cache.test_set for cache in caches}, toy=caches[0].toy, provenance=provenance(caches))
    if not results.exists():
        return fresh
    found = read_runs(results)
    refuse_difference(results, found.identity, fresh.identity, advice="name another file with --results results/OTHER.h5")
    return found


def identity(caches, settings):
    """What must agree before heads join a results file."""
    return {**asdict(settings), "caches": [[cache.name, cache.digest] for cache in caches]}


def provenance(caches):
    pretraining = caches[0].provenance["emotion"]["domains"]
    predicts = all(cache.train["predicted"] is not None for cache in caches)
    return {"pretraining": list(pretraining), "training_rows": {cache.name: len(cache.train["emotion"]) for cache in caches},
            "left_out": {} if predicts else {"av": NO_AROUSAL_VALENCE}, "image_size": caches[0].header["image_size"],
            "features": {cache.name: cache.header for cache in caches}, "code_version": code_version(), "versions": versions(),
            "threads": torch.get_num_threads()}


def _say_gaps(caches, corpus):
    if not corpus.predicts:
        log.warning("the av families are left out: %s in every cache", NO_AROUSAL_VALENCE)
    for cache in caches:
        for split, part in (("training", cache.train), ("test", cache.test)):
            absent = sorted(set(range(C)) - set(part["emotion"].tolist()))
            if absent:
                log.warning("%s has no %s row of %s", cache.name, split, ", ".join(EMOTIONS[index] for index in absent))


def train_block(corpus, heads, settings, progress):
    """Dict Head -> Outcome of one block."""
    trainer = Trainer(corpus, heads, settings)
    total = len(Batches(corpus, settings))
    trainer.train(lambda steps: progress(steps, total, len(heads)))
    trainer.finish()
    losses, predicted = _losses(trainer), _predictions(trainer)
    weights = {head: _weights(trainer, index, position) for index, stack in enumerate(trainer.stacks)
               for position, head in enumerate(stack.heads())}
    return {head: _outcome(corpus, head, settings, losses[head], predicted[head], weights[head]) for head in trainer.heads()}


def _outcome(corpus, head, settings, loss, predicted, weights):
    outcome = Outcome(seed=head_seed(settings.seed, head), loss=loss, confusion=_confusion(corpus, predicted))
    if not np.isfinite(loss) or not all(np.isfinite(value).all() for value in weights.values()):
        outcome.failure = f"diverged: training loss {loss}"
        return outcome
    if representation_size(head.family, head.k) <= KEPT_SIZE or head.family in ("cake-norm", "baseline"):
        outcome.predicted, outcome.weights = predicted, weights
    return outcome


def _pieces(rows):
    return [rows[start : start + SCORE_ROWS] for start in range(0, len(rows), SCORE_ROWS)]


def _predictions(trainer):
    """Head -> (D, rows of all test sets) uint8 classes."""
    rows = torch.cat([test for test, _ in trainer.corpus.tests.values()])
    found = {head: [] for head in trainer.heads()}
    for domain in range(trainer.D):
        answers = {head: [] for head in found}
        for piece in _pieces(rows):
            for stack, logits in trainer.logits(piece, domain):
                for head, answer in zip(stack.heads(), logits.argmax(1).T.to(torch.uint8).numpy()):
                    answers[head].append(answer)
        for head in found:
            found[head].append(np.concatenate(answers[head]))
    return {head: np.stack(answer) for head, answer in found.items()}


def _confusion(corpus, predicted):
    """(D, T, 7, 7) counts of one head's predictions (D, rows of all test sets)."""
    ends = np.cumsum([len(emotion) for _, emotion in corpus.tests.values()])
    truths = [emotion.numpy() for _, emotion in corpus.tests.values()]
    return np.stack([[metrics.confusion_matrix(truth, answer, C) for truth, answer in zip(truths, np.split(own, ends[:-1]))]
                     for own in predicted])


def _losses(trainer):
    """Head -> Eq. 1 over all training rows, plain, each with its own domain's classifier."""
    corpus, totals = trainer.corpus, {head: 0.0 for head in trainer.heads()}
    for domain in range(trainer.D):
        own = torch.nonzero(corpus.domain == domain)[:, 0]
        for indices in _pieces(own):
            emotion = corpus.emotion[indices]
            weight = corpus.weights[domain][emotion][:, None]
            for stack, logits in trainer.logits(corpus.rows[indices * corpus.views], domain):
                entropy = logits.logsumexp(1) - logits[torch.arange(len(indices)), emotion]
                for head, total in zip(stack.heads(), (weight * entropy).sum(0, dtype=torch.float64).tolist()):
                    totals[head] += total
    return {head: total / len(corpus.emotion) for head, total in totals.items()}


def _weights(trainer, index, position):
    """One head's factors as float32 arrays on features as cached: the scaling of the rows is folded in."""
    values = {name: value[position].double().numpy() for name, value in trainer.parameters.values[index].items()}
    mean, deviation = np.split(trainer.corpus.mean, [-2]), np.split(trainer.corpus.deviation, [-2])
    name, bias = ("A", "a") if "A" in values else ("B", "b")
    values[name] = values[name] / deviation[0]
    values[bias] = values[bias] - values[name] @ mean[0]
    if "Bv" in values:
        values["Bv"] = values["Bv"] / deviation[1]
        values["b"] = values["b"] - values["Bv"] @ mean[1]
    return {name: value.astype(np.float32) for name, value in values.items()}
