"""The canonical forms of heads that are scored together, from their coordinates as the rows come by."""

from functools import cached_property

import numpy as np
import torch

from data.canonical import Canonical
from data.emotions import EMOTIONS
from data.heads import Family
from embed.heads.canonical_axes import (
    MOST,
    REST,
    STANDING_FOR_THEM,
    VALENCE_AROUSAL,
    Spread,
    canonical_map,
    spread_of,
)
from embed.rows.corpus import Corpus


class CanonicalForms:
    """Sums over the training rows, which must all come before `of` or `widen` is called; then ranges over test rows.

    Heads without learned dimensions, with more than MOST, or that diverged have none. H heads, n rows."""

    def __init__(self, heads: tuple, family: Family, corpus: Corpus):
        self.heads, self.family, self.seen = heads, family, 0
        self.offset = 2 * bool(family.arousal_valence)  # z begins with these
        self.k = max((head.k for head in heads if head.k <= MOST), default=0) if family.projects else 0
        self.followed = None if self.offset else corpus.followed
        self.sums, self.followed_sums = (
            np.zeros((len(heads), *2 * [1 + self.k + len(targets)])) for targets in (EMOTIONS, VALENCE_AROUSAL)
        )

    def add(self, z: torch.Tensor, emotion: np.ndarray) -> None:
        """Let training rows count, in the order of the corpus. z: (H, dimensions, n); emotion: (n,)."""
        if not self.k:
            return
        learned = z[:, self.offset : self.offset + self.k].cpu().double().numpy()
        _add(self.sums, learned, np.eye(len(EMOTIONS))[emotion])
        if self.followed is not None:
            v = self.followed[self.seen : self.seen + len(emotion)].astype(np.float64)
            known = np.isfinite(v).all(1)
            _add(self.followed_sums, learned[..., known], v[known])
        self.seen += len(emotion)

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
        spread = self._spread(self.sums[position], k, EMOTIONS)
        valued = self._valued(position, k)
        first = [(target, valued) for target in VALENCE_AROUSAL] if valued else []
        if not first and not self.offset:
            first = [(target, spread) for target in STANDING_FOR_THEM]
        found = canonical_map(spread, [*first, *((target, spread) for target in REST)], on_sphere=self.family.on_sphere)
        return found and self._whole(*found)

    def _valued(self, position, k) -> Spread | None:
        """Spread of the rows with arousal-valence, where they are enough to say what follows it."""
        sums = self.followed_sums[position]
        return self._spread(sums, k, VALENCE_AROUSAL) if sums[0, 0] > k + 2 else None

    def _spread(self, sums, k, targets):
        chosen = [*range(1 + k), *range(1 + self.k, len(sums))]
        return spread_of(sums[np.ix_(chosen, chosen)], k, targets)

    def _whole(self, T, t, names):
        """The Canonical of all dimensions: arousal-valence stays."""
        whole, shift = np.eye(self.offset + len(T)), np.zeros(self.offset + len(T))
        whole[self.offset :, self.offset :], shift[self.offset :] = T, t
        axes = (*self.family.coordinates(0), *names)
        return Canonical(whole.astype(np.float32), shift.astype(np.float32), axes)


def _add(sums, learned, targets):
    """Add y y^T of rows, y = [1; z; targets]. learned: (H, k, n); targets: (n, count)."""
    shared = np.broadcast_to(targets.T, (len(learned), *targets.T.shape))
    y = np.concatenate([np.ones((len(learned), 1, len(targets))), learned, shared], 1)
    with np.errstate(all="ignore"):  # of a head that diverged
        sums += y @ y.transpose(0, 2, 1)
