"""Which way a block of heads is trained."""

from data.files.runs import Head
from data.heads import family_named
from embed.heads.general import ModuleTrainer
from embed.heads.stacked_training import Trainer
from embed.rows.corpus import Corpus
from embed.settings import HeadSettings


def trainer_of(corpus: Corpus, block: list[Head], settings: HeadSettings) -> Trainer | ModuleTrainer:
    """What trains the heads of a block of embed.plan: train(progress), then trained() for embed.heads.scoring."""
    kind = ModuleTrainer if family_named(block[0].family).module else Trainer
    return kind(corpus, block, settings)
