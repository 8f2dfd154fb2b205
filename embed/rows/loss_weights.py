"""The weights of the multi-domain loss, Equations 1 and 2.

Loss = 1/N sum_i w_class w_dataset E(y_i, logits of the sample's own classifier); N counts the rows of the batch,
whatever their weights (torch's weighted mean would divide by the sum of weights)."""

import numpy as np

from data.emotions import EMOTIONS
from data.runtime.failures import Refused
from embed.settings import BALANCED


def class_weights(emotion: np.ndarray, classes: int = len(EMOTIONS)) -> np.ndarray:
    """w_class (C,): N_total / (N_class * C) of one domain; 0, never infinity, for a class without samples."""
    counts = np.bincount(emotion, minlength=classes)
    return np.divide(len(emotion), counts * classes, out=np.zeros(classes), where=counts > 0)


def dataset_weight(rows: int) -> float:
    """w_dataset: 1 / ln N_total of one domain (Eq. 2). Raises ValueError where the logarithm is not positive."""
    if rows < 2:
        raise Refused(f"a domain needs at least 2 training rows, found {rows}")
    return 1 / np.log(rows)


def sample_weights(
    emotion: np.ndarray, domain: np.ndarray, classes: int = len(EMOTIONS), kind: str = BALANCED
) -> np.ndarray:
    """(domains, C) float64 table of w_class * w_dataset; emotion and domain are (N,) indices of the training rows.

    kind: BALANCED for the paper's w_class, NONE for 1."""
    domains = [emotion[domain == index] for index in range(domain.max() + 1)]
    each = [class_weights(own, classes) if kind == BALANCED else np.ones(classes) for own in domains]
    return np.stack([own * dataset_weight(len(rows)) for own, rows in zip(each, domains)])
