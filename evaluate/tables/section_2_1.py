"""Section 2.1 and Figure 2: emotion from annotated arousal-valence, alone and with learned dimensions beside it."""

from data.files.runs import Runs
from data.heads import AV_TRUE
from evaluate import reference
from evaluate.records import number
from evaluate.reference import display
from evaluate.representations import ABSENT, ANNOTATED, Representation
from evaluate.statistics.annotated import by_added_dimensions, domain_of
from evaluate.statistics.scores import Score
from evaluate.statistics.swept import sizes_printed, why_absent
from evaluate.tables.notes import other_classes
from evaluate.tables.printed import percent
from evaluate.tables.table import Table, gap, new_table, tell_score


def section_2_1(runs: Runs) -> Table:
    """Accuracy and macro F1 over the dimensions added to annotated arousal-valence; the gain in points, the paper's
    beside it."""
    title = "Section 2.1 and Figure 2. Emotion from annotated arousal-valence, in percent"
    columns = ("Added dim.", "accuracy", "gain", "macro F1", "paper", "paper's gain")
    scores, name = by_added_dimensions(runs), domain_of(runs)
    if not scores:
        reason = why_absent(runs, ANNOTATED)
        table = new_table(runs, "section2_1", title, columns)
        return gap(runs, table, f"Section 2.1 needs annotated arousal-valence in the feature caches: {reason}")
    theirs = reference.comparable(reference.SECTION_2_1, runs.classes) if name == "affectnet" else {}
    width = len(columns) if theirs else 4
    table = new_table(runs, "section2_1", title, columns[:width], _notes(runs, name, 0 in scores))
    f1 = by_added_dimensions(runs, "macro F1")
    for k, score in scores.items():
        paper = theirs.get(k)
        if k in sizes_printed(list(scores)):
            row = (f"+{k}", percent(score), gain(score, scores.get(0)), percent(f1[k]), *_printed(paper))
            table.rows.append(row[:width])
        _tell(table, runs, k, name, accuracy=score, f1=f1[k], plain=scores.get(0), paper=paper)
    return table


def _tell(table, runs, k, name, *, accuracy, f1, plain, paper):
    """Two records of k added dimensions: accuracy with its gain over arousal-valence alone, macro F1."""
    where = {"classifier": name, "test": name}
    representation = Representation(AV_TRUE, k)
    tell_score(table, runs, representation, kind="accuracy", score=accuracy, paper=paper, **where)
    gained = 100 * (accuracy.mean - plain.mean) if k and plain else None
    theirs = paper - reference.SECTION_2_1[0] if paper else None
    table.records[-1] |= {"gain": number(gained), "paper_gain": number(theirs)}
    tell_score(table, runs, representation, kind="macro F1", score=f1, **where)
    table.records[-1] |= {"gain": "", "paper_gain": ""}


def _notes(runs, name, has_plain):
    count = int(runs.confusions(*ANNOTATED.key)[0].sum()) if has_plain else 0
    rows = f"; n = {count:,} test rows with both values" if count else ""
    yield (
        f"one linear layer on valence and arousal as annotated in {display(name)}, and k dimensions learned beside "
        f"them{rows}"
    )
    yield from other_classes(runs)
    if reference.comparable(reference.SECTION_2_1, runs.classes) and name == "affectnet" and not runs.toy:
        yield "the paper prints 83 % without, +3 points with one added dimension, and +0.6 more with 512"


def gain(score: Score, plain: Score | None) -> str:
    """Points over arousal-valence alone."""
    return ABSENT if plain is None or score is plain else f"{100 * (score.mean - plain.mean):+.1f}"


def _printed(paper: float | None) -> tuple:
    """The paper's accuracy and its gain over arousal-valence alone."""
    return (f"{paper:.1f}", f"{paper - reference.SECTION_2_1[0]:+.1f}") if paper else (ABSENT, ABSENT)
