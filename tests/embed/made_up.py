"""Made-up features with planted structure: made-up data for tests, of no emotion."""

import numpy as np
import torch

from embed.domains import COLUMNS, Corpus
from embed.loss import sample_weights


def planted(rows, *, seed, spread=1.0):
    """(features (n, 512) float32, predicted arousal-valence (n, 2), emotion (n,)): three hidden factors drive all."""
    generator = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(7, 3))
    mixing = np.random.default_rng(98).normal(size=(3, 512)) / 3
    emotion = generator.choice(7, rows, p=np.array([5, 6, 3, 3, 1, 1, 2]) / 21)
    hidden = centres[emotion] + spread * 0.5 * generator.normal(size=(rows, 3))
    feature = hidden @ mixing + 0.3 * generator.normal(size=(rows, 512))
    return feature.astype(np.float32), hidden[:, :2].astype(np.float32), emotion.astype(np.int64)


def corpus(sizes=(300, 90, 40), *, dtype=torch.float32, seed=0):
    """A Corpus of domains of unequal size."""
    parts = [planted(rows, seed=seed + index) for index, rows in enumerate(sizes)]
    rows = torch.ones(sum(sizes), COLUMNS, dtype=dtype)
    rows[:, :-1] = torch.from_numpy(np.concatenate([np.hstack(part[:2]) for part in parts]))
    emotion = np.concatenate([part[2] for part in parts])
    domain = np.repeat(np.arange(len(sizes)), sizes)
    names = tuple("abcdefg"[: len(sizes)])
    tests = {name: (rows[:30], torch.from_numpy(emotion[:30])) for name in names}
    return Corpus(names, 1, rows, torch.from_numpy(emotion), torch.from_numpy(domain),
                  torch.from_numpy(sample_weights(emotion, domain)).to(dtype), tests, np.zeros(514), np.ones(514), True)
