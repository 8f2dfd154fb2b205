"""Scores, intervals and the paper's numbers as the text of a cell."""

import numpy as np

from data.files.runs import Runs
from evaluate.representations import ABSENT, Representation
from evaluate.statistics.inference.comparison import Comparison
from evaluate.statistics.scores import Score
from evaluate.statistics.swept import why_absent


def percent(score: Score | None) -> str:
    """A Score as printed, such as 58.1 ± 0.5."""
    if score is None:
        return ABSENT
    deviation = ABSENT if np.isnan(score.deviation) else f"{100 * score.deviation:.1f}"
    return f"{100 * score.mean:.1f} ± {deviation}"


def ours(runs: Runs, representation: Representation, score: Score | None) -> str:
    """A Score as printed, or why there is none."""
    return percent(score) if score else f"{ABSENT} {why_absent(runs, representation)}"


def interval_printed(score: Score | None) -> str:
    """The interval of a mean over runs and rows, such as 57.8 to 58.4."""
    return ABSENT if score is None or score.both is None else f"{100 * score.both[0]:.1f} to {100 * score.both[1]:.1f}"


def printed(paper: tuple | None) -> str:
    """The paper's (mean, deviation) as it prints them."""
    return f"{paper[0]:.1f} ± {paper[1]:.1f}" if paper else ABSENT


def mean_printed(paper: float | None) -> str:
    """A mean alone as the paper prints it."""
    return ABSENT if paper is None else f"{paper:.1f}"


def difference(score: Score | None, paper: tuple | None, *, toy: bool) -> str:
    """Ours minus the paper's in points, and in its deviations where that is at least 0.1; nothing for toy data."""
    if toy and paper:
        return "toy"
    if score is None or paper is None:
        return ABSENT
    mean, deviation = paper
    points = 100 * score.mean - mean
    return f"{points:+.1f}" + (f" ({points / deviation:+.1f} dev.)" if deviation >= 0.1 else "")


def compared(found: Comparison) -> tuple:
    """(difference, its interval over runs and rows) in points."""
    return f"{100 * found.difference:+.1f}", points(found.both)


def p_printed(p: float | None) -> str:
    """A p with three decimals; not below what these say."""
    return ABSENT if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"


def points(ends: tuple | None) -> str:
    """An interval of a difference, such as +0.4 to +1.2."""
    return ABSENT if ends is None else f"{100 * ends[0]:+.1f} to {100 * ends[1]:+.1f}"
