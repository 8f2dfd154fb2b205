"""Table 2 with rows for every network that was swept, each a system of its own beside the published ones."""

from data.files.runs import Runs
from evaluate import reference
from evaluate.records import number
from evaluate.reference import display
from evaluate.representations import ABSENT, BASELINE, CAKE_3
from evaluate.statistics.networks_told import images_per_second, parameters, said_of
from evaluate.statistics.scores import score_of, test_notes
from evaluate.tables.notes import other_classes
from evaluate.tables.paper_tables import conventions_of, of_table_2, quote
from evaluate.tables.printed import ours
from evaluate.tables.table import Table, new_table, tell_score

PARAMETERS = "parameters"
PACE = "images/s"


def systems(several: list[Runs], names: list[str]) -> Table:
    """Published systems as the paper quotes them, then the baseline and CAKE-3 of each network, in the literature's
    convention for each data set."""
    first, kinds = several[0], conventions_of(several[0])
    facts = {PARAMETERS: [parameters(runs) for runs in several], PACE: [images_per_second(runs) for runs in several]}
    facts = {what: told for what, told in facts.items() if any(told)}  # a column that nothing stands in is left out
    known = any(name in reference.comparable(reference.TABLE_1, first.classes) for name in kinds)
    title = f"Table 2. Networks{' beside published systems' if known else ''}, in percent"
    columns = ("", "Dim.", *facts, *(f"{display(name)} ({kind})" for name, kind in kinds.items()))
    table = new_table(first, "table2", title, columns)
    quote(table, first, kinds, untold=len(facts))
    for position, (runs, name) in enumerate(zip(several, names)):
        told = {what: each[position] for what, each in facts.items()}
        for representation in (BASELINE, CAKE_3):
            _row(table, runs, representation, name, kinds, told)
    _tell_networks(table, several, names)
    table.notes += _notes(several, names, facts)
    if known:
        table.notes.append("published systems and the rows of the paper as it prints them, on their own test images")
    return table


def _row(table, runs, representation, network, kinds, told):
    size = representation.size(runs.features)
    label = f"ours, {representation.label} on {network}"
    if representation == BASELINE:
        label = f"ours, {network}, {size}-d {representation.label.lower()}"
    paper, cells = of_table_2(runs, representation), []
    for name, kind in kinds.items():
        score = score_of(runs, representation, classifier=name, test=name, score=kind)
        cells.append(ours(runs, representation, score))
        where = {"kind": kind, "classifier": name, "test": name}
        tell_score(table, runs, representation, **where, score=score, paper=paper.get(name))
        table.records[-1]["network"] = network
    table.rows.append((label, str(size), *(FORMS[what](value) for what, value in told.items()), *cells))


FORMS = {
    PARAMETERS: lambda count: ABSENT if count is None else f"{count / 1e6:.1f} M",
    PACE: lambda pace: ABSENT if pace is None else f"{pace:,.{0 if pace >= 100 else 1}f}",
}


def _tell_networks(table, several, names):
    """Which network a record is of, and what is known of it; nothing of published systems."""
    known = {
        name: {
            "parameters": "" if parameters(runs) is None else parameters(runs),
            "images_per_second": number(images_per_second(runs)),
        }
        for name, runs in zip(names, several)
    }
    nothing = {"parameters": "", "images_per_second": ""}
    for record in table.records:
        network = record.pop("network", "")
        record |= {"network": network, **known.get(network, nothing)}


def _notes(several, names, facts):
    yield from other_classes(several[0])
    yield from (f"{display(name)}: {note}" for name, note in test_notes(several[0]))
    yield from said_of(several, names)
    yield "mean ± sample deviation over the runs of the heads, one training of each network"
    if PARAMETERS in facts:
        yield "parameters: of the network up to its features, which the heads stand on; the paper says 2 million"
    if PACE in facts:
        yield (
            "images/s: of the networks on aligned crops, as `extract run` measured it on the machine that took the "
            "features, whatever else ran there"
        )
