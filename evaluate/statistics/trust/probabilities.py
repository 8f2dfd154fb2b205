"""What classifiers say of their own test rows in probabilities: as they were trained, and with the priors put back.

Training weighs a row of class c by w_c = N / (C N_c) (Eq. 1), as if all classes were equally frequent, and a softmax
speaks of such a world. p'_c ~ p_c N_c / N speaks of one in which they are as frequent as among the training rows."""

import numpy as np
from scipy.special import softmax

from data.files.runs import Runs
from evaluate.representations import Representation
from evaluate.samples import Samples
from evaluate.statistics.coordinates import can_place, coordinates
from evaluate.statistics.swept import kept_heads

AS_TRAINED, PUT_BACK = "as trained", "put back"  # the priors


def own_probabilities(runs: Runs, representation: Representation, name: str, samples: Samples) -> list[np.ndarray]:
    """List, by run, of (n, C) softmax of the logits that a data set's own classifier gives its test rows; empty where
    weights were not kept, or the rows have no arousal-valence that the family stands on."""
    family = representation.family
    if not can_place(family, samples):
        return []
    place = runs.classifiers.index(name)
    heads = [outcome.weights for outcome in kept_heads(runs, representation).values()]
    logits = (family.logits(weights, coordinates(family, weights, samples))[place] for weights in heads)
    return [softmax(each.astype(np.float64), axis=1) for each in logits]


def training_shares(runs: Runs, name: str) -> np.ndarray | None:
    """(C,) share of each class among the training rows of one data set; None where a results file does not tell it, or
    its heads were trained without class weights, so that nothing is to be put back."""
    if unweighted(runs):
        return None
    counts = runs.provenance.get("training_classes", {}).get(name)
    return None if counts is None else np.array(counts) / sum(counts)


def unweighted(runs: Runs) -> bool:
    """Whether all training rows counted as much."""
    return runs.identity.get("class_weights") == "none"


def with_priors(probabilities: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """(n, C) probabilities with the shares (C,) of the classes put back. A row that speaks for classes without any
    training row alone stays as it is."""
    weighted = probabilities * shares
    total = weighted.sum(1, keepdims=True)
    return np.divide(weighted, total, out=probabilities.copy(), where=total > 0)


def by_priors(runs: Runs, representation: Representation, name: str, samples: Samples) -> dict[str, list[np.ndarray]]:
    """{AS_TRAINED, PUT_BACK: own_probabilities}; without the second where the training shares are not told."""
    found = own_probabilities(runs, representation, name, samples)
    shares = training_shares(runs, name)
    back = {} if shares is None else {PUT_BACK: [with_priors(each, shares) for each in found]}
    return {AS_TRAINED: found, **back} if found else {}


def decided(probabilities: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(confidence (n,), hit (n,)) of the classes that are most probable; true (n,)."""
    return probabilities.max(1), probabilities.argmax(1) == true
