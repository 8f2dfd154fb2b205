"""Accuracy from annotated arousal-valence, alone and with learned dimensions beside it (Section 2.1, Figure 2)."""

from evaluate.statistics.scores import score_of

FAMILY = "av-true"


def sizes_swept(runs, family):
    """Every k of a family in a results file, ascending."""
    return sorted({head.k for head in runs.outcomes if head.family == family})


def domain_of(runs):
    """The one data set that annotated arousal-valence was taken from, or None."""
    name = runs.provenance.get("annotated_domain")
    return name if name in runs.tests and sizes_swept(runs, FAMILY) else None


def by_added_dimensions(runs):
    """{k: Score} of the accuracy with k learned dimensions beside annotated arousal-valence; only those with a
    score."""
    name = domain_of(runs)
    scores = (
        {k: score_of(runs, FAMILY, k, classifier=name, test=name, score="accuracy") for k in sizes_swept(runs, FAMILY)}
        if name
        else {}
    )
    return {k: score for k, score in scores.items() if score}
