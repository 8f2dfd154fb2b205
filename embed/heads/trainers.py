"""A block of heads from its rows to what is kept of it: which way it is trained, and with how many threads."""

from collections.abc import Callable

import torch

from data.files.runs import Head, Runs
from data.heads import family_named
from data.runtime.device import threads_for
from data.runtime.spare_cpus import SpareCpus
from embed.heads.general import ModuleTrainer
from embed.heads.scoring import outcomes
from embed.heads.stacked_training import Trainer
from embed.rows.corpus import Corpus
from embed.rows.minibatches import Batches
from embed.settings import HeadSettings


def trainer_of(corpus: Corpus, block: list[Head], settings: HeadSettings) -> Trainer | ModuleTrainer:
    """What trains the heads of a block of embed.plan: train(progress), then trained() for embed.heads.scoring."""
    kind = ModuleTrainer if family_named(block[0].family).module else Trainer
    return kind(corpus, block, settings)


def flop_a_row(corpus: Corpus) -> int:
    """Useful floating point operations of one head on one row: a product forward and one backward."""
    return 4 * corpus.feature_size * len(corpus.classes)


def train_block(
    batches: Batches,
    block: list[Head],
    *,
    found: Runs,
    keep_weights: bool = False,
    threads: int | None = None,
    progress: Callable = lambda: None,
) -> dict:
    """Head -> HeadOutcome of heads that are trained together, scored as the Runs `found` lays it down.

    threads: at most so many for a step, fewer where it is small; None leaves torch's number alone. progress() is called
    after each step."""
    corpus, settings = batches.corpus, batches.settings
    worth = threads_for(flop_a_row(corpus) * batches.size * len(block), threads) if threads else 1
    spare = SpareCpus(worth, set_threads=torch.set_num_threads)
    if threads:
        torch.set_num_threads(worth)

    def after_a_step():
        spare.follow()
        progress()

    trainer = trainer_of(corpus, block, settings)
    trainer.train(after_a_step, batches)
    return outcomes(corpus, trainer.trained(), settings, found, keep_weights=keep_weights)
