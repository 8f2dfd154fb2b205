"""What the paper reads off its maps (Figure 5), measured: where neutral lies, how emotions go around it, what a
classifier hardly ever says, how far the classifiers agree."""

import numpy as np

from data.emotions import EMOTIONS
from data.files.runs import Runs
from data.heads import Family
from evaluate.representations import Representation
from evaluate.samples import Samples
from evaluate.statistics.agreement import answers_of
from evaluate.statistics.coordinates import coordinates
from evaluate.statistics.swept import kept_heads

NEUTRAL = EMOTIONS.index("neutral")
OTHERS = [index for index in range(len(EMOTIONS)) if index != NEUTRAL]
BY_CHANCE = 1 / 60  # six emotions in a circle: 5! orders, and each read in two directions


def neutral_at_origin(runs: Runs, representation: Representation) -> np.ndarray:
    """(R,) share of the classifiers that say neutral at the origin of the representation, by run."""
    family, k = representation.family, representation.k
    origin = np.zeros((1, len(family.coordinates(k))))
    heads = kept_heads(runs, representation).values()
    return np.array([(family.logits(head.weights, origin).argmax(2) == NEUTRAL).mean() for head in heads])


def cyclic_order(family: Family, weights: dict, samples: dict[str, Samples]) -> tuple | None:
    """The six emotions in the order of their mean places around neutral's, from happiness on, in either direction the
    same; None where a class has no sample. Of representations of two dimensions."""
    z = np.concatenate([coordinates(family, weights, own) for own in samples.values()])
    emotion = np.concatenate([own.emotion for own in samples.values()])
    if len(np.unique(emotion)) < len(EMOTIONS):
        return None
    centres = np.stack([z[emotion == index].mean(0) for index in range(len(EMOTIONS))])
    around = centres[OTHERS] - centres[NEUTRAL]
    order = [OTHERS[place] for place in np.argsort(np.arctan2(around[:, 1], around[:, 0]))]
    first = order.index(min(OTHERS))
    rest = order[first + 1 :] + order[:first]
    return order[first], *min(rest, rest[::-1])


def same_order(runs: Runs, first: Representation, second: Representation, samples: dict) -> np.ndarray:
    """(R,) for each run of the second, the share of the first's runs whose emotions go around in the same order."""
    orders = [
        [cyclic_order(each.family, outcome.weights, samples) for outcome in kept_heads(runs, each).values()]
        for each in (first, second)
    ]
    if not all(orders) or any(order is None for own in orders for order in own):
        return np.zeros(0)
    return np.array([np.mean([one == other for one in orders[0]]) for other in orders[1]])


def said_of(runs: Runs, representation: Representation, classifier: str, emotions: tuple) -> np.ndarray:
    """(R,) share of all test images to which one classifier gives the one of these emotions that it says most."""
    place = runs.classifiers.index(classifier)
    return np.array(
        [
            max((own[place] == EMOTIONS.index(emotion)).mean() for emotion in emotions)
            for own in answers_of(runs, representation)
        ]
    )


def agreement(runs: Runs, representation: Representation) -> np.ndarray:
    """(R,) share of all test images of which every classifier says the same: that of the map's area, weighted by where
    samples lie."""
    return np.array([(own == own[0]).all(0).mean() for own in answers_of(runs, representation)])
