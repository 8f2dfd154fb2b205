"""Do the numbers depend on how long and how fast the heads were trained? What `embed study` found, side by side."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from data.files.runs import Runs, read_runs
from data.heads import AV, CAKE
from evaluate.records import number
from evaluate.representations import ABSENT, BASELINE, Representation
from evaluate.statistics.scores import Score, multi_domain
from evaluate.tables.differences import differences
from evaluate.tables.table import Table, gap, new_table, tell

DEFAULT = "default"
SAID = {
    DEFAULT: "default",
    "length-3": "3 x length",
    "length-10": "10 x length",
    "rate-0.33": "rate / 3",
    "rate-3": "rate x 3",
}
SHOWN = (
    *(Representation(CAKE, k) for k in (2, 3, 8, 64, 512)),
    *(Representation(AV, k) for k in (0, 1, 64)),
    BASELINE,
)
MAY_DIFFER = ("epochs", "steps", "rate")


def read_studied(runs: Runs, folder: Path) -> dict[str, Runs]:
    """{name of a variant: its Runs} of what `embed study` wrote into `folder` for these caches and this penalty."""
    paths = {name: folder / f"{name}.h5" for name in SAID}
    found = {name: read_runs(path, partly=True) for name, path in paths.items() if path.is_file()}
    return {name: each for name, each in found.items() if each.outcomes and _kept(each) == _kept(runs)}


def _kept(runs):
    return {name: value for name, value in runs.identity.items() if name not in MAY_DIFFER}


def length(runs: Runs, studied: dict[str, Runs]) -> Table:
    """Multi-domain macro F1 of each variant, how far it moves from the default, and how many verdicts change."""
    title = "Length and rate: multi-domain macro F1 in percent"
    columns = ("Rep.", *(SAID[name] for name in studied), "moves by", "deviation")
    table = new_table(runs, "length", title, columns)
    if DEFAULT not in studied or len(studied) < 2:
        return gap(runs, table, "`embed study` has not been run for these results")
    for each in SHOWN:
        scores = {name: multi_domain(own, each) for name, own in studied.items()}
        if scores[DEFAULT] is not None:
            _row(table, runs, each, scores)
    changed, asked = verdicts_changed(studied)
    table.notes += [
        f"moves by: the largest difference from the default; deviation: over its {scores[DEFAULT].runs} runs",
        f"of CAKE-3 minus the others, {changed} of {asked} verdicts or supported signs differ from the default's",
    ]
    return table


def _row(table: Table, runs: Runs, representation: Representation, scores: dict[str, Score | None]) -> None:
    means = {name: score and 100 * score.mean for name, score in scores.items()}
    moved, deviation = moves(scores), 100 * scores[DEFAULT].deviation
    cells = [ABSENT if mean is None else f"{mean:.1f}" for mean in means.values()]
    table.rows.append(
        (representation.label, *cells, f"{moved:.1f}", ABSENT if np.isnan(deviation) else f"{deviation:.1f}")
    )
    for name, mean in means.items():
        told = {"representation": representation.label, "variant": name, "mean": number(mean)}
        tell(table, runs, **told, moves=number(moved), deviation=number(deviation))


def moves(scores: dict[str, Score | None]) -> float:
    """Points by which a score moves at most from the default."""
    return max(abs(100 * (score.mean - scores[DEFAULT].mean)) for score in scores.values() if score)


def verdicts_changed(studied: dict[str, Runs]) -> tuple[int, int]:
    """(how many differences from CAKE-3 get another verdict than with the default, how many were asked).

    A sign counts where the difference is more than chance in either; of what is undecided, a sign says nothing."""
    plain = list(_verdicts(studied[DEFAULT]))
    others = [list(_verdicts(own)) for name, own in studied.items() if name != DEFAULT]
    return sum(one != other for own in others for one, other in zip(plain, own)), len(plain) * len(others)


def _verdicts(runs: Runs) -> Iterator[str]:
    for record in differences(runs).records:
        yield record["verdict"]
