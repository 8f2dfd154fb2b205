"""Families of heads: what turns cached features into emotions, declared once for all stages.

A head is a representation z and, for each training domain d, a classifier on it. The paper's families are linear: z = A
x + a of the feature x; with arousal-valence v, z = [v; A x + a]; on the unit sphere, z / |z|; logits_d = Bv_d v + B_d z
+ b_d. Another family is one more object, made known by `register`; docs/extending.md shows how. It is a Linear, which
the stacked trainer trains beside the paper's, or has a `module`, which autograd trains (embed/heads/general.py).

Axes: n rows, F features, k learned dimensions, D domains, C classes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

PREDICTED, ANNOTATED = "predicted", "annotated"  # which arousal-valence a family stands on
MEAN, DEVIATION = "scaling_mean", "scaling_deviation"  # kept beside the weights of families that do not fold them in


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities over the last axis."""
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)


@dataclass(frozen=True)
class Family:
    """One kind of head. What is None or False here is so for most families."""

    name: str  # on the command line and in results files
    title: str  # in print: "CAKE-{k}"
    plain: str = ""  # in print without learned dimensions, where no number belongs there
    curve: str = ""  # what a curve over all its sizes is called; empty where it is drawn in none
    smallest: int = 1  # least k of a head
    arousal_valence: str | None = None  # PREDICTED, ANNOTATED (one domain alone, Section 2.1) or none
    table_sizes: tuple = ()  # the k that Tables 1 to 3 and Figure 5 need, trained in every sweep
    always: bool = False  # trained in every sweep for the least k and those asked for, as Figure 2 needs it
    kept: bool = False  # predictions and weights of every k are kept, not of small representations alone
    projects: bool = True  # whether z has learned dimensions; else the classifiers see the features themselves
    on_sphere: bool = False  # z / |z| (Section 3.4), so not linear from end to end
    module: Callable | None = None  # the general way: (k, features, classes, domains, generator) -> torch.nn.Module

    def has(self, k: int) -> bool:
        """Whether there is a head of k learned dimensions; without a projection there is one alone, of k = 0."""
        return k >= self.smallest if self.projects else k == 0

    def label(self, k: int) -> str:
        """A head in print, such as CAKE-3."""
        return self.title.format(k=k) if k or not self.plain else self.plain

    def size(self, k: int, features: int) -> int:
        """Dimensions that the classifiers see: without a projection, all features."""
        return k + 2 * bool(self.arousal_valence) if self.projects else features

    def coordinates(self, k: int) -> tuple:
        """Names of the dimensions of z; empty where it is the feature itself."""
        if not self.projects:
            return ()
        learned = tuple(f"k{index}" for index in range(1, k + 1))
        return ("valence", "arousal", *learned) if self.arousal_valence else learned

    def shapes(self, k: int, *, features: int, classes: int, domains: int) -> dict:
        """Name -> shape of each array of a head's weights, as kept in results files: here what `folded` adds."""
        return {MEAN: (features + 2,), DEVIATION: (features + 2,)}

    def folded(self, weights: dict, mean: np.ndarray, deviation: np.ndarray) -> dict:
        """Weights for features and arousal-valence as cached, from those trained on (x - mean) / deviation.

        mean, deviation: (F + 2,), of the features, then of valence and arousal. Here they are kept beside the weights,
        for `scaled`."""
        return {**weights, MEAN: mean, DEVIATION: deviation}

    def scaled(self, weights: dict, x: np.ndarray, v: np.ndarray | None = None) -> tuple:
        """(x, v) as the head saw them in training, from those as cached, by what `folded` kept."""
        mean, deviation = weights[MEAN], weights[DEVIATION]
        x = (x - mean[:-2]) / deviation[:-2]
        return x, None if v is None else (v - mean[-2:]) / deviation[-2:]

    def describe(self, array: str) -> tuple:
        """(names of its axes, what it is in one line) of an array of a head's weights, as results files say it of
        themselves; an axis as long as a feature is named "feature"."""
        return (), f"{array} of {self.name}"

    def representation(self, weights: dict, x: np.ndarray, v: np.ndarray | None = None) -> np.ndarray:
        """(n, size) z of features x (n, F) as cached and arousal-valence v (n, 2), where the family has it."""
        raise NotImplementedError

    def logits(self, weights: dict, z: np.ndarray) -> np.ndarray:
        """(D, n, C) logits of every classifier at z (n, size)."""
        raise NotImplementedError


@dataclass(frozen=True)
class Linear(Family):
    """The paper's families, which the stacked trainer trains side by side in wide products."""

    def __post_init__(self):
        if not self.projects and (self.on_sphere or self.arousal_valence):
            raise ValueError(f"{self.name}: without a projection there is nothing to set on a sphere or beside v")

    def shapes(self, k: int, *, features: int, classes: int, domains: int) -> dict:
        """A (k, F), a (k,), B (D, C, k), b (D, C) and, with arousal-valence, Bv (D, C, 2); without a projection B (D,
        C, F), b."""
        if not self.projects:
            return {"B": (domains, classes, features), "b": (domains, classes)}
        shapes = {"A": (k, features), "a": (k,), "B": (domains, classes, k), "b": (domains, classes)}
        return {**shapes, "Bv": (domains, classes, 2)} if self.arousal_valence else shapes

    def describe(self, array: str) -> tuple:
        """As Family.describe."""
        classifier = ("classifier", "emotion")
        axes = {
            "A": ("dimension", "feature"),
            "a": ("dimension",),
            "B": (*classifier, "dimension" if self.projects else "feature"),
            "b": classifier,
            "Bv": (*classifier, "valence and arousal"),
        }
        return axes.get(array, ()), f"{array} of {self.formula()}; x is the feature as cached, v valence and arousal"

    def formula(self) -> str:
        """What representation and logits are, in print."""
        if not self.projects:
            return "logits = B x + b"
        u = "(A x + a) / |A x + a|" if self.on_sphere else "A x + a"
        if self.arousal_valence:
            return f"z = [v; u], u = {u}, logits = Bv v + B u + b"
        return f"z = {u}, logits = B z + b"

    def folded(self, weights: dict, mean: np.ndarray, deviation: np.ndarray) -> dict:
        """As Family.folded, taken into the first layer and Bv, so that nothing need be kept beside them."""
        weights = dict(weights)
        weight, bias = ("A", "a") if self.projects else ("B", "b")
        weights[weight] = weights[weight] / deviation[:-2]
        weights[bias] = weights[bias] - weights[weight] @ mean[:-2]
        if self.arousal_valence:
            weights["Bv"] = weights["Bv"] / deviation[-2:]
            weights["b"] = weights["b"] - weights["Bv"] @ mean[-2:]
        return weights

    def representation(self, weights: dict, x: np.ndarray, v: np.ndarray | None = None) -> np.ndarray:
        """As Family.representation."""
        if not self.projects:
            return x
        z = x @ weights["A"].T + weights["a"]
        if self.on_sphere:
            z = z / np.linalg.norm(z, axis=1, keepdims=True)
        return np.concatenate([v, z], 1) if self.arousal_valence else z

    def logits(self, weights: dict, z: np.ndarray) -> np.ndarray:
        """As Family.logits."""
        B = np.concatenate([weights["Bv"], weights["B"]], 2) if self.arousal_valence else weights["B"]
        return np.einsum("dck,nk->dnc", B, z) + weights["b"][:, None]


CAKE = Linear("cake", "CAKE-{k}", curve="CAKE-k", table_sizes=(2, 3))
AV = Linear("av", "AV{k}", "AV", "AVk", smallest=0, arousal_valence=PREDICTED, table_sizes=(0, 1))
CAKE_NORM = Linear("cake-norm", "CAKE-{k}-Norm", table_sizes=(3,), kept=True, on_sphere=True)
BASELINE = Linear("baseline", "Baseline", smallest=0, table_sizes=(0,), kept=True, projects=False)
AV_TRUE = Linear("av-true", "annotated AV +{k}", smallest=0, arousal_valence=ANNOTATED, always=True)

FAMILIES = {family.name: family for family in (CAKE, AV, CAKE_NORM, BASELINE, AV_TRUE)}


def register(family: Family) -> Family:
    """Make a family known to plans, results, tables and commands.

    Raises ValueError where its name is taken by another or could not stand in a file, or nothing could train it."""
    if not (family.name.isascii() and family.name.replace("-", "").isalnum()):
        raise ValueError(f"a family cannot be named {family.name!r}; use letters, digits and dashes")
    if family.module is None and not isinstance(family, Linear):
        raise ValueError(f"{family.name} is not Linear and has no module; nothing could train it")
    if FAMILIES.setdefault(family.name, family) != family:
        raise ValueError(f"there is a family {family.name!r} already; choose another name")
    return family


def family_named(name: str) -> Family:
    """Raises ValueError that lists the known names."""
    if name not in FAMILIES:
        raise ValueError(f"unknown family {name!r}; known are {', '.join(FAMILIES)}")
    return FAMILIES[name]
