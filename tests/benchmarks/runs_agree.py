"""Do runs agree on where a face lies? Each coordinate of one run against that of another, raw and canonical.

    python -m tests.benchmarks.runs_agree [--workdir WORKDIR] [--runs 10] [--results FILE] [--json]

The heads of the tables are trained on the feature caches of WORKDIR (nothing is written there), without one on those of
the toy corpus, which takes some ten minutes to make (TOY DATA). FILE keeps the heads. What is printed, by head and
axis: mean and lowest correlation over all pairs of runs, over the test rows of all data sets, of raw coordinates (as
trained) and of canonical ones; and the canonical axis it is of. Beside it, of the head, mean and lowest of the
canonical correlations, which the mean over axes cannot exceed: below 1, two runs have learned different spaces."""

import argparse
import json
import tempfile
from itertools import combinations
from pathlib import Path

import numpy as np

from data.files.runs import Runs, read_runs
from evaluate.representations import AV_1, CAKE_2, CAKE_3, CAKE_3_NORM, Representation
from evaluate.samples import read_samples
from evaluate.statistics.coordinates import axes_of, can_place, shown_coordinates
from evaluate.statistics.similarity import canonical_correlations
from evaluate.statistics.swept import kept_heads
from tests.benchmarks.length import run, toy

SHOWN = (CAKE_2, CAKE_3, CAKE_3_NORM, AV_1)


def correlations(placed: list[np.ndarray]) -> np.ndarray:
    """(pairs, dimensions) of each coordinate between every two of `placed`, (n, dimensions) each."""
    white = [(z - z.mean(0)) / z.std(0) for z in placed]
    return np.stack([(one * other).mean(0) for one, other in combinations(white, 2)])


def placed(runs: Runs, samples: dict, representation: Representation) -> tuple[tuple, list]:
    """(names of the axes, [(n, dimensions) by run]) of the learned coordinates of one representation."""
    heads = kept_heads(runs, representation)
    family = representation.family
    learned = slice(2 if family.arousal_valence else 0, None)  # arousal-valence is the same in every run
    found = [
        np.concatenate([shown_coordinates(family, outcome, own) for own in samples.values()])[:, learned]
        for outcome in heads.values()
    ]
    return axes_of(family, representation.k, next(iter(heads.values())))[learned], found


def measured(runs: Runs, samples: dict) -> list[dict]:
    """A record for each head and axis."""
    there = [each for each in SHOWN if kept_heads(runs, each)]
    there = [each for each in there if all(can_place(each.family, own) for own in samples.values())]
    found = []
    for each in there:
        (_, raw), (names, spaces) = (placed(own, samples, each) for own in (runs.raw(), runs))
        most = np.stack([canonical_correlations(*pair) for pair in combinations(spaces, 2)])
        raw, canonical = correlations(raw), correlations(spaces)
        for axis, name in enumerate(names):
            means = {"raw_mean": raw[:, axis].mean(), "canonical_mean": canonical[:, axis].mean()}
            least = {"raw_lowest": raw[:, axis].min(), "canonical_lowest": canonical[:, axis].min()}
            bound = {"spaces_mean": most.mean(), "spaces_lowest": most.min()}
            numbers = {measure: round(float(value), 3) for measure, value in {**means, **least, **bound}.items()}
            found.append({"head": each.label, "axis": name, "pairs": len(raw), **numbers})
    return found


def swept(workdir: Path, results: Path, runs: int) -> Runs:
    """The heads of the tables, trained on the features of a workdir, in a results file that lies elsewhere."""
    run("embed", "sweep", "--workdir", workdir, "--results", results, "--k", 3, "--runs", runs)
    return read_runs(results)


def table(found: list[dict]) -> str:
    kinds = {"raw": "raw", "canonical": "canonical", "spaces": "spaces"}
    lines = [" " * 30 + "".join(f"{title:^22}" for title in kinds.values())]
    lines += [f"{'head':14}{'axis':16}" + f"{'mean':>10}{'lowest':>9}   " * len(kinds)]
    for one in found:
        numbers = (f"{one[kind + '_mean']:>10.3f}{one[kind + '_lowest']:>9.3f}   " for kind in kinds)
        lines.append(f"{one['head']:14}{one['axis']:16}" + "".join(numbers))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workdir", type=Path)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--results", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        workdir = options.workdir or Path(temporary) / "toy"
        if not options.workdir:
            toy(workdir)
        runs = swept(workdir, (options.results or Path(temporary) / "runs.h5").absolute(), options.runs)
        found = measured(runs, read_samples(runs, workdir / "features")[0])
    print(json.dumps(found) if options.json else table(found))


if __name__ == "__main__":
    main()
