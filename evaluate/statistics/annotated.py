"""Accuracy from annotated arousal-valence, alone and with learned dimensions beside it (Section 2.1, Figure 2)."""

from data.files.runs import Runs
from data.heads import AV_TRUE
from evaluate.representations import Representation
from evaluate.statistics.scores import Score, score_of
from evaluate.statistics.swept import sizes_swept


def domain_of(runs: Runs) -> str | None:
    """The one data set that annotated arousal-valence was taken from, or None."""
    name = runs.provenance.get("annotated_domain")
    return name if name in runs.tests and sizes_swept(runs, AV_TRUE) else None


def by_added_dimensions(runs: Runs, score: str = "accuracy") -> dict[int, Score]:
    """{k: Score} with k learned dimensions beside annotated arousal-valence; only those with a score."""
    name = domain_of(runs)
    if name is None:
        return {}
    scores = {
        k: score_of(runs, Representation(AV_TRUE, k), classifier=name, test=name, score=score)
        for k in sizes_swept(runs, AV_TRUE)
    }
    return {k: each for k, each in scores.items() if each}
