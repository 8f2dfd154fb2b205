"""Is it one space? How alike the representations of independent runs are, once aligned, beside what chance would
give."""

import itertools

import numpy as np

from evaluate.statistics.coordinates import coordinates, kept_heads
from evaluate.statistics.scores import why_absent
from evaluate.statistics.similarity import aligned, shared, unit, white
from evaluate.tables.table import gap, new_table, number

REPRESENTATIONS = (("cake", 2, "CAKE-2"), ("cake", 3, "CAKE-3"))
PERMUTATIONS = 20  # of the rows, for each pair of runs
LEVEL = 0.95


def stability(runs, samples, generator):
    """Mean and least similarity over all pairs of runs, and the 95th percentile where rows are paired at random."""
    table = new_table(
        runs,
        "stability",
        "How stable the space is over runs: similarity after alignment",
        ("Rep.", "Pairs", "Alignment", "mean", "least", "by chance (95 %)"),
        brief=True,
    )
    for family, k, label in REPRESENTATIONS:
        spaces = (
            [
                np.concatenate([coordinates(outcome.weights, family, each) for each in samples.values()])
                for outcome in kept_heads(runs, family, k).values()
            ]
            if samples
            else []
        )
        if len(spaces) < 2:
            table.notes.append(f"{label}: {_why(runs, samples, family, k)}")
            continue
        for kind, prepare, similarity in (("Procrustes", unit, aligned), ("affine", white, shared)):
            pairs = list(itertools.combinations(map(prepare, spaces), 2))  # prepared once, whatever is paired
            found = [similarity(*pair) for pair in pairs]
            chance = np.quantile(
                [similarity(x, y[generator.permutation(len(y))]) for x, y in pairs for _ in range(PERMUTATIONS)], LEVEL
            )
            values = np.mean(found), min(found), chance
            table.rows.append(
                (label if kind == "Procrustes" else "", f"{len(pairs)}", kind, *(f"{value:.3f}" for value in values))
            )
            table.records.append(
                {
                    "table": table.name,
                    "toy": int(runs.toy),
                    "representation": label,
                    "alignment": kind,
                    "pairs": len(pairs),
                    **dict(zip(("mean", "least", "chance"), map(number, values))),
                }
            )
    if not table.rows:
        return gap(runs, table, "stability is measured between runs, on the feature caches that were swept")
    table.notes.append(
        "Procrustes: moved, turned, mirrored and scaled as a whole; affine: up to any linear map, which the "
        "classifiers cannot see; "
        f"1 is the same space; by chance: the same with rows paired at random, {PERMUTATIONS} times a pair"
    )
    return table


def _why(runs, samples, family, k):
    heads = kept_heads(runs, family, k)
    if heads and samples:
        return "a single run was kept, there is no other to compare with"
    return "no feature cache at hand" if heads else why_absent(runs, family, k)
