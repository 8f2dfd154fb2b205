"""What the paper reads off its maps (Figure 5), each with a measure and whether these runs bear it out."""

from collections.abc import Iterator

import numpy as np

from data.emotions import EMOTIONS
from data.files.runs import Runs
from evaluate.records import number
from evaluate.reference import display
from evaluate.representations import ABSENT, AV, CAKE_2, CAKE_3_NORM, MAPPED
from evaluate.statistics.coordinates import can_place
from evaluate.statistics.inference.comparison import NO, UNDECIDED, YES
from evaluate.statistics.map_claims import BY_CHANCE, agreement, neutral_at_origin, said_of, same_order
from evaluate.statistics.scores import over_runs
from evaluate.statistics.swept import why_not_placed
from evaluate.tables.table import Table, new_table, tell

MISSING = 0.02  # of all test images: what "almost missing" may be at most
SIMILAR = 0.7  # of all test images: what "very similar" must be at least
MOSTLY = 0.5  # of runs and classifiers
OF_EMOTIONS = (
    "neutral at origin: of raw coordinates, as trained, over runs and classifiers",
    "same order: of pairs of runs, whose six emotions go around "
    f"neutral's mean place in one order, whichever the direction; by chance {100 * BY_CHANCE:.1f} %",
)
OTHERS = "other classes than the paper's seven: what it says of single emotions is left out"


def map_claims(runs: Runs, samples: dict) -> Table:
    """A row for each statement and representation: share over the runs, its interval, the bound, the answer."""
    title = "What the paper reads off its maps, in percent"
    table = new_table(runs, "maps", title, ("Statement", "Rep.", "share", "95 % interval", "bound", "supported"))
    for text, label, shares, bound, below in _asked(runs, samples):
        if isinstance(shares, str):
            table.rows.append((text, label, f"{ABSENT} {shares}", "", "", ABSENT))
            tell(table, runs, **_record(text, label, absent=shares))
            continue
        score, answer = over_runs(shares), _answer(shares, bound, below)
        low, high = score.over_runs or (None, None)
        interval = ABSENT if low is None else f"{100 * low:.1f} to {100 * high:.1f}"
        said = f"{'at most' if below else 'at least'} {100 * bound:.0f}"
        table.rows.append((text, label, f"{100 * score.mean:.1f}", interval, said, answer))
        ends = {"low": number(None if low is None else 100 * low), "high": number(None if low is None else 100 * high)}
        told = {"share": number(100 * score.mean), **ends, "bound": number(100 * bound), "supported": answer}
        tell(table, runs, **{**_record(text, label), **told})
    table.notes += [
        *(OF_EMOTIONS if runs.classes == EMOTIONS else [OTHERS]),
        "said and agree: of all test images, which is the share of the map weighted by where samples lie",
        "yes or no where the whole interval over runs lies on one side of the bound, which is ours, else undecided",
    ]
    return table


def _asked(runs: Runs, samples: dict) -> Iterator[tuple]:
    """(statement, representation, (R,) shares or why there are none, bound, whether to lie below it)."""
    if runs.classes == EMOTIONS:
        yield from _of_emotions(runs, samples)
    for each in (CAKE_3_NORM, AV, CAKE_2):
        found = agreement(runs, each) if len(runs.classifiers) > 1 else "one domain alone"
        yield "classifiers agree", each.label, _or_why(runs, each, found), SIMILAR, False


def _of_emotions(runs, samples):
    """Statements about single emotions, as _asked."""
    for each in (AV, CAKE_2):  # a sphere has no origin
        yield "neutral at origin", each.label, _or_why(runs, each, neutral_at_origin(runs, each)), MOSTLY, False
    placed = samples and all(can_place(AV.family, own) for own in samples.values())
    shares = same_order(runs, AV, CAKE_2, samples) if placed else np.zeros(0)
    reason = "it needs the feature caches"
    yield "same order as AV", CAKE_2.label, shares if len(shares) else reason, MOSTLY, False
    for each in MAPPED:
        name = "sfew" if "sfew" in runs.classifiers else None
        found = said_of(runs, each, name, ("disgust", "fear")) if name else f"it is about {display('sfew')}"
        yield "SFEW's seldom says disgust, fear", each.label, _or_why(runs, each, found), MISSING, True


def _or_why(runs, representation, found):
    return found if isinstance(found, str) or len(found) else why_not_placed(runs, representation)


def _answer(shares: np.ndarray, bound: float, below: bool) -> str:
    """By the interval over runs; runs that all say the same have one without width."""
    interval = over_runs(shares).over_runs
    if interval is None or interval[0] <= bound <= interval[1]:
        return UNDECIDED
    return YES if (interval[1] < bound) == below else NO


def _record(text, label, absent=""):
    empty = dict.fromkeys(("share", "low", "high", "bound", "supported"), "")
    return {"statement": text, "representation": label, **empty, "absent": absent}
