"""What a results file holds: which sizes, which families beside the paper's, whose weights, features of which width."""

from data.files.runs import HeadOutcome, Runs
from data.heads import FAMILIES, Family
from evaluate.reference import display, in_order
from evaluate.representations import PAPER_FAMILIES, SHOWN, Representation

FEW = 16  # sizes that are all printed


def sizes_swept(runs: Runs, family: Family) -> list[int]:
    """Every k of a family in a results file, ascending."""
    return sorted({head.k for head in runs.outcomes if head.family == family.name})


def places(runs: Runs) -> list[tuple[str, list[str]]]:
    """(in print, its test sets) of each data set, then of all together where there are several."""
    tests = in_order(runs.tests)
    alone = [(display(name), [name]) for name in tests]
    return [*alone, ("all, by size", tests)] if len(tests) > 1 else alone


def sizes_printed(sizes: list[int]) -> list[int]:
    """Those of ascending sizes that a table has a row for: all of a few, else the powers of two, 3 and the largest."""
    if len(sizes) <= FEW:
        return list(sizes)
    return [k for k in sizes if k in (3, sizes[-1]) or k.bit_count() <= 1]


def added(runs: Runs) -> list[Representation]:
    """Swept representations of families that are not the paper's: of the sizes that a family names for the tables, or
    of all where it names none."""
    found = []
    for family in FAMILIES.values():
        if family not in PAPER_FAMILIES:
            swept = sizes_swept(runs, family)
            named = [k for k in swept if k in family.table_sizes]
            found += [Representation(family, k) for k in named or sizes_printed(swept)]
    return found


def shown(runs: Runs) -> list[Representation]:
    """The paper's representations and those added to them."""
    return [*SHOWN, *added(runs)]


def unknown_families(runs: Runs) -> list[str]:
    """Names of families in a results file that nobody has registered."""
    return sorted({head.family for head in runs.outcomes} - FAMILIES.keys())


def kept_heads(runs: Runs, representation: Representation) -> dict[int, HeadOutcome]:
    """{run: HeadOutcome} of the heads whose weights were kept and can be computed with, by run."""
    if not _has_numpy_form(representation.family):
        return {}
    outcomes = {head.run: outcome for head, outcome in _heads(runs, representation) if outcome.weights}
    return {run: outcome for run, outcome in sorted(outcomes.items()) if not outcome.failure}


def why_absent(runs: Runs, representation: Representation) -> str:
    """In a short phrase, why there is no score for a representation."""
    outcomes = [outcome for _, outcome in _heads(runs, representation)]
    if any(not outcome.failure for outcome in outcomes):
        return "trained on other data sets alone"
    if outcomes:
        return "every run diverged"
    return runs.provenance.get("left_out", {}).get(representation.family.name, "not swept")


def why_not_placed(runs: Runs, representation: Representation, kept: str = "weights") -> str:
    """In a short phrase, why nothing can be placed in a representation; `kept` says what is needed of a head."""
    if not len(runs.confusions(*representation.key)):
        return why_absent(runs, representation)
    if not _has_numpy_form(representation.family):
        return f"the family {representation.family.name} cannot be computed without its training code"
    return f"{kept} were not kept in this results file"


def _heads(runs: Runs, representation: Representation) -> list:
    return [item for item in runs.outcomes.items() if (item[0].family, item[0].k) == representation.key]


def _has_numpy_form(family: Family) -> bool:
    kind = type(family)
    return kind.representation is not Family.representation and kind.logits is not Family.logits
