"""What the estimators share: how scikit-learn's rows are taken, trained on, and answered."""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from data.files.runs import HeadOutcome
from data.heads import Family
from embed.fitted.labels import ClassOrder, Domains
from embed.settings import HeadSettings

LARGEST_SEED = 2**31 - 1  # of those that a generator draws


class HeadEstimator(BaseEstimator):
    """How rows are taken and trained on, for one head and for a sweep of heads.

    penalty: lambda (|A|^2 + |B|^2) in the loss; None lets rows that are held out choose it, where there are enough, and
    is 3e-4 else. epochs, steps: passes over the rows, or as many as `steps` takes, whichever is longer. batch: rows of
    a step; None for as many as a sweep takes, a 32nd of all up to 1,536. precision: of the wide products, "float32" or
    "bfloat16". device: "cpu", "cuda", "mps", or None for the best there is. random_state: the seed, a generator of
    NumPy that draws one, or None for another seed at each call.

    fit takes X (n, F), y (n,) labels of any kind, domain (n,) labels of data sets, each of which has a classifier of
    its own, valence_arousal (n, 2), which some families stand on and which canonical axes follow, NaN where unknown,
    and held_out (n,), which rows choose the penalty. All rows are trained on in the end."""

    def _trained(self, X, y, domain, valence_arousal, held_out, wanted):
        """The HeadFit of families and their sizes. wanted: of the number of features, as fit_heads takes it."""
        from embed.fitted.head_fit import fit_heads
        from embed.rows.given_rows import GivenRows

        X, y = validate_data(self, X, y, dtype=np.float32, ensure_min_samples=2)
        check_classification_targets(y)
        check_consistent_length(X, *(each for each in (domain, valence_arousal, held_out) if each is not None))
        self.classes_, emotion = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"a classifier needs two classes, y has one class alone: {self.classes_[0]}")
        self._classes, self._domains = ClassOrder(self.classes_), Domains(domain, len(X))
        numbers = self._classes.place[emotion], self._domains.numbers(domain, len(X))
        v = None if valence_arousal is None else _values(valence_arousal, missing=True)
        rows = GivenRows(X, *numbers, v, self._domains.names, self._classes.names)
        held_out = None if held_out is None else np.asarray(held_out, bool)
        choice = {"penalty": self.penalty, "device": self.device}
        return fit_heads(rows, held_out, wanted(X.shape[1]), self.runs, self._settings(), **choice)

    def _settings(self):
        own = {"seed": self._seed(), "epochs": self.epochs, "steps": self.steps, "precision": self.precision}
        return HeadSettings(**own, **({"largest_batch": self.batch, "batches_an_epoch": 1} if self.batch else {}))

    def _seed(self):
        if isinstance(self.random_state, (int, np.integer)):
            return int(self.random_state)
        if isinstance(self.random_state, np.random.Generator):
            return int(self.random_state.integers(LARGEST_SEED))
        return int(check_random_state(self.random_state).randint(LARGEST_SEED))

    def _given(self, X):
        check_is_fitted(self)
        return validate_data(self, X, reset=False, dtype=[np.float64, np.float32])

    def _logits(self, family: Family, weights: dict, z: np.ndarray, domain: object) -> np.ndarray:
        """(n, C) in the order of classes_, by the classifier of each row's domain."""
        every = family.logits(weights, z)
        return every[self._domains.numbers(domain, len(z)), np.arange(len(z))][:, self._classes.place]


def representation_of(family: Family, outcome: HeadOutcome, X: np.ndarray, valence_arousal: object) -> np.ndarray:
    """(n, size) z. Raises ValueError where the family needs arousal-valence and there is none."""
    if not family.arousal_valence:
        return family.representation(outcome.weights, X)
    if valence_arousal is None:
        raise ValueError(f"{family.name} stands on arousal-valence; give valence_arousal (n, 2)")
    check_consistent_length(X, valence_arousal)
    return family.representation(outcome.weights, X, _values(valence_arousal, missing=False))


def _values(valence_arousal, *, missing):
    """(n, 2) float32 valence and arousal; missing: whether NaN may stand for what is not known."""
    values = check_array(valence_arousal, dtype=np.float32, ensure_all_finite="allow-nan" if missing else True)
    if values.shape[1] != 2:
        raise ValueError(f"valence_arousal is of shape {values.shape}, expected (n, 2)")
    return values
