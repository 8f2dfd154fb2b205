"""Stage two at the paper's size on a device that is not there: the real trainer, scoring and stores."""

import contextlib
import itertools
from collections.abc import Iterator
from unittest import mock

import numpy as np
import torch

from data.files.runs import Head, Runs, TestSet
from data.heads import CAKE, FAMILIES, Linear, register
from data.runtime import transfers
from embed.heads import stacks
from embed.heads.canonical_forms import CanonicalForms
from embed.heads.scoring import outcomes
from embed.heads.trainers import trainer_of
from embed.plan import blocks
from embed.rows.corpus import Corpus, Scaling
from embed.rows.feature_store import Resident
from embed.rows.loss_weights import sample_weights
from embed.rows.minibatches import Batches
from embed.settings import HeadSettings
from tests.embed.heads.test_general import ByModules, Layers
from tests.fake_gpu.fake_device import FakeGpu

ROWS = (283_901, 11_271, 871)  # of AffectNet, RAF-DB and SFEW
TESTED = (3_500, 3_068, 436)
SHARES = np.array((74_874, 134_415, 25_459, 14_090, 6_378, 3_803, 24_882)) / 283_901  # of AffectNet's classes
F = 512


def corpus(store: object = None) -> Corpus:
    """Rows without values, on the device. To be called while a FakeGpu is entered."""
    generator, rows = np.random.default_rng(0), sum(ROWS)
    emotion = generator.choice(7, rows, p=SHARES)
    domain = np.repeat(np.arange(len(ROWS), dtype=np.int16), ROWS)
    device = torch.device("cuda", 0)
    weights = torch.from_numpy(sample_weights(emotion, domain)).to(device, torch.float32)
    store = store or Resident(torch.empty(rows, F, dtype=torch.float16, device=device), 1)
    scaling, names = Scaling(np.zeros(F + 2), np.ones(F + 2)), ("a", "b", "c")
    v = torch.empty(rows, 1, 2, device=device)
    made = Corpus(names, store, np.arange(rows), v, emotion, domain, weights, scaling, {}, torch.float32, device)
    made.followed = np.zeros((rows, 2), np.float32)
    for name, count in zip(names, TESTED):
        inputs = made.rows(torch.empty(count, F, dtype=torch.float16), torch.empty(count, 2))
        made.tests[name] = inputs, generator.integers(0, 7, count), np.arange(count)
    return made


def every_integer() -> list:
    """The blocks of `embed sweep --k 1..512`."""
    return blocks(range(1, 513), ("cake", "av"), 10, predicts=True, annotated=False)


def step(gpu: FakeGpu, block: list, settings: HeadSettings, *, store: object = None) -> list:
    """The log of the second step of a block: the first one makes what is made once."""
    rows, logs = corpus(store), []
    trainer, batches = trainer_of(rows, block, settings), Batches(rows, settings)
    two = Cut(batches, 2)
    gpu.cut()
    trainer.train(lambda: logs.append(gpu.cut()), two)
    return logs[1]


class Cut:
    """The first batches of a training."""

    def __init__(self, batches: Batches, steps: int):
        self.batches, self.steps = batches, steps

    def __len__(self):
        return self.steps

    def __iter__(self):
        return itertools.islice(iter(self.batches), self.steps)


def scoring(gpu: FakeGpu, block: list) -> list:
    """The log of the scoring of a block."""
    rows, settings = corpus(), HeadSettings()
    trainer = trainer_of(rows, block, settings)
    tests = {name: TestSet(emotion.astype(np.int8), place, None) for name, (_, emotion, place) in rows.tests.items()}
    gpu.cut()
    with mock.patch.object(CanonicalForms, "made", lambda *_: {}):  # of values, which are not there
        outcomes(rows, trainer.trained(), settings, Runs({}, rows.names, tests, True, {}))
    return gpu.cut()


def undrawn() -> object:
    """A context in which heads are not drawn, which is the host's work."""
    return mock.patch.object(stacks.Factors, "initialise", lambda self, seed, pool: None)


@contextlib.contextmanager
def by_modules() -> Iterator[list]:
    """Two heads of a family of modules, known while the context is entered."""
    module = lambda *arguments: Layers(CAKE, *arguments, slip=1.0)
    fields = {name: getattr(CAKE, name) for name in Linear.__dataclass_fields__}
    with mock.patch.dict(FAMILIES):
        register(ByModules(**{**fields, "name": "cake-by-modules", "module": module}))
        yield [Head("cake-by-modules", 3, run) for run in range(2)]


class Disk:
    """What OnDisk gives: rows in main memory from which the device copies."""

    views = 1

    def stream(self, order):
        rows = transfers.room((len(order.places), F), torch.float16, torch.device("cuda", 0))
        yield from rows.split(np.diff([0, *order.ends]).tolist())
