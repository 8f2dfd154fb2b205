"""Made-up features with planted structure: made-up data for tests, of no emotion."""

import numpy as np
import torch

from data.emotions import EMOTIONS
from embed.rows.corpus import Corpus, Scaling
from embed.rows.feature_store import Resident
from embed.rows.loss_weights import sample_weights

FREQUENCY = (5, 6, 3, 3, 1, 1, 2)  # of the classes, and again of those beyond the seventh


def planted(rows, *, seed, spread=1.0, features=512, classes=7):
    """(features (n, F) float32, predicted arousal-valence (n, 2), emotion (n,)): three hidden factors drive all."""
    generator = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(classes, 3))
    mixing = np.random.default_rng(98).normal(size=(3, features)) / 3
    frequency = np.resize(FREQUENCY, classes)
    emotion = generator.choice(classes, rows, p=frequency / frequency.sum())
    hidden = centres[emotion] + spread * 0.5 * generator.normal(size=(rows, 3))
    feature = hidden @ mixing + 0.3 * generator.normal(size=(rows, features))
    return feature.astype(np.float32), hidden[:, :2].astype(np.float32), emotion.astype(np.int64)


def corpus(sizes=(300, 90, 40), *, dtype=torch.float32, seed=0, views=1, spread=1.0, features=512, classes=EMOTIONS):
    """A Corpus of domains of unequal size; further views are the first one, shifted by 100 in every feature."""
    kind = {"spread": spread, "features": features, "classes": len(classes)}
    parts = [planted(rows, seed=seed + index, **kind) for index, rows in enumerate(sizes)]
    feature = np.concatenate([part[0] for part in parts])[:, None] + 100.0 * np.arange(views)[:, None]
    v = torch.from_numpy(np.concatenate([part[1] for part in parts])).to(dtype)[:, None].expand(-1, views, -1)
    emotion = np.concatenate([part[2] for part in parts])
    domain = np.repeat(np.arange(len(sizes)), sizes)
    store = Resident(torch.from_numpy(feature).half().flatten(0, 1), views)
    made = Corpus(
        tuple("abcdefg"[: len(sizes)]),
        store,
        np.arange(len(emotion)),
        v,
        emotion,
        domain,
        torch.from_numpy(sample_weights(emotion, domain, len(classes))).to(dtype),
        Scaling(np.zeros(features + 2), np.ones(features + 2)),
        {},
        dtype,
        classes=tuple(classes),
    )
    rows = next(made.batches(made.order(np.arange(30), np.zeros(30, np.int64), [30])))
    made.tests.update({name: (rows, emotion[:30], np.arange(30)) for name in made.names})
    return made
