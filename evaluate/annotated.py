"""Section 2.1 and Figure 2: emotion from annotated arousal-valence, alone and with learned dimensions beside it."""

from evaluate import reference
from evaluate.reference import display
from evaluate.scores import score_of, why_absent
from evaluate.table import ABSENT, gap, new_table, number, percent, record

FAMILY = "av-true"
FEW = 16  # sizes that are all printed


def sizes_swept(runs, family):
    """Every k of a family in a results file, ascending."""
    return sorted({head.k for head in runs.outcomes if head.family == family})


def domain_of(runs):
    """The one data set that annotated arousal-valence was taken from, or None."""
    name = runs.provenance.get("annotated_domain")
    return name if name in runs.tests and sizes_swept(runs, FAMILY) else None


def by_added_dimensions(runs):
    """{k: Score} of the accuracy with k learned dimensions beside annotated arousal-valence; only those with a score."""
    name = domain_of(runs)
    scores = {k: score_of(runs, FAMILY, k, classifier=name, test=name, score="accuracy") for k in sizes_swept(runs, FAMILY)} if name else {}
    return {k: score for k, score in scores.items() if score}


def section_2_1(runs):
    """Accuracy and macro F1 over the dimensions added to annotated arousal-valence; the gain in points, the paper's beside it."""
    title = "Section 2.1 and Figure 2. Emotion from annotated arousal-valence, in percent"
    table = new_table(runs, "section2_1", title, ("Added dim.", "accuracy", "gain", "macro F1", "paper", "paper's gain"), brief=True)
    scores, name = by_added_dimensions(runs), domain_of(runs)
    if not scores:
        return gap(runs, table, f"Section 2.1 needs annotated arousal-valence in the feature caches: {why_absent(runs, FAMILY, 0)}")
    shown = len(table.columns) if name == "affectnet" else 4
    for k, score in scores.items():
        f1 = score_of(runs, FAMILY, k, classifier=name, test=name)
        paper = reference.SECTION_2_1.get(k) if name == "affectnet" else None
        if len(scores) <= FEW or k in (3, max(scores)) or not k & (k - 1):  # of many sizes the powers of two; all are in the CSV
            table.rows.append((f"+{k}", percent(score), gain(score, scores.get(0)), percent(f1), *_printed(paper))[:shown])
        for kind, each, theirs in (("accuracy", score, paper), ("macro F1", f1, None)):
            record(table, runs, (FAMILY, k, f"annotated AV +{k}"), kind, name, name, each, theirs)
            table.records[-1] |= {"gain": number(100 * (score.mean - scores[0].mean)) if kind == "accuracy" and k and 0 in scores else "",
                                  "paper_gain": number(theirs - reference.SECTION_2_1[0]) if theirs else ""}
    table.columns = table.columns[:shown]
    count = int(runs.confusions(FAMILY, 0)[0].sum()) if 0 in scores else 0
    table.notes.append(f"one linear layer on valence and arousal as annotated in {display(name)}, and k dimensions learned beside them"
                       + (f"; n = {count:,} test rows with both values" if count else ""))
    if name == "affectnet" and not runs.toy:
        table.notes.append("the paper prints 83 % without, +3 points with one added dimension, and +0.6 more with 512")
    return table


def gain(score, plain):
    """Points over arousal-valence alone."""
    return ABSENT if plain is None or score is plain else f"{100 * (score.mean - plain.mean):+.1f}"


def _printed(paper):
    return (f"{paper:.1f}", f"{paper - reference.SECTION_2_1[0]:+.1f}") if paper else (ABSENT, ABSENT)
