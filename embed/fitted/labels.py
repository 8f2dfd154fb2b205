"""Labels and domains of any kind as the trainer numbers them, and back."""

import numpy as np
from sklearn.utils.validation import column_or_1d

from data.emotions import EMOTIONS, SYNONYMS


class ClassOrder:
    """Classes in the order in which a sweep has them: the seven emotions in the paper's, by name or synonym, then
    others as they are sorted.

    The order is that of the classifiers' lines when a head is drawn. scikit-learn wants classes sorted, so this one
    stays inside."""

    def __init__(self, classes: np.ndarray):
        """classes: (C,) sorted labels."""
        texts = [str(label) for label in classes.tolist()]
        words = [SYNONYMS.get(text.lower(), text.lower()) for text in texts]
        known = [word in EMOTIONS and words.count(word) == 1 for word in words]
        ranks = [EMOTIONS.index(word) if ours else len(EMOTIONS) for word, ours in zip(words, known)]
        order = np.argsort(ranks, kind="stable")
        self.names = tuple(words[place] if known[place] else texts[place] for place in order)
        self.place = np.argsort(order)  # (C,) of each of the sorted classes among `names`


class Domains:
    """Domains in the order of a sweep: the one with most training rows first, then by name."""

    def __init__(self, domain: np.ndarray | None, rows: int):
        """domain: (rows,) labels of any kind; None for one domain."""
        values = np.zeros(rows, np.int64) if domain is None else column_or_1d(domain)
        labels, counts = np.unique(values, return_counts=True)
        order = sorted(range(len(labels)), key=lambda place: (-counts[place], str(labels[place])))
        self.named, self.labels = domain is not None, labels[order]
        self.names = tuple(str(label) for label in self.labels.tolist())

    def numbers(self, domain: object, rows: int) -> np.ndarray:
        """(rows,) int64 places among `labels`. domain: one label for all rows, one for each, or None for the largest.

        Raises ValueError for a label that was not there in training."""
        if domain is None or not self.named:
            return np.zeros(rows, np.int64)
        given = np.broadcast_to(np.asarray(domain), rows)
        same = given[:, None] == self.labels
        if not same.any(1).all():
            strange = given[np.flatnonzero(~same.any(1))[0]]
            raise ValueError(f"no classifier of the domain {strange}; trained were those of {', '.join(self.names)}")
        return same.argmax(1)
