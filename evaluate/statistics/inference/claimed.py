"""What the paper states of its representations, each as a difference that can be measured, and the bounds in which it
would have to lie."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from data import metrics
from data.files.runs import Runs
from data.heads import AV as AV_FAMILY
from data.heads import AV_TRUE, CAKE
from evaluate import reference
from evaluate.reference import display
from evaluate.representations import (
    ANNOTATED,
    ANNOTATED_1,
    AV,
    AV_1,
    BASELINE,
    CAKE_2,
    CAKE_3,
    CAKE_3_NORM,
    Representation,
)
from evaluate.statistics.annotated import domain_of
from evaluate.statistics.inference.comparison import Bounds, Comparison, contrast
from evaluate.statistics.inference.measured import Measured, averaged, measured, total
from evaluate.statistics.swept import sizes_swept, why_absent

LITTLE = 0.01  # a point: what "little" and "only +0.6" may be at most
COMPETITIVE = -0.04  # the paper calls CAKE-3 competitive at 44.7 % beside the baseline's 48.7 on SFEW (Table 2)


@dataclass(frozen=True)
class Claim:
    """One statement. ask(runs, tests) gives its Comparison on these test sets, or says in words why there is none."""

    text: str
    ask: Callable[[Runs, list], Comparison | str]
    stated: dict = field(default_factory=dict)  # test sets (a tuple of names) -> the paper's difference in points
    score: str = "macro F1"
    everywhere: bool = True  # asked of each test set too, not of all together alone
    domain: Callable[[Runs], str | None] | None = None  # the one test set that it can be asked of


def of_heads(weights: dict, score: Callable = metrics.macro_f1_score, bounds: Bounds = Bounds()) -> Callable:
    """A Claim's `ask`: a weighted sum of scores of representations. weights: {Representation: weight}."""

    def ask(runs, tests):
        found = {each: averaged(runs, each, tests, score) for each in weights}
        missing = [each for each, part in found.items() if part is None]
        if missing or not tests:
            return why_absent(runs, missing[0]) if missing else why_absent(runs, next(iter(weights)))
        return contrast([part.times(weights[each]) for each, part in found.items()], bounds)

    return ask


def later_gain(runs: Runs, tests: list) -> Comparison | str:
    """The gain from CAKE-2 to CAKE-3 minus the largest of the later steps between sizes on Figure 4's axis."""
    steps = list(zip(sizes := _later(runs, CAKE, 3), sizes[1:]))
    if not steps:
        return "no size beyond 3 was swept"
    found = {k: averaged(runs, Representation(CAKE, k), tests) for k in (2, *sizes)}
    missing = [k for k, each in found.items() if each is None]
    if missing:
        return why_absent(runs, Representation(CAKE, missing[0]))
    gain = {step: found[step[1]].values.mean() - found[step[0]].values.mean() for step in steps}
    low, high = max(gain, key=gain.get)
    weights = {2: -1.0, 3: 1.0}
    for k, weight in ((low, 1.0), (high, -1.0)):
        weights[k] = weights.get(k, 0.0) + weight
    return contrast([found[k].times(weight) for k, weight in weights.items() if weight])


def beyond(family, k: int) -> Callable:
    """A Claim's `ask`: the best of a family's later sizes minus the one of k."""

    def ask(runs, tests):
        later = [size for size in _later(runs, family, k) if size > k]
        found = {size: averaged(runs, Representation(family, size), tests, _score(family)) for size in (k, *later)}
        if found[k] is None:
            return why_absent(runs, Representation(family, k))
        later = [size for size in later if found[size]]
        if not later:
            return f"no size beyond {k} was swept"
        best = max(later, key=lambda size: found[size].values.mean())
        return contrast([found[best], found[k].times(-1)], Bounds(-np.inf, LITTLE))

    return ask


def of_one_size(runs: Runs, tests: list) -> Comparison | str:
    """CAKE-k minus AV of the same size, the mean over the sizes beyond 2 that both were swept at (Figure 4)."""
    sizes = [k for k in sizes_swept(runs, CAKE) if k > 2 and k - 2 in sizes_swept(runs, AV_FAMILY)]
    pairs = [(Representation(CAKE, k), Representation(AV_FAMILY, k - 2)) for k in sizes]
    found = [tuple(averaged(runs, each, tests) for each in pair) for pair in pairs]
    # predictions are kept on Figure 4's axis alone: where any pair has them, these answer
    found = [pair for pair in found if all(part and part.influence for part in pair)] or found
    if not found or any(part is None for pair in found for part in pair):
        return "no size beyond 2 was swept for both"
    parts = [part.times(sign / len(found)) for pair in found for part, sign in zip(pair, (1, -1))]
    return contrast(parts)


def generalises(name: str, sign: int) -> Callable:
    """A Claim's `ask`: how much less one classifier of CAKE-3 stays behind the own classifiers of the other data sets
    than the classifier that is nearest to it (sign 1), or how much more (sign -1)."""

    def ask(runs, tests):
        if name not in runs.classifiers or len(runs.classifiers) < 3:
            return f"it is about {display(name)} among three data sets"
        found = {own: _behind(runs, own) for own in runs.classifiers}
        if any(each is None for each in found.values()):
            return why_absent(runs, CAKE_3)
        others = [each for own, each in found.items() if own != name]
        rival = min(others, key=lambda each: sign * each.values.mean())
        return contrast([total([rival.times(sign), found[name].times(-sign)])])

    return ask


def _behind(runs: Runs, classifier: str) -> Measured | None:
    """What the other data sets' own classifiers score on these, minus what this one does; the mean over them."""
    others = [name for name in runs.classifiers if name != classifier]
    parts = []
    for name in others:
        own, foreign = (measured(runs, CAKE_3, classifier=which, test=name) for which in (name, classifier))
        if own is None or foreign is None:
            return None
        parts += [own.times(1 / len(others)), foreign.times(-1 / len(others))]
    return total(parts)


def _later(runs: Runs, family, k: int) -> list[int]:
    """k and the later sizes of Figure 4's logarithmic axis, or of all swept, whose predictions were kept."""
    swept = [size for size in sizes_swept(runs, family) if size >= k and len(runs.confusions(family.name, size))]
    return [size for size in swept if size == k or size.bit_count() == 1]


def _score(family):
    return metrics.accuracy_score if family is AV_TRUE else metrics.macro_f1_score


def _of_table_1(first: Representation, second: Representation) -> dict:
    """The paper's gaps in points, where Table 1 has both."""
    tables = {name: table for name, table in reference.TABLE_1.items() if {first.key, second.key} <= table.keys()}
    return {(name,): table[first.key][0] - table[second.key][0] for name, table in tables.items()}


def _better(text: str, first: Representation, second: Representation, **options) -> Claim:
    score = metrics.accuracy_score if options.get("score") == "accuracy" else metrics.macro_f1_score
    return Claim(text, of_heads({first: 1.0, second: -1.0}, score), **{"stated": _of_table_1(first, second), **options})


CLAIMS = (
    _better("Of two dimensions, AV is better than CAKE-2", AV, CAKE_2),
    _better("Of three dimensions, CAKE-3 is better than AV1", CAKE_3, AV_1),
    _better("A third learned dimension gains: CAKE-3 over CAKE-2", CAKE_3, CAKE_2),
    _better("A dimension added to predicted arousal-valence gains: AV1 over AV", AV_1, AV),
    _better(
        "A dimension added to annotated arousal-valence gains (Section 2.1)",
        ANNOTATED_1,
        ANNOTATED,
        score="accuracy",
        stated={("affectnet",): reference.SECTION_2_1[1] - reference.SECTION_2_1[0]},
        domain=domain_of,
    ),
    Claim(
        "Further dimensions beside annotated arousal-valence and one gain little, at most a point (Section 2.1)",
        beyond(AV_TRUE, 1),
        {("affectnet",): reference.SECTION_2_1[512] - reference.SECTION_2_1[1]},
        "accuracy",
        domain=domain_of,
    ),
    _better(
        "CAKE-3-Norm is below CAKE-3",
        CAKE_3,
        CAKE_3_NORM,
        stated={tuple(sorted(names)): 2.0 for names in (reference.DATASETS, *((name,) for name in reference.DATASETS))},
    ),
    Claim("From 2 to 3 dimensions CAKE gains more than in any later step (Figure 4)", later_gain, everywhere=False),
    Claim("Beyond CAKE-3 little is gained, at most a point (Figure 4)", beyond(CAKE, 3), everywhere=False),
    Claim("At every size beyond 2, CAKE is better than AV of that size (Figure 4)", of_one_size, everywhere=False),
    Claim(
        "CAKE-3 is competitive with all features: at most 4 points below the baseline",
        of_heads({CAKE_3: 1.0, BASELINE: -1.0}, bounds=Bounds(COMPETITIVE)),
    ),
    Claim("RAF-DB's classifier generalises best (Table 3)", generalises("rafdb", 1), everywhere=False),
    Claim("SFEW's classifier generalises least (Table 3)", generalises("sfew", -1), everywhere=False),
)
