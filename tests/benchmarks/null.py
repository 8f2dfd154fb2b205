"""How often a verdict is given where there is nothing to find, and how often an interval holds the true score.

    python -m tests.benchmarks.null [--draws 2000] [--json]

Test rows, runs of two representations and their answers are drawn so that both representations are equally good; what
varies is who is lucky. Each simulation draws new rows and runs, and asks whether macro F1 differs. What is printed:

error_rates   share of draws with a verdict at 5 %, by simulation; for the family, that any of 24 claims got one after
              Holm's correction
two_intervals the same by the rule of two intervals, over runs (Welch) and over rows (paired), both beyond 0
coverage      share of draws in which the 95 % interval of one representation's score holds its expected value"""

import argparse
import json
from dataclasses import dataclass

import numpy as np

from data import metrics
from evaluate.statistics.inference.comparison import contrast, holm
from evaluate.statistics.inference.measured import Measured, of_predictions

C, RUNS, FAMILY = 7, 10, 24
EVEN = np.full(C, 1 / C)
RARE = np.array([86, 73, 73, 57, 47, 23, 77]) / 436  # the validation split of SFEW, whose rarest class has 23 rows


@dataclass(frozen=True)
class World:
    """How answers come about: how right they are depends on the row, on the run, and on row and representation."""

    rows: int = 1000
    shares: tuple = tuple(EVEN)
    of_runs: float = 0.0  # deviation, in logits, of a run's skill
    of_rows: float = 0.0  # of how hard a row is, for each representation on its own; half as much for both
    cluster: int = 1  # rows that are equally hard, as frames of one clip


WORLDS = {
    "no effects": World(),
    "runs": World(of_runs=0.25),
    "rows": World(of_rows=1.5),
    "runs and rows": World(of_runs=0.25, of_rows=1.5),
    "clusters": World(of_runs=0.1, of_rows=1.5, cluster=8),
    "rare classes": World(rows=436, shares=tuple(RARE), of_runs=0.15, of_rows=1.5),
}


def drawn(world: World, generator: np.random.Generator, representations: int = 2) -> list[Measured]:
    """One test set, and what each of equally good representations scores on it."""
    groups = -(-world.rows // world.cluster)
    clusters = np.repeat(np.arange(groups), world.cluster)[: world.rows]
    true = generator.choice(C, groups, p=world.shares)[clusters]  # a clip is of one class
    shared = world.of_rows / 2 * generator.normal(size=groups)[clusters]
    found = []
    for _ in range(representations):
        own = shared + world.of_rows * generator.normal(size=groups)[clusters]
        skill = 0.8 + own + world.of_runs * generator.normal(size=(RUNS, 1))
        right = generator.random((RUNS, world.rows)) < 1 / (1 + np.exp(-skill))
        wrong = (true + 1 + (C - 1) * generator.random((RUNS, world.rows)) ** 1.5).astype(np.int64) % C
        answers = np.where(right, true, wrong).astype(np.uint8)
        found.append(of_predictions(true, answers, clusters, metrics.macro_f1_score, classes=C))
    return found


def simulated(world: World, draws: int, generator: np.random.Generator) -> tuple[float, float, float]:
    """(share of verdicts, the same by two intervals, coverage of one score's interval)."""
    verdicts, twice, intervals, scores = [], [], [], []
    for _ in range(draws):
        first, second = drawn(world, generator)
        found = contrast([first, second.times(-1)])
        verdicts.append(found.p < 0.05)
        twice.append(_side(found.over_runs) == _side(found.over_rows) != 0)
        intervals.append(contrast([first]).both)
        scores.append((first.values.mean() + second.values.mean()) / 2)
    low, high = np.transpose(intervals)
    return np.mean(verdicts), np.mean(twice), np.mean((low <= np.mean(scores)) & (np.mean(scores) <= high))


def _side(interval):
    return int(interval[0] > 0) - int(interval[1] < 0)


def family(draws: int, generator: np.random.Generator) -> float:
    """Share of draws in which any of FAMILY claims has a verdict: six pairs of four representations on four sets."""
    wrong = 0
    for _ in range(draws):
        ps = []
        for _ in range(FAMILY // 6):
            found = drawn(World(rows=300, of_runs=0.15, of_rows=1.0), generator, 4)
            pairs = [(a, b) for a in range(4) for b in range(a)]
            ps += [contrast([found[a], found[b].times(-1)]).p for a, b in pairs]
        wrong += min(holm(ps)) < 0.05
    return wrong / draws


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = {"error_rates": {}, "two_intervals": {}, "coverage": {}, "draws": options.draws}
    for place, (name, world) in enumerate(WORLDS.items()):
        generator = np.random.default_rng((options.seed, place))
        for kind, share in zip(
            ("error_rates", "two_intervals", "coverage"), simulated(world, options.draws, generator)
        ):
            found[kind][name] = float(share)
    name = f"any of {FAMILY} claims"
    found["error_rates"][name] = family(options.draws // 4, np.random.default_rng((options.seed, len(WORLDS))))
    print(json.dumps(found) if options.json else _table(found))


def _table(found):
    lines = [f"{'simulation':22}{'verdicts':>10}{'two intervals':>16}{'coverage':>11}   {found['draws']:,} draws each"]
    for name, share in found["error_rates"].items():
        others = "".join(
            f"{found[kind][name]:>{width}.1%}"
            for kind, width in (("two_intervals", 16), ("coverage", 11))
            if name in found[kind]
        )
        lines.append(f"{name:22}{share:>10.1%}{others}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
