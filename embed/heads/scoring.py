"""Trained factors to what a results file keeps: predictions, confusion counts, training loss, weights, ranges."""

import numpy as np
import torch
import torch.nn.functional as F

from data import metrics
from data.files.cache import FEATURE_SIZE
from data.files.runs import UNSCORED, HeadOutcome, representation_size
from embed.heads.products import logits, on_sphere
from embed.heads.stacks import C, head_seed
from embed.rows.corpus import SCORED_ROWS, scoring_pieces

KEPT_SIZE = 3  # predictions and weights are kept for representations up to this size, for cake-norm and the baseline


@torch.no_grad()
def outcomes(corpus, factors, settings, runs, *, keep_weights=False):
    """Dict Head -> HeadOutcome of trained Factors. runs: the data.files.runs.Runs whose classifiers and test sets they
    are scored for."""
    scored = [Scored(own, corpus) for own in factors]
    for rows, emotion, domain in scoring_pieces(corpus):
        for own in scored:
            own.add_loss(rows, emotion, domain)
            own.widen(rows)
    return {head: outcome for own in scored for head, outcome in own.outcomes(settings, runs, keep_weights)}


class Scored:
    """The heads of one stack as they are scored, in the precision of the corpus whatever they were trained in."""

    def __init__(self, factors, corpus):
        self.factors, self.corpus, self.stack = factors, corpus, factors.stack
        self.loss = torch.zeros(len(self.stack.heads), dtype=torch.float64)
        self.small = any(map(is_small, self.stack.heads))
        self.low, self.high = None, None  # (H, dimensions) of all rows seen
        if self.stack.family != "cake-norm":
            self.W, self.E = (side.unflatten(1, (len(corpus.names), C)) for side in factors.effective_weights())

    def logits(self, rows, domain):
        """(H, 7, n) logits of one domain's classifiers."""
        H = len(self.stack.heads)
        if self.stack.family == "cake-norm":
            return logits(self.factors.values, domain, on_sphere(self.coordinates(rows))[0], rows.v[:2])
        W, E = (side[:, domain].reshape(H * C, -1) for side in (self.W, self.E))
        return torch.mm(W, rows.x.T).addmm_(E, rows.v).view(H, C, -1)

    def coordinates(self, rows):
        """(H, k, n) learned dimensions A x + a."""
        A, a = self.factors.values["A"], self.factors.values["a"]
        return torch.mm(A.flatten(0, 1), rows.x.T).view(*A.shape[:2], len(rows.x)) + a[..., None]

    def add_loss(self, rows, emotion, domain):
        """Add Eq. 1's terms of training rows of one domain, by their own classifier."""
        emotion = torch.from_numpy(emotion.astype(np.int64)).to(rows.x.device)
        own = F.log_softmax(self.logits(rows, domain), 1).gather(1, emotion.expand(len(self.stack.heads), 1, -1))[
            :, 0
        ]  # (H, n)
        self.loss -= torch.mv(own, self.corpus.weights[domain][emotion]).cpu().double() / len(self.corpus.emotion)

    def representation(self, rows):
        """(H, dimensions, n) what the classifiers see, arousal-valence in its own units."""
        z = self.coordinates(rows)
        if self.stack.family == "cake-norm":
            return on_sphere(z)[0]
        if "Bv" not in self.factors.values:
            return z
        scaling = self.corpus.scaling
        mean, deviation = (
            torch.from_numpy(side[FEATURE_SIZE:, None]).to(z.dtype).to(z.device)
            for side in (scaling.mean, scaling.deviation)
        )
        return torch.cat([(rows.v[:2] * deviation + mean).expand(len(z), -1, -1), z], 1)

    def widen(self, rows):
        """Let the range of coordinates hold these rows too."""
        if self.small:
            z = self.representation(rows)
            low, high = z.amin(2), z.amax(2)
            self.low, self.high = (
                (low, high) if self.low is None else (torch.minimum(self.low, low), torch.maximum(self.high, high))
            )

    def predictions(self, runs):
        """(H, classifiers, rows of all test sets) uint8 classes; UNSCORED where this corpus has no such classifier or
        row."""
        found = np.full((len(self.stack.heads), len(runs.classifiers), runs.rows), UNSCORED, np.uint8)
        for test, (rows, _, place) in self.corpus.tests.items():
            pieces = [rows.between(low, low + SCORED_ROWS) for low in range(0, len(place), SCORED_ROWS)]
            for domain, name in enumerate(self.corpus.names):
                answers = torch.cat([self.logits(piece, domain).argmax(1) for piece in pieces], 1)
                found[:, runs.classifiers.index(name), runs.span(test).start + place] = answers.to(
                    "cpu", torch.uint8
                ).numpy()
            for piece in pieces:
                self.widen(piece)
        return found

    def outcomes(self, settings, runs, keep_weights):
        """Yield (Head, HeadOutcome) of every head of the stack."""
        for position, (head, predicted) in enumerate(zip(self.stack.heads, self.predictions(runs))):
            loss, weights = float(self.loss[position]), self.weights(position)
            outcome = HeadOutcome(seed=head_seed(settings.seed, head), loss=loss, confusion=_confusion(runs, predicted))
            if not np.isfinite(loss) or not all(np.isfinite(value).all() for value in weights.values()):
                outcome.failure = f"diverged: training loss {loss}"
            elif is_small(head) or head.family == "baseline":
                outcome.weights, outcome.predicted = weights, predicted
                outcome.range = self._range(position) if is_small(head) else None
            elif keep_weights:
                outcome.weights = weights
            yield head, outcome

    def _range(self, position):
        """(2, dimensions) lowest and highest coordinates of one head, without the padding."""
        head = self.stack.heads[position]
        ends = torch.stack([self.low[position], self.high[position]])
        return ends[:, : representation_size(head.family, head.k)].float().cpu().numpy()

    def weights(self, position):
        """One head's factors as float32 arrays on features as cached: the scaling of the rows is folded in."""
        values = {name: value.cpu().double().numpy() for name, value in self.factors.own(position).items()}
        scaling = self.corpus.scaling
        (mean, v_mean), (deviation, v_deviation) = (
            np.split(side, [FEATURE_SIZE]) for side in (scaling.mean, scaling.deviation)
        )
        name, bias = ("A", "a") if "A" in values else ("B", "b")
        values[name] = values[name] / deviation
        values[bias] = values[bias] - values[name] @ mean
        if "Bv" in values:
            values["Bv"] = values["Bv"] / v_deviation
            values["b"] = values["b"] - values["Bv"] @ v_mean
        return {name: value.astype(np.float32) for name, value in values.items()}


def is_small(head):
    """Whether a head's predictions, weights and range are always kept (the baseline has no range)."""
    return head.family == "cake-norm" or representation_size(head.family, head.k) <= KEPT_SIZE


def _confusion(runs, predicted):
    """(D, T, 7, 7) counts of one head's predictions (D, rows of all test sets); nothing where it was not scored."""
    counts = np.zeros((len(runs.classifiers), len(runs.tests), C, C), np.int64)
    for classifier, answers in enumerate(predicted):
        for place, (name, test) in enumerate(runs.tests.items()):
            own, truth = answers[runs.span(name)], test.emotion
            scored = own != UNSCORED
            counts[classifier, place] = metrics.confusion_matrix(truth[scored], own[scored], C)
    return counts
