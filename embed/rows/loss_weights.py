"""The weights of the multi-domain loss, Equations 1 and 2.

Loss = 1/N sum_i w_class w_dataset E(y_i, logits of the sample's own classifier); N counts the rows of the batch,
whatever their weights (torch's weighted mean would divide by the sum of weights)."""

import numpy as np

from data.emotions import EMOTIONS
from data.runtime.failures import Refused


def class_weights(emotion: np.ndarray) -> np.ndarray:
    """w_class (7,): N_total / (N_class * 7) of one domain; 0, never infinity, for a class without samples."""
    counts = np.bincount(emotion, minlength=len(EMOTIONS))
    return np.divide(len(emotion), counts * len(EMOTIONS), out=np.zeros(len(EMOTIONS)), where=counts > 0)


def dataset_weight(rows: int) -> float:
    """w_dataset: 1 / ln N_total of one domain (Eq. 2). Raises ValueError where the logarithm is not positive."""
    if rows < 2:
        raise Refused(f"a domain needs at least 2 training rows, found {rows}")
    return 1 / np.log(rows)


def sample_weights(emotion: np.ndarray, domain: np.ndarray) -> np.ndarray:
    """(domains, 7) float64 table of w_class * w_dataset; emotion and domain are (N,) indices of the training rows."""
    domains = [emotion[domain == index] for index in range(domain.max() + 1)]
    return np.stack([class_weights(own) * dataset_weight(len(own)) for own in domains])
