"""Does a better representation of all features make a better CAKE-k? Baseline and CAKE-k of several networks, by the
same classifiers on the same test rows."""

from collections.abc import Iterator
from dataclasses import dataclass

from scipy import stats

from data.files.runs import Runs
from data.heads import CAKE
from evaluate.representations import BASELINE, Representation
from evaluate.statistics.inference.comparison import Comparison, contrast
from evaluate.statistics.inference.measured import averaged
from evaluate.statistics.scores import Score, score_from
from evaluate.statistics.swept import places, sizes_printed, sizes_swept

FEWEST = 4  # networks whose order says anything: three stand in one of six orders
CAUTION = (
    "networks are few, and those that differ by their seed alone are no further way of training: what holds of these "
    "need not hold of others"
)


@dataclass(frozen=True)
class Kept:
    """What CAKE-k keeps, on one or several test sets, of what all features of a network give: macro F1, and what it
    falls short of the baseline."""

    network: str
    place: str  # in print, of the test sets
    tests: tuple  # their names
    k: int
    baseline: Score
    compact: Score
    difference: Comparison  # CAKE-k minus the baseline, paired by test rows


def kept_of(several: list[Runs], names: list[str]) -> list[Kept]:
    """Every Kept of results files with these names: by place (each data set, then all by their rows), by network, by
    the k that a table would print."""
    return [
        each
        for place, own in places(several[0])
        for runs, name in zip(several, names)
        for each in _of_network(runs, name, place, own)
    ]


def _of_network(runs: Runs, name: str, place: str, tests: list) -> Iterator[Kept]:
    baseline = averaged(runs, BASELINE, tests)
    for k in sizes_printed(sizes_swept(runs, CAKE)) if baseline else ():
        compact = averaged(runs, Representation(CAKE, k), tests)
        if compact:
            scores = score_from(baseline), score_from(compact)
            yield Kept(name, place, tuple(tests), k, *scores, contrast([compact, baseline.times(-1)]))


@dataclass(frozen=True)
class Order:
    """Whether networks stand in one order by their baselines and by their CAKE-k: Kendall's tau-b, and the p of one as
    far from 0, two-sided; exact where no two scores are alike."""

    tau: float
    p: float
    networks: int


def order(found: list[Kept]) -> Order | None:
    """The Order of networks, one Kept each; None of fewer than FEWEST."""
    if len(found) < FEWEST:
        return None
    told = stats.kendalltau([each.baseline.mean for each in found], [each.compact.mean for each in found])
    return Order(float(told.statistic), float(told.pvalue), len(found))
