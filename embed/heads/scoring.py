"""Trained heads to what a results file keeps: predictions, confusion counts, training loss, weights, ranges.

What is scored holds `heads` of one `family` and answers, whichever way they were trained: logits(rows, domain), (H, 7,
n) by one domain's classifiers; representation(rows), (H, dimensions, n) in the units of the caches; and
weights(position), one head's arrays on features as cached."""

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F

from data import metrics
from data.emotions import EMOTIONS
from data.files.runs import UNSCORED, Head, HeadOutcome, Runs
from data.heads import Family
from embed.rows.corpus import SCORED_ROWS, Corpus, HeadInputs, scoring_pieces
from embed.settings import HeadSettings, head_seed
from embed.sizes import is_on_grid

C = len(EMOTIONS)
# Predictions and weights are kept for representations up to this size, and where the family says so; predictions alone
# on Figure 4's logarithmic axis, whose gains are claimed.
KEPT_SIZE = 3


@torch.no_grad()
def outcomes(corpus: Corpus, trained: list, settings: HeadSettings, runs: Runs, *, keep_weights: bool = False) -> dict:
    """Head -> HeadOutcome of what a trainer has trained, scored for the classifiers and test sets of `runs`."""
    scored = [Scored(own, corpus) for own in trained]
    for rows, emotion, domain in scoring_pieces(corpus):
        for own in scored:
            own.add_loss(rows, emotion, domain)
            own.widen(rows)
    return {head: outcome for own in scored for head, outcome in own.outcomes(settings, runs, keep_weights)}


class Scored:
    """Heads of one family that are scored together, as rows come by."""

    def __init__(self, trained, corpus: Corpus):
        self.trained, self.corpus = trained, corpus
        self.heads, self.family = trained.heads, trained.family
        self.loss = torch.zeros(len(self.heads), dtype=torch.float64)
        self.ranged = any(has_range(self.family, head.k, corpus.feature_size) for head in self.heads)
        self.low, self.high = None, None  # (H, dimensions) of all rows seen

    def add_loss(self, rows: HeadInputs, emotion: np.ndarray, domain: int) -> None:
        """Add Eq. 1's terms of training rows of one domain, by their own classifier."""
        emotion = torch.from_numpy(emotion.astype(np.int64)).to(rows.x.device)
        likelihood = F.log_softmax(self.trained.logits(rows, domain), 1)
        own = likelihood.gather(1, emotion.expand(len(self.heads), 1, -1))[:, 0]  # (H, n)
        self.loss -= torch.mv(own, self.corpus.weights[domain][emotion]).cpu().double() / len(self.corpus.emotion)

    def widen(self, rows: HeadInputs) -> None:
        """Let the range of coordinates hold these rows too."""
        if self.ranged:
            z = self.trained.representation(rows)
            low, high = z.amin(2), z.amax(2)
            self.low = low if self.low is None else torch.minimum(self.low, low)
            self.high = high if self.high is None else torch.maximum(self.high, high)

    def predictions(self, runs: Runs) -> np.ndarray:
        """(H, classifiers, rows of all test sets) uint8 classes; UNSCORED where this corpus has no such classifier or
        row."""
        found = np.full((len(self.heads), len(runs.classifiers), runs.rows), UNSCORED, np.uint8)
        for test, (rows, _, place) in self.corpus.tests.items():
            pieces = [rows.between(low, low + SCORED_ROWS) for low in range(0, len(place), SCORED_ROWS)]
            for domain, name in enumerate(self.corpus.names):
                answers = torch.cat([self.trained.logits(piece, domain).argmax(1) for piece in pieces], 1)
                answers = answers.to("cpu", torch.uint8).numpy()
                found[:, runs.classifiers.index(name), runs.span(test).start + place] = answers
            for piece in pieces:
                self.widen(piece)
        return found

    def outcomes(self, settings: HeadSettings, runs: Runs, keep_weights: bool) -> Iterator[tuple[Head, HeadOutcome]]:
        """Yield (Head, HeadOutcome) of every head."""
        features = self.corpus.feature_size
        for position, (head, predicted) in enumerate(zip(self.heads, self.predictions(runs))):
            loss, weights = float(self.loss[position]), self.trained.weights(position)
            outcome = HeadOutcome(seed=head_seed(settings.seed, head), loss=loss, confusion=_confusion(runs, predicted))
            if not np.isfinite(loss) or not all(np.isfinite(value).all() for value in weights.values()):
                outcome.failure = f"diverged: training loss {loss}"
            elif is_kept(self.family, head.k, features):
                outcome.weights, outcome.predicted = weights, predicted
                outcome.range = self._range(position) if has_range(self.family, head.k, features) else None
            else:
                outcome.weights = weights if keep_weights else {}
                outcome.predicted = predicted if is_on_grid(head.k) else None
            yield head, outcome

    def _range(self, position):
        """(2, dimensions) lowest and highest coordinates of one head, without the padding."""
        size = self.family.size(self.heads[position].k, self.corpus.feature_size)
        return torch.stack([self.low[position], self.high[position]])[:, :size].float().cpu().numpy()


def is_kept(family: Family, k: int, features: int) -> bool:
    """Whether a head's predictions and weights are both always kept."""
    return family.kept or family.size(k, features) <= KEPT_SIZE


def has_range(family: Family, k: int, features: int) -> bool:
    """Whether the range of a head's coordinates is kept as well."""
    return is_kept(family, k, features) and bool(family.coordinates(k))


def _confusion(runs, predicted):
    """(D, T, 7, 7) counts of one head's predictions (D, rows of all test sets); nothing where it was not scored."""
    counts = np.zeros((len(runs.classifiers), len(runs.tests), C, C), np.int64)
    for classifier, answers in enumerate(predicted):
        for place, (name, test) in enumerate(runs.tests.items()):
            own, truth = answers[runs.span(name)], test.emotion
            scored = own != UNSCORED
            counts[classifier, place] = metrics.confusion_matrix(truth[scored], own[scored], C)
    return counts
