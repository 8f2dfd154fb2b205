"""The canonical forms of heads that are scored together, from their coordinates as the rows come by."""

import numpy as np
import torch

from data.canonical import Canonical
from data.heads import Family
from data.runtime.transfers import to_device
from embed.heads.canonical_axes import VALENCE_AROUSAL, Spread, canonical_map, class_targets, spread_of
from embed.rows.corpus import Corpus


class CanonicalForms:
    """Sums over the training rows, in float64 at `home`, and the forms that follow from them.

    Heads without learned dimensions, with more than there are targets for, or that diverged have none. H heads, n
    rows."""

    def __init__(self, heads: tuple, family: Family, corpus: Corpus, home: torch.device = torch.device("cpu")):
        self.heads, self.family, self.home, self.seen = heads, family, home, 0
        self.offset = 2 * bool(family.arousal_valence)  # z begins with these
        self.classes = corpus.classes
        self.standing, self.rest = class_targets(corpus.classes)
        most = len(VALENCE_AROUSAL) + len(self.rest)
        self.k = max((head.k for head in heads if head.k <= most), default=0) if family.projects else 0
        self.followed = None if self.offset or not self.k else _on(corpus.followed, home)
        self.sums, self.followed_sums = (
            torch.zeros(len(heads), *2 * [1 + self.k + len(targets)], dtype=torch.float64, device=home)
            for targets in (self.classes, VALENCE_AROUSAL)
        )

    def add(self, z: torch.Tensor, emotion: torch.Tensor) -> None:
        """Let training rows count, in the order of the corpus. z: (H, dimensions, n); emotion: (n,) int64."""
        if not self.k:
            return
        learned = z[:, self.offset : self.offset + self.k].to(self.home, torch.float64)
        classes = torch.arange(len(self.classes), device=self.home)[:, None] == emotion.to(self.home)
        self.sums += _squares(learned, classes.double())
        if self.followed is not None:
            values, known = (side[:, self.seen : self.seen + len(emotion)] for side in self.followed)
            self.followed_sums += _squares(learned, values, known)
        self.seen += len(emotion)

    def tensors(self) -> dict:
        """Name -> tensor of what `made` needs in main memory, once all training rows were added."""
        return {"sums": self.sums, "followed sums": self.followed_sums} if self.k else {}

    def made(self, values: dict, tested: np.ndarray | None = None) -> dict[int, Canonical]:
        """Position -> Canonical of every head that has one. values: arrays of `tensors`; tested: z (H, dimensions, n)
        of all test rows, which their ranges hold."""
        found = {position: self._made(values, position, head.k) for position, head in enumerate(self.heads) if self.k}
        found = {position: form for position, form in found.items() if form}
        for position, form in found.items() if tested is not None else ():
            own = form.of(tested[position, : len(form.t)].T)
            form.range = np.stack([own.min(0), own.max(0)]).astype(np.float32)
        return found

    def _made(self, values, position, k):
        """One head's form, from its sums without the padding."""
        sums = values["sums"][position]
        if not 0 < k <= self.k or not np.isfinite(sums).all():
            return None
        spread = self._spread(sums, k, self.classes)
        valued = self._valued(values["followed sums"][position], k)
        first = [(target, valued) for target in VALENCE_AROUSAL] if valued else []
        if not first and not self.offset:
            first = [(target, spread) for target in self.standing]
        followed = [*first, *((target, spread) for target in self.rest)]
        found = canonical_map(spread, followed, on_sphere=self.family.on_sphere)
        return found and self._whole(*found)

    def _valued(self, sums, k) -> Spread | None:
        """Spread of the rows with arousal-valence, where they are enough to say what follows it."""
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


def _on(followed, home):
    """(values (2, N), zeros where unknown; known (1, N)) float64 of the corpus' arousal-valence, or None."""
    if followed is None:
        return None
    known = np.isfinite(followed).all(1)
    values = np.where(known[:, None], followed, 0).T.astype(np.float64)
    return to_device(np.ascontiguousarray(values), home), to_device(known[None].astype(np.float64), home)


def _squares(learned, targets, known=None):
    """Sum of y y^T over rows, those known if so told, y = [1; z; targets]. learned: (H, k, n); targets: (count, n)."""
    ones = torch.ones_like(learned[:, :1])
    y = torch.cat([ones, learned, targets.expand(len(learned), -1, -1)], 1)
    return y @ (y if known is None else y * known).mT
