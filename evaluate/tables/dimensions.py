"""What the dimensions mean: how well arousal and valence can be read from them, and what the third one separates."""

import itertools

import numpy as np

from data import metrics
from data.emotions import EMOTIONS
from evaluate.reference import display, in_order
from evaluate.representations import ABSENT
from evaluate.statistics.comparison import welch_interval
from evaluate.statistics.coordinates import coordinates, kept_heads
from evaluate.statistics.scores import over_runs, why_absent
from evaluate.statistics.similarity import canonical_correlations
from evaluate.tables.regression import DIMENSIONS
from evaluate.tables.table import gap, new_table, number

READ_FROM = (("cake", 2, "CAKE-2"), ("cake", 3, "CAKE-3"))
FOLDS = 5
PAIRS_SHOWN = 8
MEASURES = ("valence R²", "valence CCC", "arousal R²", "arousal CCC", "canonical 1", "canonical 2")


def read_out(x, values):
    """(n, 2) what a linear reading of x (n, dimensions) says of values (n, 2), each row by a fit that has not seen it.

    Ridge regression of standardised columns in folds of shuffled rows; its strength, a hundredth of the rows, lets 512
    columns generalise and shrinks what is read from two or three by no more than a hundredth."""
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), Ridge(len(x) / 100, solver="cholesky"))
    return cross_val_predict(model, x, values, cv=KFold(FOLDS, shuffle=True, random_state=0))


def reading_scores(x, values):
    """Dict of MEASURES of a linear reading; canonical correlations are of the readings, so they flatter no wide x."""
    read = read_out(x, values)
    found = {}
    for column, dimension in enumerate(DIMENSIONS):
        true = values[:, column]
        found[f"{dimension} R²"] = (
            1 - np.mean((true - read[:, column]) ** 2) / np.var(true) if np.ptp(true) else float("nan")
        )
        found[f"{dimension} CCC"] = metrics.ccc(true, read[:, column])
    return found | dict(zip(MEASURES[4:], canonical_correlations(read, values)))


def linear_reading(runs, samples):
    """Arousal and valence read linearly from CAKE-2, CAKE-3 and the 512 features, as annotated and as predicted."""
    table = new_table(
        runs,
        "reading",
        "Arousal and valence read linearly from a representation",
        ("Values", "Read from", *MEASURES),
        brief=True,
    )
    for kind, names, values in _targets(samples):
        for position, (label, inputs) in enumerate(_inputs(runs, samples, names)):
            x = [np.concatenate(each)[np.isfinite(values).all(1)] for each in inputs]
            scores = [reading_scores(each, values[np.isfinite(values).all(1)].astype(np.float64)) for each in x]
            means = {measure: over_runs(np.array([each[measure] for each in scores])) for measure in MEASURES}
            table.rows.append(
                (
                    "" if position else f"{kind}, {'all' if len(names) > 1 else display(names[0])}",
                    label,
                    *map(_plain, means.values()),
                )
            )
            table.records += [
                {
                    "table": table.name,
                    "toy": int(runs.toy),
                    "values": kind,
                    "test": "all" if len(names) > 1 else names[0],
                    "read_from": label,
                    "measure": measure,
                    "mean": number(score.mean),
                    "deviation": number(score.deviation),
                    "runs": score.runs,
                    "n": len(x[0]),
                }
                for measure, score in means.items()
            ]
    if not table.rows:
        return gap(
            runs, table, "reading the dimensions needs the feature caches that were swept, with arousal-valence in them"
        )
    table.notes.append(
        f"{FOLDS} folds of the test rows, each read by a ridge regression fitted on the others; mean ± deviation "
        "over runs; "
        "1 is perfect, R² of a blind guess 0"
    )
    if not any(row[0].startswith("annotated") for row in table.rows):
        table.notes.append("no test row at hand has annotated arousal-valence")
    return table


def _targets(samples):
    """Yield (kind, data sets, values (n, 2)) of what can be read: annotations where there are any, predictions where
    all have them."""
    annotated = [name for name in in_order(samples) if samples[name].has_annotations().sum() >= 2 * FOLDS]
    if annotated:
        yield "annotated", annotated, np.concatenate([samples[name].annotated for name in annotated])
    if sum(map(len, samples.values())) >= 2 * FOLDS and all(each.predicted is not None for each in samples.values()):
        names = in_order(samples)
        yield "predicted", names, np.concatenate([samples[name].predicted for name in names])


def _inputs(runs, samples, names):
    """Yield (label, [arrays by data set, for each run])."""
    for family, k, label in READ_FROM:
        heads = kept_heads(runs, family, k)
        if heads:
            yield (
                label,
                [[coordinates(outcome.weights, family, samples[name]) for name in names] for outcome in heads.values()],
            )
    yield "512 features", [[samples[name].feature for name in names]]


def _plain(score):
    return f"{score.mean:.2f}" + (f" ± {score.deviation:.2f}" if score.runs > 1 else "")


def pair_confusion(counts):
    """{(class, class): share} of (7, 7) counts: of the samples of two classes, how many were taken for the other."""
    total = counts.sum(1)
    return {
        (one, other): (counts[one, other] + counts[other, one]) / (total[one] + total[other])
        for one, other in itertools.combinations(range(len(EMOTIONS)), 2)
        if total[one] and total[other]
    }


def third_dimension(runs):
    """Which pairs of emotions are confused less with three learned dimensions than with two, all test sets together."""
    table = new_table(
        runs,
        "third",
        "What the third dimension separates: confusions of two emotions, in percent of both",
        ("Pair", "CAKE-2", "CAKE-3", "less by", "95 % interval"),
        brief=True,
    )
    shares = [_pair_shares(runs, k) for k in (2, 3)]
    if not all(shares):
        return gap(
            runs,
            table,
            "; ".join(f"CAKE-{k}: {why_absent(runs, 'cake', k)}" for k, each in zip((2, 3), shares) if not each),
        )
    gains = {pair: shares[0][pair].mean() - shares[1][pair].mean() for pair in shares[0]}
    for pair in sorted(gains, key=gains.get, reverse=True):
        two, three = (100 * each[pair] for each in shares)
        ends = welch_interval(two, three)
        name = " and ".join(EMOTIONS[index] for index in pair)
        interval = "{:+.1f} to {:+.1f}".format(*ends) if ends else ABSENT
        table.rows.append((name, f"{two.mean():.1f}", f"{three.mean():.1f}", f"{100 * gains[pair]:+.1f}", interval))
        table.records.append(
            {
                "table": table.name,
                "toy": int(runs.toy),
                "pair": name,
                "cake_2": number(two.mean()),
                "cake_3": number(three.mean()),
                "gain": number(100 * gains[pair]),
                **dict(zip(("low", "high"), map(number, ends or (None, None)))),
            }
        )
    del table.rows[PAIRS_SHOWN:]
    table.notes.append(
        f"the {len(table.rows)} pairs that gain most, of {len(gains)} (the others are in the CSV); each data set "
        "by its own "
        "classifier; interval over runs (Welch)"
    )
    return table


def _pair_shares(runs, k):
    """{pair: (runs,) shares} of CAKE-k over all test sets, each by its own classifier."""
    counts = runs.confusions("cake", k)
    own = sum(counts[:, runs.classifiers.index(name), list(runs.tests).index(name)] for name in runs.classifiers)
    found = [pair_confusion(each) for each in own]
    return {pair: np.array([each[pair] for each in found]) for pair in found[0]} if found else {}
