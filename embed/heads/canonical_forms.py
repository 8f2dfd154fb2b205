"""The canonical forms of heads that are scored together, from their coordinates as the rows come by."""

from functools import cached_property

import numpy as np
import torch

from data.canonical import Canonical
from data.emotions import EMOTIONS
from embed.heads.canonical_axes import MOST, Spread, axis_names, canonical_map, spread_of
from embed.rows.corpus import Corpus

C = len(EMOTIONS)
SIGNS, SIGNS_ALONE = ("anger", "fear"), ("happiness", None)  # with arousal-valence, and without


class CanonicalForms:
    """Sums over the training rows, which must all come before `of` or `widen` is called; then ranges over test rows.

    Heads without learned dimensions, with more than MOST, or that diverged have none. H heads, n rows."""

    def __init__(self, heads: tuple, family, corpus: Corpus):
        self.heads, self.family, self.seen = heads, family, 0
        self.offset = 2 * bool(family.arousal_valence)  # z begins with these
        self.k = max((head.k for head in heads if head.k <= MOST), default=0) if family.projects else 0
        self.followed = None if self.offset else corpus.followed
        self.sums = np.zeros((len(heads), self.k + 1, self.k + 1))
        self.class_sums = np.zeros((len(heads), self.k + 1, C))
        self.followed_sums = np.zeros((len(heads), self.k + 3, self.k + 3))

    def add(self, z: torch.Tensor, emotion: np.ndarray) -> None:
        """Let training rows count, in the order of the corpus. z: (H, dimensions, n); emotion: (n,)."""
        if not self.k:
            return
        y = self._learned(z)
        self.sums += y @ y.transpose(0, 2, 1)
        self.class_sums += y @ np.eye(C)[emotion]
        if self.followed is not None:
            v = self.followed[self.seen : self.seen + len(emotion)].astype(np.float64)
            known = np.isfinite(v).all(1)
            y = np.concatenate([y[..., known], np.broadcast_to(v[known].T, (len(y), 2, known.sum()))], 1)
            self.followed_sums += y @ y.transpose(0, 2, 1)
        self.seen += len(emotion)

    def _learned(self, z):
        """(H, k + 1, n) float64 of z: 1, then the learned dimensions."""
        learned = z[:, self.offset : self.offset + self.k].cpu().double().numpy()
        return np.concatenate([np.ones((len(learned), 1, learned.shape[2])), learned], 1)

    def widen(self, z: torch.Tensor) -> None:
        """Let the ranges hold test rows, z (H, dimensions, n)."""
        for position, form in self._forms.items():
            own = form.of(z[position, : len(form.t)].T.cpu().numpy())
            ends = own if form.range is None else np.concatenate([form.range, own])
            form.range = np.stack([ends.min(0), ends.max(0)]).astype(np.float32)

    def of(self, position: int) -> Canonical | None:
        """The Canonical of one head."""
        return self._forms.get(position)

    @cached_property
    def _forms(self):
        made = {position: self._made(position, head.k) for position, head in enumerate(self.heads)}
        return {position: form for position, form in made.items() if form}

    def _made(self, position, k):
        """One head's form, from its sums without the padding."""
        if not 0 < k <= self.k or not np.isfinite(self.sums[position]).all():
            return None
        class_sums = self.class_sums[position, : k + 1]
        with np.errstate(invalid="ignore"):  # a class without rows
            means = class_sums[1:] / class_sums[0]
        followed = self._followed(position, k)
        signs = SIGNS if followed or self.offset else SIGNS_ALONE
        spread = spread_of(self.sums[position, : k + 1, : k + 1], k)
        found = canonical_map(spread, means, followed, on_sphere=self.family.on_sphere, signs=signs)
        return found and self._whole(*found, follows=followed is not None)

    def _followed(self, position, k) -> Spread | None:
        """Spread of the rows with arousal-valence, where these are enough and neither is constant."""
        chosen = [*range(k + 1), self.k + 1, self.k + 2]
        sums = self.followed_sums[position][np.ix_(chosen, chosen)]
        if sums[0, 0] <= k + 2:
            return None
        spread = spread_of(sums, k)
        return spread if (np.abs(spread.along).max(0) > 0).all() else None

    def _whole(self, T, t, *, follows):
        """The Canonical of all dimensions: arousal-valence stays."""
        whole, shift = np.eye(self.offset + len(T)), np.zeros(self.offset + len(T))
        whole[self.offset :, self.offset :], shift[self.offset :] = T, t
        axes = (*self.family.coordinates(0), *axis_names(len(T), follows=follows))
        return Canonical(whole.astype(np.float32), shift.astype(np.float32), axes)
