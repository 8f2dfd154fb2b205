"""The rows by which settings of stage two are chosen: labelled, seen by no network and by no head, and never of a test
split."""

from dataclasses import dataclass, replace

import numpy as np

from data.networks import is_imported
from embed.rows.feature_caches import CacheSplit, SweptCache

SHARE = 0.05  # of each class, of data that no network was trained on, so that all its rows are as good
FEWEST = 100  # of all domains together: fewer say nothing of a point or two


@dataclass(frozen=True)
class ChoosingRows:
    """What settings are chosen on. caches: every domain, its training rows without those that choose, and these in
    place of its test rows; where it has none, a training row that nobody scores."""

    caches: list[SweptCache]
    said: dict  # data set -> which rows these are, and how many

    @property
    def count(self) -> int:
        """Rows of all data sets."""
        return sum(each["rows"] for each in self.said.values())


def choosing_rows(caches: list[SweptCache], seed: int) -> ChoosingRows | None:
    """None where there are fewer than FEWEST."""
    own = {cache.name: _of(cache, np.random.default_rng((seed, place))) for place, cache in enumerate(caches)}
    said = {name: {"rows": len(each[1]), "which": each[0]} for name, each in own.items() if each}
    chosen = ChoosingRows([_divided(cache, own[cache.name]) for cache in caches], said)
    return chosen if chosen.count >= FEWEST else None


def _divided(cache, own):
    if own is None:
        return replace(cache, test=cache.train.at(np.arange(1)))
    _, choosing, mask = own
    return replace(cache, train=cache.train.at(~mask), test=choosing)


def _of(cache, generator) -> tuple[str, CacheSplit, np.ndarray] | None:
    """(which rows, these, mask of the training rows among them) of one data set; None where all were seen."""
    train, none = cache.train, np.zeros(len(cache.train), bool)
    if cache.validation is not None:
        return "its validation split", cache.validation, none
    if train.held_out is not None and train.held_out.any():
        return "held out from the networks", train.at(train.held_out), train.held_out
    if was_trained_on(cache):
        return None
    mask = a_share(train.emotion, generator)
    which = (
        "a share, seen by its network or not" if is_imported(cache.header) else "a share of what no network has seen"
    )
    return (which, train.at(mask), mask) if mask.any() else None


def was_trained_on(cache: SweptCache) -> bool:
    """Whether a network, or one that it started from, was trained on the data set of a cache, under this name or
    another."""
    networks = [cache.provenance.get(task) for task in ("emotion", "valence_arousal")]
    trained = [one["domains"] for network in networks for one in _lineage(network)]
    digest = cache.header.get("aligned_digest")
    return any(
        name == cache.name or each.get("aligned_digest") == digest for one in trained for name, each in one.items()
    )


def _lineage(network):
    """What is told of a network, of the one that its training started from, and so on."""
    while network:
        yield network
        network = network.get("initial")


def a_share(emotion: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """(n,) mask of SHARE of the rows of each class, at least one of two. emotion: (n,) classes."""
    mask = np.zeros(len(emotion), bool)
    for index in np.unique(emotion):
        rows = np.flatnonzero(emotion == index)
        if len(rows) > 1:
            mask[generator.choice(rows, max(1, round(SHARE * len(rows))), replace=False)] = True
    return mask
