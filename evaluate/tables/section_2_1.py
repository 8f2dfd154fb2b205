"""Section 2.1 and Figure 2: emotion from annotated arousal-valence, alone and with learned dimensions beside it."""

from evaluate import reference
from evaluate.reference import display
from evaluate.representations import ABSENT
from evaluate.statistics.annotated import FAMILY, by_added_dimensions, domain_of
from evaluate.statistics.scores import score_of, why_absent
from evaluate.tables.table import gap, new_table, number, percent, record

FEW = 16  # sizes that are all printed


def section_2_1(runs):
    """Accuracy and macro F1 over the dimensions added to annotated arousal-valence; the gain in points, the paper's
    beside it."""
    title = "Section 2.1 and Figure 2. Emotion from annotated arousal-valence, in percent"
    table = new_table(
        runs, "section2_1", title, ("Added dim.", "accuracy", "gain", "macro F1", "paper", "paper's gain"), brief=True
    )
    scores, name = by_added_dimensions(runs), domain_of(runs)
    if not scores:
        return gap(
            runs,
            table,
            f"Section 2.1 needs annotated arousal-valence in the feature caches: {why_absent(runs, FAMILY, 0)}",
        )
    shown = len(table.columns) if name == "affectnet" else 4
    for k, score in scores.items():
        f1 = score_of(runs, FAMILY, k, classifier=name, test=name)
        paper = reference.SECTION_2_1.get(k) if name == "affectnet" else None
        if (
            len(scores) <= FEW or k in (3, max(scores)) or not k & (k - 1)
        ):  # of many sizes the powers of two; all are in the CSV
            table.rows.append(
                (f"+{k}", percent(score), gain(score, scores.get(0)), percent(f1), *_printed(paper))[:shown]
            )
        for kind, each, theirs in (("accuracy", score, paper), ("macro F1", f1, None)):
            record(table, runs, (FAMILY, k, f"annotated AV +{k}"), kind, name, name, each, theirs)
            table.records[-1] |= {
                "gain": number(100 * (score.mean - scores[0].mean)) if kind == "accuracy" and k and 0 in scores else "",
                "paper_gain": number(theirs - reference.SECTION_2_1[0]) if theirs else "",
            }
    table.columns = table.columns[:shown]
    count = int(runs.confusions(FAMILY, 0)[0].sum()) if 0 in scores else 0
    table.notes.append(
        f"one linear layer on valence and arousal as annotated in {display(name)}, and k dimensions learned beside them"
        + (f"; n = {count:,} test rows with both values" if count else "")
    )
    if name == "affectnet" and not runs.toy:
        table.notes.append("the paper prints 83 % without, +3 points with one added dimension, and +0.6 more with 512")
    return table


def gain(score, plain):
    """Points over arousal-valence alone."""
    return ABSENT if plain is None or score is plain else f"{100 * (score.mean - plain.mean):+.1f}"


def _printed(paper):
    return (f"{paper:.1f}", f"{paper - reference.SECTION_2_1[0]:+.1f}") if paper else (ABSENT, ABSENT)
