"""Which pairs of emotions a third dimension separates, asked inside one embedding: with the dimension and without."""

import numpy as np

from data.files.runs import Runs
from evaluate.records import number
from evaluate.reference import display
from evaluate.representations import ABSENT, ANNOTATED, ANNOTATED_1, CAKE_3
from evaluate.samples import Samples, training_rows
from evaluate.statistics.annotated import domain_of
from evaluate.statistics.best_plane import Placed, arousal_valence_plane, best_plane, refitted
from evaluate.statistics.coordinates import coordinates
from evaluate.statistics.inference.comparison import contrast
from evaluate.statistics.inference.measured import Measured
from evaluate.statistics.reading import pair_confusion, pair_confusions
from evaluate.statistics.swept import kept_heads, why_absent, why_not_placed
from evaluate.tables.table import Table, gap, new_table, tell

PAIRS_SHOWN = 8
PLANES = {
    "values": "plane: the one that predicted arousal and valence are read from; the third is uncorrelated with both",
    "best": "plane: the one on which the classifiers' answers keep most of their variance",
}
TRAINING_ROWS = 3000  # of each data set: a classifier of three numbers needs no more


def beside_arousal_valence(runs: Runs) -> Table:
    """Pairs that are confused less with one learned dimension beside annotated arousal-valence than without."""
    table = _table(runs, "third_av", "beside annotated arousal-valence", ANNOTATED.label, ANNOTATED_1.label)
    name = domain_of(runs)
    missing = [each for each in (ANNOTATED, ANNOTATED_1) if not len(runs.confusions(*each.key))]
    if name is None or missing:
        return gap(runs, table, f"{ANNOTATED_1.label}: {why_absent(runs, missing[0] if missing else ANNOTATED)}")
    without, beside = (pair_confusions(runs, each, [name]) for each in (ANNOTATED, ANNOTATED_1))
    found = {pair: (without[pair], beside[pair]) for pair in without}
    _fill(table, runs, found, paired=False)
    table.notes.append(f"test rows of {display(name)} with both values; other initialisations on each side (Welch)")
    return table


def beside_its_planes(runs: Runs, samples: dict, generator: np.random.Generator) -> list[Table]:
    """Pairs that CAKE-3 confuses less with all three dimensions than on the plane of arousal and valence in it, and
    than on its own best plane."""
    of_values = _table(runs, "third_plane", f"of {CAKE_3.label}, beside arousal-valence in it", "plane", "all three")
    of_best = _table(runs, "third", f"of {CAKE_3.label}, beside its own best plane", "plane", "all three")
    heads = kept_heads(runs, CAKE_3)
    if not heads or not samples:
        reason = "it needs the feature caches" if heads else why_not_placed(runs, CAKE_3)
        return [gap(runs, table, reason) for table in (of_values, of_best)]
    drawn = {name: training_rows(own, TRAINING_ROWS, generator) for name, own in samples.items()}
    counts = [_counts(outcome.weights, samples, drawn) for outcome in heads.values()]
    for table, kind in ((of_values, "values"), (of_best, "best")):
        if counts[0][kind] is None:
            gap(runs, table, "it needs predicted arousal-valence")
            continue
        plane, three = ([pair_confusion(own[side]) for own in counts] for side in (kind, "all"))
        found = {pair: tuple(np.array([own[pair] for own in side]) for side in (plane, three)) for pair in plane[0]}
        _fill(table, runs, found, paired=True)
        table.notes += [
            f"{PLANES[kind]}, for each run its own",
            f"classifiers fitted again on both sides, on {TRAINING_ROWS:,} training rows at most of each data set",
        ]
    return [of_values, of_best]


def _table(runs, name, title, without, beside):
    title = f"What the third dimension separates, {title}: confusions of two emotions, in percent of both"
    return new_table(runs, name, title, ("Pair", without, beside, "lower by", "95 % interval"))


def _counts(weights: dict, samples: dict[str, Samples], drawn: dict) -> dict:
    """(C, C) counts of one head on each plane, and on all its dimensions."""
    place = lambda x: CAKE_3.family.representation(weights, x)
    placed = [
        Placed(place(drawn[name][0]), drawn[name][1], coordinates(CAKE_3.family, weights, own), own.emotion)
        for name, own in samples.items()
    ]
    z, values = np.concatenate([own.z for own in placed]), [drawn[name][2] for name in samples]
    told, classes = all(each is not None for each in values), weights["B"].shape[1]
    return {
        "best": refitted(placed, classes, best_plane(z, weights["B"])),
        "values": refitted(placed, classes, arousal_valence_plane(z, np.concatenate(values))) if told else None,
        "all": refitted(placed, classes),
    }


def _fill(table: Table, runs: Runs, found: dict, *, paired: bool) -> None:
    """Rows of the pairs that gain most, records of all. found: {pair: (shares without, shares with the dimension)}."""
    gains = {pair: without.mean() - beside.mean() for pair, (without, beside) in found.items()}
    for pair in sorted(gains, key=gains.get, reverse=True):
        without, beside = found[pair]
        parts = [Measured(without - beside, None)] if paired else [Measured(without, None), Measured(-beside, None)]
        low, high = (100 * end for end in contrast(parts).over_runs or (np.nan, np.nan))
        means = 100 * without.mean(), 100 * beside.mean(), 100 * gains[pair]
        name = " and ".join(runs.classes[index] for index in pair)
        interval = ABSENT if np.isnan(low) else f"{low:+.1f} to {high:+.1f}"
        table.rows.append((name, f"{means[0]:.1f}", f"{means[1]:.1f}", f"{means[2]:+.1f}", interval))
        told = dict(zip(("without", "with", "gain", "low", "high"), map(number, (*means, low, high))))
        tell(table, runs, pair=name, **told)
    del table.rows[PAIRS_SHOWN:]
    of_how_many = f"the {len(table.rows)} pairs that gain most, of {len(gains)} (the others are in the CSV); "
    table.notes.append(
        f"{of_how_many * (len(gains) > len(table.rows))}each data set by its own classifier; interval over runs"
    )
