"""scikit-learn estimators of the heads that `embed sweep` trains, for features of any width and labels of any kind.

With the same rows, settings and seed they equal those of a sweep to the bit. torch is imported when something is
fitted; predictions need NumPy alone. Axes: n rows, F features, D domains, C classes."""

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin, TransformerMixin
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted

from data import metrics
from data.frames.named_columns import frame
from data.heads import family_named
from embed.fitted.head_estimator import HeadEstimator, representation_of
from embed.settings import RUNS, HeadSettings
from embed.sizes import logarithmic

if TYPE_CHECKING:
    import pandas

SETTINGS = HeadSettings()


class CakeClassifier(ClassifierMixin, TransformerMixin, HeadEstimator):
    """One head: a representation of k learned dimensions and classifiers on it. It transforms as well as classifies.

    k: learned dimensions; a family without them, such as "baseline", has none whatever is given. family: of
    data.heads, or registered there. runs: initialisations trained side by side, of which the one with the lowest
    training loss is kept. coordinates: "canonical", which can be compared between fits where the head has such, or
    "raw". Further parameters and what fit takes: HeadEstimator.

    Fitted: classes_ (C,) sorted; head_ (family, k, run) and outcome_, its weights and loss; penalty_; losses_ (runs,);
    n_features_in_. Raises ValueError for what cannot be trained on. Where families stand on arousal-valence ("av"),
    it is given again to whatever predicts, by name: predict(X, valence_arousal=v)."""

    def __init__(
        self,
        k=3,
        *,
        family="cake",
        runs=1,
        penalty=None,
        epochs=SETTINGS.epochs,
        steps=SETTINGS.steps,
        batch=None,
        coordinates="canonical",
        precision=SETTINGS.precision,
        device=None,
        random_state=0,
    ):
        self.k, self.family, self.runs, self.penalty = k, family, runs, penalty
        self.epochs, self.steps, self.batch, self.coordinates = epochs, steps, batch, coordinates
        self.precision, self.device, self.random_state = precision, device, random_state

    def fit(self, X, y, domain=None, valence_arousal=None, held_out=None) -> "CakeClassifier":
        """Train all runs and keep the best. See HeadEstimator."""
        family, k = self._asked()
        found = self._trained(X, y, domain, valence_arousal, held_out, lambda features: {family.name: [k]})
        own = {head: one for head, one in found.outcomes.items() if (head.family, head.k) == (family.name, k)}
        if not own:
            raise ValueError(f"{family.name} stands on arousal-valence of every row; give fit valence_arousal (n, 2)")
        return self._keep(own, found.penalty)

    def _keep(self, outcomes, penalty):
        """Take the best of the runs."""
        able = {head: outcome for head, outcome in outcomes.items() if not outcome.failure}
        if not able:
            raise ValueError(f"no run came to an end: {next(iter(outcomes.values())).failure}")
        self.losses_ = np.array([outcome.loss for outcome in outcomes.values()])
        self.head_ = min(able, key=lambda head: able[head].loss)
        self.outcome_, self.penalty_ = able[self.head_], penalty
        return self

    def _asked(self):
        """(Family, k); ValueError where there is no such head."""
        family = family_named(self.family)
        k = self.k if family.projects else 0
        if not isinstance(k, (int, np.integer)) or not family.has(k):
            raise ValueError(f"k is {self.k!r}, expected a whole number, for {family.name} from {family.smallest}")
        if self.coordinates not in ("canonical", "raw"):
            raise ValueError(f"coordinates is {self.coordinates!r}, expected 'canonical' or 'raw'")
        return family, int(k)

    def fit_transform(self, X, y, domain=None, valence_arousal=None, held_out=None) -> np.ndarray:
        """fit, then transform the same rows."""
        return self.fit(X, y, domain, valence_arousal, held_out).transform(X, valence_arousal)

    def transform(self, X, valence_arousal=None) -> np.ndarray:
        """(n, dimensions) coordinates: valence and arousal first in families that stand on them. A family without
        learned dimensions gives the features."""
        z, canonical = self._z(X, valence_arousal), self._canonical()
        return z if canonical is None else canonical.of(z)

    def decision_function(self, X, domain=None, valence_arousal=None) -> np.ndarray:
        """(n, C) logits in the order of classes_; of two classes (n,), how much the second one's is higher.

        domain: whose classifier decides, one label for all rows or one for each; None for the largest in training."""
        logits = self._decision(X, domain, valence_arousal)
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits

    def predict_proba(self, X, domain=None, valence_arousal=None) -> np.ndarray:
        """(n, C) probabilities in the order of classes_. Training balances classes, and so do these."""
        return softmax(self._decision(X, domain, valence_arousal), 1)

    def predict(self, X, domain=None, valence_arousal=None) -> np.ndarray:
        """(n,) the label of the largest logit."""
        best = self._decision(X, domain, valence_arousal).argmax(1)
        return self.classes_[best]

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Names of the columns that transform gives: what canonical axes follow, else k1, k2, ..."""
        check_is_fitted(self)
        family, canonical = family_named(self.head_.family), self._canonical()
        if family.projects:
            return np.array(canonical.axes if canonical else family.coordinates(self.head_.k), object)
        names = getattr(self, "feature_names_in_", input_features)
        return np.array([f"x{place}" for place in range(self.n_features_in_)] if names is None else names, object)

    def _canonical(self):
        return self.outcome_.canonical if self.coordinates == "canonical" else None

    def _z(self, X, valence_arousal):
        X, family = self._given(X), family_named(self.head_.family)
        return representation_of(family, self.outcome_, X, valence_arousal)

    def _decision(self, X, domain, valence_arousal):
        z = self._z(X, valence_arousal)
        return self._logits(family_named(self.head_.family), self.outcome_.weights, z, domain)


class CakeSweep(HeadEstimator):
    """Heads of many sizes and runs, trained in one pass over the rows, with the tables' own heads beside them.

    ks: learned dimensions; None for 1, 2, 3, 4, 8, ... up to F. families: names in data.heads. Further parameters and
    what fit takes: HeadEstimator. Fitted: outcomes_ (Head -> HeadOutcome, the weights of all, 4 bytes for each of k F
    numbers), penalty_, classes_, n_features_in_."""

    def __init__(
        self,
        ks=None,
        *,
        families=("cake",),
        runs=RUNS,
        penalty=None,
        epochs=SETTINGS.epochs,
        steps=SETTINGS.steps,
        batch=None,
        precision=SETTINGS.precision,
        device=None,
        random_state=0,
    ):
        self.ks, self.families, self.runs, self.penalty = ks, families, runs, penalty
        self.epochs, self.steps, self.batch = epochs, steps, batch
        self.precision, self.device, self.random_state = precision, device, random_state

    def fit(self, X, y, domain=None, valence_arousal=None, held_out=None) -> "CakeSweep":
        """Train all heads. See HeadEstimator."""
        found = self._trained(X, y, domain, valence_arousal, held_out, self._wanted)
        self.outcomes_, self.penalty_ = found.outcomes, found.penalty
        return self

    def _wanted(self, features):
        ks = logarithmic(1, features) if self.ks is None else list(self.ks)
        return {name: ks if family_named(name).projects else [0] for name in self.families}

    def table(self, X=None, y=None, domain=None, valence_arousal=None) -> "pandas.DataFrame":
        """A row for each head: family, k, run, loss on the training rows, failure and, where X and y are given,
        accuracy and macro_f1 on these (fractions). domain: as CakeClassifier.predict. Needs the extra `frames`."""
        check_is_fitted(self)
        columns = {name: np.array([getattr(head, name) for head in self.outcomes_]) for name in ("family", "k", "run")}
        for name in ("loss", "failure"):
            columns[name] = np.array([getattr(outcome, name) for outcome in self.outcomes_.values()])
        if X is not None:
            X, true = self._given(X), self._numbers(y)
            check_consistent_length(X, true)
            counts = np.stack([self._confusion(head, X, true, domain, valence_arousal) for head in self.outcomes_])
            columns |= {"accuracy": metrics.accuracy_score(counts), "macro_f1": metrics.macro_f1_score(counts)}
        return frame(columns)

    def _numbers(self, y):
        """(n,) places of labels among classes_."""
        y = np.asarray(y)
        place = np.minimum(np.searchsorted(self.classes_, y), len(self.classes_) - 1)
        if (strange := self.classes_[place] != y).any():
            raise ValueError(f"y holds {y[strange][0]}, which is none of the classes in training")
        return place

    def _confusion(self, head, X, true, domain, valence_arousal):
        """(C, C) counts; zeros, so scores that are no numbers, where a head failed."""
        outcome, family, C = self.outcomes_[head], family_named(head.family), len(self.classes_)
        if outcome.failure:
            return np.zeros((C, C), np.int64)
        z = representation_of(family, outcome, X, valence_arousal)
        return metrics.confusion_matrix(true, self._logits(family, outcome.weights, z, domain).argmax(1), C)

    def classifier(self, k: int = 3, family: str = "cake") -> CakeClassifier:
        """The CakeClassifier of one size, as if it had been fitted: the best of its runs."""
        check_is_fitted(self)
        shared = {name: value for name, value in self.get_params().items() if name not in ("ks", "families")}
        made = CakeClassifier(k, family=family, **shared)
        wanted = made._asked()
        own = {head: one for head, one in self.outcomes_.items() if (family_named(head.family), head.k) == wanted}
        if not own:
            raise ValueError(f"no head of {family}, k = {k}, was trained; there are those of `table()`")
        names = ("classes_", "n_features_in_", "feature_names_in_", "_classes", "_domains")
        vars(made).update({name: getattr(self, name) for name in names if hasattr(self, name)})
        return made._keep(own, self.penalty_)
