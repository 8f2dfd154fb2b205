"""Trained heads to what a results file keeps: predictions, confusion counts, training loss, weights, ranges.

What is scored holds `heads` of one `family` and answers, whichever way they were trained: logits(rows, domain), (H, C,
n) by one domain's classifiers; representation(rows), (H, dimensions, n) in the units of the caches; finite(), (H,)
whether all that was trained is; and weights(position, arrays), one head's arrays on features as cached, from the values
of tensors()."""

import numpy as np
import torch
import torch.nn.functional as F

from data.files.runs import UNSCORED, HeadOutcome, Runs
from data.heads import Family
from data.runtime.transfers import Arrival, to_device
from embed.heads.canonical_forms import CanonicalForms
from embed.rows.corpus import SCORED_ROWS, Corpus, HeadInputs, scoring_pieces
from embed.settings import HeadSettings, head_seed
from embed.sizes import is_on_grid

# Predictions and weights are kept for representations up to this size, and where the family says so; predictions alone
# on Figure 4's logarithmic axis, whose gains are claimed.
KEPT_SIZE = 3


@torch.no_grad()
def outcomes(corpus: Corpus, trained: list, settings: HeadSettings, runs: Runs, *, keep_weights: bool = False) -> dict:
    """Head -> HeadOutcome of what a trainer has trained, scored for the classifiers and test sets of `runs`.

    All is asked of the device first, then fetched at once."""
    scored = [Scored(own, corpus, keep_weights) for own in trained]
    for rows, emotion, domain in scoring_pieces(corpus):
        for own in scored:
            own.add_loss(rows, emotion, domain)
            own.learn_axes(own.widen(rows), emotion)
    for own in scored:
        own.predict(runs)
    arrived = iter(Arrival([tensor for own in scored for tensor in own.found.values()]).arrays())
    found = {}
    for own in scored:
        values = {name: next(arrived) for name in own.found}
        found |= own.outcomes(values, settings)
    return found


class Scored:
    """Heads of one family that are scored together, as rows come by.

    found: name -> tensor of what is known by now, on the device or, where that lacks 64 bits, in main memory."""

    def __init__(self, trained, corpus: Corpus, keep_weights: bool = False):
        self.trained, self.corpus, self.keep_weights = trained, corpus, keep_weights
        self.heads, self.family = trained.heads, trained.family
        features = corpus.feature_size
        self.home = corpus.device if corpus.device.type == "cuda" else torch.device("cpu")
        self.forms = CanonicalForms(self.heads, self.family, corpus, self.home)
        self.ranged = any(has_range(self.family, head.k, features) for head in self.heads)
        self.kept = [is_kept(self.family, head.k, features) for head in self.heads]
        # positions of the heads whose predictions are kept
        self.told = [place for place, head in enumerate(self.heads) if self.kept[place] or is_on_grid(head.k)]
        self.found = {
            "loss": torch.zeros(len(self.heads), dtype=torch.float64, device=self.home),
            "finite": trained.finite(),
        }
        if keep_weights or any(self.kept):
            self.found |= {f"weights {place}": tensor for place, tensor in enumerate(trained.tensors())}

    def add_loss(self, rows: HeadInputs, emotion: torch.Tensor, domain: int) -> None:
        """Add Eq. 1's terms of training rows of one domain, by their own classifier."""
        likelihood = F.log_softmax(self.trained.logits(rows, domain), 1)
        own = likelihood.gather(1, emotion.expand(len(self.heads), 1, -1))[:, 0]  # (H, n)
        terms = torch.mv(own, self.corpus.weights[domain].index_select(0, emotion))
        self.found["loss"] -= terms.to(self.found["loss"]) / len(self.corpus.emotion)

    def widen(self, rows: HeadInputs) -> torch.Tensor | None:
        """Let the range of coordinates, (H, dimensions) lowest and highest, hold these rows too. Returns their z (H,
        dimensions, n), where ranges are kept."""
        if not self.ranged:
            return None
        z = self.trained.representation(rows)
        for name, now, wider in (("low", z.amin(2), torch.minimum), ("high", z.amax(2), torch.maximum)):
            self.found[name] = wider(self.found[name], now) if name in self.found else now
        return z

    def learn_axes(self, z: torch.Tensor | None, emotion: torch.Tensor) -> None:
        """Let training rows count for the canonical axes; z as `widen` gives it."""
        if z is not None:
            self.forms.add(z, emotion)

    def predict(self, runs: Runs) -> None:
        """Find (H, D, T, C * C) confusion counts and, of the heads for which they are kept, the predictions (., D, rows
        of all test sets) uint8 themselves; UNSCORED where this corpus has no such classifier or row."""
        shape, C = (len(self.heads), len(runs.classifiers)), len(self.corpus.classes)
        predicted = torch.full((*shape, runs.rows), UNSCORED, dtype=torch.uint8, device=self.home)
        counts = torch.zeros((*shape, len(runs.tests), C * C), dtype=torch.int64, device=self.home)
        tested = []
        for test, (rows, emotion, place) in self.corpus.tests.items():
            column, truth = (
                to_device(side.astype(np.int64), self.home) for side in (runs.span(test).start + place, emotion)
            )
            pieces = [rows.between(low, low + SCORED_ROWS) for low in range(0, len(place), SCORED_ROWS)]
            for domain, name in enumerate(self.corpus.names):
                answers = torch.cat([self.trained.logits(piece, domain).argmax(1) for piece in pieces], 1).to(self.home)
                classifier = runs.classifiers.index(name)
                predicted[:, classifier].index_copy_(1, column, answers.to(torch.uint8))
                cells = counts[:, classifier, list(runs.tests).index(test)]
                cells.scatter_add_(1, truth * C + answers, torch.ones_like(answers))
            tested += map(self.widen, pieces)
        if self.ranged:
            self.found |= self.forms.tensors()
        if self.ranged and self.forms.k and tested:
            self.found["tested"] = torch.cat(tested, 2)[:, : self.forms.offset + self.forms.k]
        told = predicted.index_select(0, to_device(np.array(self.told, np.int64), self.home))
        self.found |= {"confusion": counts.unflatten(-1, (C, C)), "predicted": told}

    def outcomes(self, values: dict, settings: HeadSettings) -> dict:
        """Head -> HeadOutcome of every head. values: the arrays of `found`."""
        forms = self.forms.made(values, values.get("tested")) if "sums" in values else {}
        return {
            head: self._outcome(place, head, values, settings, forms.get(place))
            for place, head in enumerate(self.heads)
        }

    def _outcome(self, place, head, values, settings, form):
        kept, weights = self.kept[place], {}
        if kept or self.keep_weights:
            tensors = [value for name, value in values.items() if name.startswith("weights ")]
            weights = self.trained.weights(place, tensors)
        loss, seed = float(values["loss"][place]), head_seed(settings.seed, head)
        outcome = HeadOutcome(seed=seed, loss=loss, confusion=values["confusion"][place])
        finite = values["finite"][place] and all(np.isfinite(value).all() for value in weights.values())
        if not np.isfinite(loss) or not finite:
            outcome.failure = f"diverged: training loss {loss}"
            return outcome
        outcome.weights = weights
        outcome.predicted = values["predicted"][self.told.index(place)] if place in self.told else None
        if kept and has_range(self.family, head.k, self.corpus.feature_size):
            size = self.family.size(head.k, self.corpus.feature_size)  # without the padding
            outcome.range = np.stack([values["low"][place], values["high"][place]])[:, :size].astype(np.float32)
            outcome.canonical = form
        return outcome


def is_kept(family: Family, k: int, features: int) -> bool:
    """Whether a head's predictions and weights are both always kept."""
    return family.kept or family.size(k, features) <= KEPT_SIZE


def has_range(family: Family, k: int, features: int) -> bool:
    """Whether the range of a head's coordinates is kept as well."""
    return is_kept(family, k, features) and bool(family.coordinates(k))
