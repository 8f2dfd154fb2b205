"""How strongly heads are penalised: one strength for a sweep, chosen by rows that neither network nor head has seen.

On features that a network has memorised, heads without a penalty have no finite optimum: the longer and the faster they
are trained, the more confident and the worse they become on rows it has not seen."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from data import metrics
from data.files.runs import Head
from embed.heads.stacked_training import Trainer
from embed.rows import feature_store
from embed.rows.choosing_rows import FEWEST, ChoosingRows, choosing_rows
from embed.rows.corpus import SCORED_ROWS, Corpus, assemble, has_predictions
from embed.rows.feature_caches import SweptCache
from embed.rows.minibatches import Batches
from embed.settings import HeadSettings

STRENGTHS = (3e-4, 6e-4, 1e-3)  # with less, heads have not settled; with more, those of two dimensions underfit
STATED = 3e-4  # where no row can choose; see `python -m tests.benchmarks.length`
TRIED = (("cake", 2), ("cake", 3), ("cake", 8), ("av", 1), ("baseline", 0))
RUNS = 2
RULE = "the largest strength whose macro F1 is below the best by no more than one standard error of the difference"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trial:
    """One strength: multi-domain macro F1 on the choosing rows, the mean of all heads tried, and its influence values
    (n,), by which it is compared with another."""

    strength: float
    score: float
    influence: np.ndarray


def choose(caches: list[SweptCache], settings: HeadSettings, *, memory: float, device: torch.device) -> dict:
    """What results say of the penalty: its strength by RULE, the rows it was chosen on, and what was found of each
    strength; STATED where too few rows are there to choose. caches: those of a sweep, whose test rows are not touched.

    memory: bytes that features may take."""
    choosing = choosing_rows(caches, settings.seed)
    if choosing is None:
        few = f"fewer than {FEWEST} rows are held out from the networks"
        log.info("penalty %g: %s, so it is not chosen but stated", STATED, few)
        return {"strength": STATED, "by": f"a stated value, since {few}"}
    strength, trials = chosen_of(list(_trials(choosing, settings, memory, device)))
    rows = ", ".join(f"{each['rows']:,} rows of {name} ({each['which']})" for name, each in choosing.said.items())
    log.info("penalty %g, chosen on %s", strength, rows)
    return {"strength": strength, "by": RULE, "rows": choosing.said, "trials": trials}


def _trials(choosing: ChoosingRows, settings: HeadSettings, memory: float, device: torch.device) -> Iterator[Trial]:
    parts = [cache.train for cache in choosing.caches]
    store = feature_store.store(parts, memory=memory, device=device)
    corpus = assemble(choosing.caches, store, scaling=settings.scaling, weighted=settings.class_weights, device=device)
    return trials(corpus, list(choosing.said), settings, predicts=has_predictions(choosing.caches))


def trials(corpus: Corpus, names: list[str], settings: HeadSettings, *, predicts: bool) -> Iterator[Trial]:
    """Yield the Trial of each strength on the test rows of these domains of a corpus. predicts: whether there is
    arousal-valence to train AVk on."""
    heads = [
        Head(family, k, run)
        for family, k in TRIED
        for run in range(RUNS)
        if k <= corpus.feature_size and (predicts or family != "av")
    ]
    batches = Batches(corpus, settings)
    for strength in STRENGTHS:
        trainer = Trainer(corpus, heads, replace(settings, penalty=strength))
        trainer.train(batches=batches)
        yield _trial(strength, trainer, corpus, names)


def chosen_of(trials: list[Trial]) -> tuple[float, list[dict]]:
    """(the strength by RULE, a record of each trial) of trials in ascending order of strength.

    Records have strength, score, shortfall from the best and its standard error, in fractions."""
    best = max(trials, key=lambda trial: trial.score)
    records = []
    for trial in trials:
        error = float(np.sqrt(((best.influence - trial.influence) ** 2).sum()))
        told = {"strength": trial.strength, "score": trial.score, "shortfall": best.score - trial.score}
        records.append({**told, "standard_error": error})
    able = [record["strength"] for record in records if record["shortfall"] <= record["standard_error"]]
    return max(able), records


@torch.no_grad()
def _trial(strength: float, trainer: Trainer, corpus: Corpus, names: list[str]) -> Trial:
    sizes = [len(corpus.tests[name][1]) for name in names]
    score, influence = 0.0, []
    for name, size in zip(names, sizes):
        scores, values = _scored(trainer, corpus, name)
        score += scores * size / sum(sizes)
        influence.append(values * size / sum(sizes))
    return Trial(strength, score, np.concatenate(influence))


def _scored(trainer: Trainer, corpus: Corpus, name: str) -> tuple[float, np.ndarray]:
    """(macro F1, (n,) influence values) on the choosing rows of one data set, the means over all heads."""
    rows, emotion, _ = corpus.tests[name]
    scores, influence = [], []
    for trained in trainer.trained():
        pieces = [rows.between(low, low + SCORED_ROWS) for low in range(0, len(emotion), SCORED_ROWS)]
        logits = [trained.logits(piece, corpus.names.index(name)).argmax(1) for piece in pieces]
        for answers in torch.cat(logits, 1).cpu().numpy():
            counts = metrics.confusion_matrix(emotion, answers, len(corpus.classes))
            scores.append(metrics.macro_f1_score(counts))
            influence.append(metrics.macro_f1_influence(counts)[emotion, answers])
    return float(np.mean(scores)), np.mean(influence, axis=0)
