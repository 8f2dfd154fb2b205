"""What the trainer works on: training rows of all domains end to end, their weights, and the test sets."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from data.emotions import EMOTIONS
from data.runtime.transfers import to_device
from embed.rows.feature_caches import SweptCache
from embed.rows.feature_store import OnDisk, Order, Resident, moments, pieces, read
from embed.rows.loss_weights import sample_weights
from embed.settings import BALANCED

FLOOR = 0.1  # so that no feature weighs more than ten times what it would in the median's units
SCORED_ROWS = 1024  # rows scored at a time; the logits of a hundred heads then stay in the processor's cache


@dataclass(frozen=True)
class HeadInputs:
    """Rows as heads take them: x~ = [x; v; 1] in two parts."""

    x: torch.Tensor  # (n, F) scaled features
    v: torch.Tensor  # (3, n) scaled valence and arousal, and a constant 1

    def between(self, low: int, high: int) -> "HeadInputs":
        """Rows low to high."""
        return HeadInputs(self.x[low:high], self.v[:, low:high])

    def to(self, dtype: torch.dtype) -> "HeadInputs":
        """The rows in another precision."""
        return HeadInputs(self.x.to(dtype), self.v.to(dtype))


@dataclass
class Scaling:
    """Each column to mean 0 and deviation 1; undone in the weights that are stored."""

    mean: np.ndarray  # (F + 2,) float64, features then valence and arousal
    deviation: np.ndarray

    def __post_init__(self):
        self.deviation = np.where(self.deviation > 1e-6, self.deviation, 1.0)  # a constant column keeps its scale
        self._made = {}

    def features(self, raw: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """(n, F) of any float type -> scaled, in `dtype`."""
        mean, inverse = self._on(raw.device, dtype)
        return raw.to(dtype, copy=True).sub_(mean).mul_(inverse)  # raw may be of that type, and stored

    def _on(self, device, dtype):
        """Mean and 1 / deviation of the features, made once for a device."""
        if (device, dtype) not in self._made:
            sides = (self.mean[:-2], 1 / self.deviation[:-2])
            self._made[device, dtype] = [torch.from_numpy(side).to(dtype).to(device) for side in sides]
        return self._made[device, dtype]

    def arousal_valence(self, raw: np.ndarray, dtype: torch.dtype) -> torch.Tensor:
        """(..., 2) -> scaled, in `dtype`."""
        return torch.from_numpy((raw - self.mean[-2:]) / self.deviation[-2:]).to(dtype)

    def undone(self, rows: HeadInputs) -> tuple:
        """(features (n, F), arousal-valence (n, 2)) float32 as cached."""
        x, v = rows.x.cpu().numpy(), rows.v[:2].T.cpu().numpy()
        raw = x * self.deviation[:-2] + self.mean[:-2], v * self.deviation[-2:] + self.mean[-2:]
        return tuple(side.astype(np.float32) for side in raw)


@dataclass
class Corpus:
    """N training rows of D domains, in memory or on disk, and T test sets."""

    names: tuple  # of the domains, one classifier each
    store: Resident | OnDisk
    position: np.ndarray  # (N,) int64, where each row lies in the store
    v: torch.Tensor  # (rows of the store, V, 2) scaled valence and arousal, zeros where there are none
    emotion: np.ndarray  # (N,) int8
    domain: np.ndarray  # (N,) int16
    weights: torch.Tensor  # (D, C) w_class * w_dataset
    scaling: Scaling
    tests: dict  # name of a domain -> (HeadInputs, emotion (n,) int64, place (n,) of each in the test set's rows)
    dtype: torch.dtype = torch.float32
    device: torch.device = torch.device("cpu")
    classes: tuple = EMOTIONS  # names of the C classes
    followed: np.ndarray | None = None  # (N, 2) valence and arousal that canonical axes follow, NaN where unknown

    @property
    def views(self) -> int:
        return self.store.views

    @property
    def feature_size(self) -> int:
        """F."""
        return len(self.scaling.mean) - 2

    def order(self, chosen: np.ndarray, view: np.ndarray, ends: list) -> Order:
        """The Order of consecutive batches of the training rows `chosen`, each in the view given for it."""
        places = self.position[chosen] * self.views + view.astype(np.int64)
        return Order(places, to_device(places, self.device), ends)

    def batches(self, order: Order) -> Iterator[HeadInputs]:
        """Yield the HeadInputs of consecutive batches."""
        v, start = self.v.flatten(0, 1), 0
        for end, raw in zip(order.ends, self.store.stream(order)):
            yield self.rows(raw, v.index_select(0, order.index[start:end]))
            start = end

    def rows(self, raw: torch.Tensor, v: torch.Tensor) -> HeadInputs:
        """HeadInputs from raw features (n, F) and scaled arousal-valence (n, 2)."""
        x = self.scaling.features(raw.to(self.device, non_blocking=True), self.dtype)
        return HeadInputs(x, torch.cat([v.T, torch.ones(1, len(v), dtype=v.dtype, device=v.device)]).to(self.device))


def assemble(
    caches: list[SweptCache],
    store: Resident | OnDisk,
    *,
    scaling: str = "floored",
    weighted: str = BALANCED,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Corpus:
    """The Corpus of caches that fit each other, in the order given: CAKE, AVk with predicted arousal-valence, the
    baseline."""
    predicts = has_predictions(caches)
    values = {split: [_predicted(getattr(cache, split), predicts) for cache in caches] for split in ("train", "test")}
    scaling = _scaling([cache.train for cache in caches], np.concatenate(values["train"]).reshape(-1, 2), scaling)
    emotion = np.concatenate([cache.train.emotion for cache in caches])
    domain = np.repeat(np.arange(len(caches), dtype=np.int16), [len(cache.train) for cache in caches])
    v = scaling.arousal_valence(np.concatenate(values["train"]), dtype)
    names = tuple(cache.name for cache in caches)
    untested = (names, caches[0].classes, store, np.arange(len(emotion)), v, emotion, domain)
    corpus = _untested(*untested, weighted, scaling, dtype, device)
    corpus.followed = _followed(caches, predicts)
    for cache, v in zip(caches, values["test"]):
        corpus.tests[cache.name] = _test(corpus, cache.test, v[:, 0], np.arange(len(cache.test)))
    return corpus


def assemble_annotated(
    caches: list[SweptCache],
    store: Resident | OnDisk,
    *,
    scaling: str = "floored",
    weighted: str = BALANCED,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Corpus:
    """The Corpus of Section 2.1: the rows of one domain that have annotated arousal-valence. See annotated_domain."""
    cache = annotated_domain(caches)
    chosen, tested = (np.flatnonzero(part.has_annotations()) for part in (cache.train, cache.test))
    scaling = _scaling([cache.train], cache.train.annotated[chosen], scaling)
    emotion, domain = cache.train.emotion[chosen], np.zeros(len(chosen), np.int16)
    start = sum(len(other.train) for other in caches[: caches.index(cache)])
    rows = sum(len(other.train) for other in caches)
    v = torch.zeros(rows, 1, 2, dtype=dtype)
    v[start : start + len(cache.train), 0] = scaling.arousal_valence(np.nan_to_num(cache.train.annotated), dtype)
    v = v.expand(-1, store.views, -1)
    untested = ((cache.name,), cache.classes, store, start + chosen, v, emotion, domain)
    corpus = _untested(*untested, weighted, scaling, dtype, device)
    corpus.tests[cache.name] = _test(corpus, cache.test, cache.test.annotated, tested)
    return corpus


def _untested(names, classes, store, position, v, emotion, domain, weighted, scaling, dtype, device):
    """The Corpus of training rows, on the device and without test sets."""
    weights = torch.from_numpy(sample_weights(emotion, domain, len(classes), weighted)).to(device, dtype)
    device = torch.device(device)
    return Corpus(names, store, position, v.to(device), emotion, domain, weights, scaling, {}, dtype, device, classes)


def has_predictions(caches: list[SweptCache]) -> bool:
    """Whether all training rows have predicted arousal-valence."""
    return all(cache.train.predicted is not None for cache in caches)


def annotated_domain(caches: list[SweptCache]) -> SweptCache | None:
    """The first cache, so the largest domain, with annotated arousal-valence in both splits; None where no one has."""
    for cache in caches:
        classes = [len(np.unique(part.emotion[part.has_annotations()])) for part in (cache.train, cache.test)]
        if classes[0] > 1 and classes[1] > 0:
            return cache
    return None


def _followed(caches, predicts):
    """(N, 2) arousal-valence of the plain crops as predicted, or else as annotated; None where nobody has any."""
    parts = [cache.train.predicted[:, 0] if predicts else cache.train.annotated for cache in caches]
    values = np.concatenate(parts).astype(np.float32)
    return values if np.isfinite(values).any() else None


def _predicted(part, predicts):
    return part.predicted if predicts else np.zeros((len(part), part.views, 2), np.float32)


def _scaling(parts, values, kind):
    return scaling_of((piece for _, piece in pieces(parts)), values, kind, parts[0].feature_size)


def scaling_of(passed: Iterable[torch.Tensor], values: np.ndarray, kind: str, features: int) -> Scaling:
    """The Scaling by features, which pass in pieces (n, V, F), and arousal-valence `values` (n, 2). kind: floored, or
    none for as they are.

    A channel that is all but constant over the training rows would be blown up, and a test row in which it is not would
    be judged by it alone: no feature's deviation counts for less than FLOOR of the median one's."""
    if kind == "none":
        return Scaling(np.zeros(features + 2), np.ones(features + 2))
    mean, deviation = moments(passed)
    deviation = np.maximum(deviation, FLOOR * np.median(deviation))
    return Scaling(
        np.concatenate([mean, values.mean(0, dtype=np.float64)]),
        np.concatenate([deviation, values.std(0, dtype=np.float64)]),
    )


def _test(corpus, part, values, place):
    """The HeadInputs of a test set at the places given, their emotions and these places."""
    raw = read([part]).view(len(part), part.views, part.feature_size)[torch.from_numpy(place), 0]
    return corpus.rows(raw, corpus.scaling.arousal_valence(values[place], corpus.dtype)), part.emotion[place], place


def scoring_pieces(corpus: Corpus) -> Iterator[tuple]:
    """Yield (HeadInputs, emotion (n,) int64 on the device, domain) of all training rows in view 0, each piece of one
    domain."""
    ends = [end for domain in range(len(corpus.names)) for end in _piece_ends(np.flatnonzero(corpus.domain == domain))]
    every, emotion = np.arange(len(corpus.emotion)), to_device(corpus.emotion.astype(np.int64), corpus.device)
    order = corpus.order(every, np.zeros(len(every), np.int64), ends)
    for start, end, rows in zip([0, *ends], ends, corpus.batches(order)):
        yield rows, emotion[start:end], int(corpus.domain[start])


def _piece_ends(own):
    """Where pieces of one domain end; a domain's rows lie together."""
    return [min(end, own[-1] + 1) for end in range(own[0] + SCORED_ROWS, own[-1] + 1 + SCORED_ROWS, SCORED_ROWS)]
