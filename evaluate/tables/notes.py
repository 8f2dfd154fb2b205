"""What a reader should know of the runs behind a table: rows, coverage, initialisations, pre-training, lost heads."""

from collections.abc import Iterator

from data.emotions import EMOTIONS
from data.files.runs import Runs
from data.networks import is_imported
from evaluate import reference
from evaluate.reference import display, in_order
from evaluate.representations import ABSENT, CAKE_3
from evaluate.statistics.scores import score_of, test_notes, undetected
from evaluate.statistics.swept import shown, unknown_families


def notes(runs: Runs) -> list[str]:
    """One line for each fact that a results file tells."""
    return [
        *other_classes(runs),
        *_data_sets(runs),
        _initialisations(runs),
        *_undetected(runs),
        *_pretraining(runs),
        *_training(runs),
        *_lost(runs),
    ]


def other_classes(runs: Runs) -> Iterator[str]:
    """The line that says why the paper's numbers are left out, where they are."""
    if runs.classes != EMOTIONS:
        yield f"{reference.OTHER_CLASSES} (classes: {', '.join(runs.classes)})"


def _data_sets(runs: Runs) -> Iterator[str]:
    tests, theirs = dict(test_notes(runs)), reference.comparable(reference.TRAINING_ROWS, runs.classes)
    for name in in_order(tests):
        rows = runs.provenance.get("training_rows", {}).get(name)
        trained = f"; trained on {rows:,} rows" if rows else ""
        paper = f" (paper {theirs[name]:,})" if name in theirs and not runs.toy else ""
        yield f"{display(name)}: {tests[name]}{trained}{paper}"


def _initialisations(runs: Runs) -> str:
    # of the representations shown: a sweep of other sizes may have had more runs
    keys = {representation.key for representation in shown(runs)}
    count = len({head.run for head in runs.outcomes if (head.family, head.k) in keys})
    if count <= 1:
        return "a single run: no deviation"
    return f"mean ± sample deviation over {count} runs of the heads; one backbone underlies all of them"


def _undetected(runs: Runs) -> Iterator[str]:
    if any(undetected(test).any() for test in runs.tests.values()):
        lowered = ", ".join(f"{_lowered(runs, name)} on {display(name)}" for name in in_order(runs.tests))
        yield f"with images without a face counted wrong, CAKE-3 has macro F1 {lowered}; the CSV gives every score so"


def _lowered(runs, name):
    """CAKE-3's macro F1 on a test set, faces not found counted wrong."""
    score = score_of(runs, CAKE_3, classifier=name, test=name)
    return ABSENT if score is None else f"{100 * score.undetected_wrong:.1f}"


def _pretraining(runs: Runs) -> Iterator[str]:
    if _imported(runs):
        yield f"features of {runs.provenance.get('network')}, imported: which of these faces it has seen is not known"
    domains = runs.provenance.get("pretraining")
    if domains:
        told = [runs.provenance[fact] for fact in ("network", "architecture") if runs.provenance.get(fact)]
        name = f" {', '.join(told)}," if told else ""
        yield f"backbone{name} pre-trained on {', '.join(map(display, domains))} (the paper: AffectNet alone)"


def _imported(runs):
    return any(map(is_imported, runs.provenance.get("features", {}).values()))


def _training(runs: Runs) -> Iterator[str]:
    """How the heads were trained: rate, length, penalty, and what chose it; nothing of results that do not say it."""
    told = runs.identity
    if "rate" not in told:
        return
    rule = f", {told['rate_rule']}" if "rate_rule" in told else ""
    length = f"{told.get('epochs')} epochs or {told.get('steps'):,} steps, whichever is longer"
    yield f"heads: Adam at {told['rate']:g}{rule}; {length}"
    penalty = runs.provenance.get("penalty")
    rows = sum(each["rows"] for each in (penalty or {}).get("rows", {}).values())
    unseen = "no head has seen" if _imported(runs) else "no network and no head has seen"
    chosen = f", chosen on {rows:,} rows that {unseen}" if rows else ", not chosen but stated"
    if told.get("class_weights") == "none":
        yield "heads trained without class weights: all rows count as much (the paper: all classes)"
    yield f"penalty {told.get('penalty', 0):g}{chosen if told.get('penalty') else ': none, as in the paper'}"


def _lost(runs: Runs) -> Iterator[str]:
    failed = sum(bool(outcome.failure) for outcome in runs.outcomes.values())
    if failed:
        fewer = ", ".join(_incomplete(runs))
        scored = f"; runs scored: {fewer}" if fewer else ""
        yield f"{failed} head{'s' if failed > 1 else ''} diverged and {'are' if failed > 1 else 'is'} left out{scored}"
    unknown = unknown_families(runs)
    if unknown:
        yield f"left out, since no code here has registered the family: heads of {', '.join(unknown)}"


def _incomplete(runs: Runs) -> Iterator[str]:
    """How many runs each representation of the tables has left, of those that lost one."""
    for representation in shown(runs):
        tried = sum((head.family, head.k) == representation.key for head in runs.outcomes)
        scored = len(runs.confusions(*representation.key))
        if scored < tried:
            yield f"{representation.label} over {scored} of {tried}"
