"""Is it one space? How alike the representations of independent runs are, once aligned, beside what chance would
give."""

import itertools

import numpy as np

from data.files.runs import Runs
from evaluate.records import number
from evaluate.representations import LEARNED, Representation
from evaluate.statistics.coordinates import can_place, coordinates
from evaluate.statistics.similarity import aligned, shared, unit, white
from evaluate.statistics.swept import added, kept_heads, why_not_placed
from evaluate.tables.table import Table, gap, new_table, tell

ALIGNMENTS = {"Procrustes": (unit, aligned), "affine": (white, shared)}  # how to prepare and to compare
PERMUTATIONS = 20  # of the rows, for each pair of runs
LEVEL = 0.95


def stability(runs: Runs, samples: dict, generator: np.random.Generator) -> Table:
    """Mean and least similarity over all pairs of runs, and the 95th percentile where rows are paired at random."""
    title = "How stable the space is over runs: similarity after alignment"
    table = new_table(runs, "stability", title, ("Rep.", "Pairs", "Alignment", "mean", "least", "by chance (95 %)"))
    for each in (*LEARNED, *added(runs)):
        spaces = _spaces(runs, samples, each)
        if len(spaces) < 2:
            table.notes.append(f"{each.label}: {_why(runs, samples, each)}")
            continue
        for position, (kind, (prepare, similarity)) in enumerate(ALIGNMENTS.items()):
            pairs = list(itertools.combinations(map(prepare, spaces), 2))  # prepared once, whatever is paired
            found = [similarity(*pair) for pair in pairs]
            values = np.mean(found), min(found), _by_chance(pairs, similarity, generator)
            cells = [f"{value:.3f}" for value in values]
            table.rows.append(("" if position else each.label, f"{len(pairs)}", kind, *cells))
            told = dict(zip(("mean", "least", "chance"), map(number, values)))
            tell(table, runs, representation=each.label, alignment=kind, pairs=len(pairs), **told)
    if not table.rows:
        return gap(runs, table, "stability is measured between runs, on the feature caches that were swept")
    table.notes.append(
        "Procrustes: moved, turned, mirrored and scaled as a whole; affine: up to any linear map, which the "
        "classifiers cannot see; 1 is the same space; by chance: the same with rows paired at random, "
        f"{PERMUTATIONS} times a pair"
    )
    return table


def _spaces(runs: Runs, samples: dict, representation: Representation) -> list[np.ndarray]:
    """(n, dimensions) of all samples, for each run whose weights were kept."""
    family = representation.family
    if not samples or not all(can_place(family, each) for each in samples.values()):
        return []
    return [
        np.concatenate([coordinates(family, outcome.weights, each) for each in samples.values()])
        for outcome in kept_heads(runs, representation).values()
    ]


def _by_chance(pairs: list, similarity, generator: np.random.Generator) -> float:
    """The LEVEL quantile of similarities where the rows of each pair are paired at random."""
    return np.quantile(
        [similarity(x, y[generator.permutation(len(y))]) for x, y in pairs for _ in range(PERMUTATIONS)], LEVEL
    )


def _why(runs: Runs, samples: dict, representation: Representation) -> str:
    heads = kept_heads(runs, representation)
    if not heads:
        return why_not_placed(runs, representation)
    if not samples:
        return "no feature cache at hand"
    if not all(can_place(representation.family, each) for each in samples.values()):
        return f"not every row has {representation.family.arousal_valence} arousal-valence"
    return "a single run was kept, there is no other to compare with"
