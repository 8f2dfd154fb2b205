"""Which command makes a file, in words that can be called as they stand."""

import shlex
from collections.abc import Iterable
from pathlib import Path

MADE_BY = {"aligned": "extract align", "features": "extract run", "runs": "embed sweep"}
FOLDERS = {"aligned": "aligned", "features": "features", "results": "runs"}  # of a working folder -> kind


def commands(path: Path, kinds: Iterable[str], dataset: str = "") -> str:
    """What makes a file of one of these kinds at `path`: of the kind whose folder it lies in, where it is among them.

    dataset: that of an aligned cache, as its provenance says; without it nobody can tell the options it needs."""
    own = FOLDERS.get(Path(path).absolute().parent.name)
    chosen = [own] if own in kinds else kinds
    return " or ".join(_command(Path(path), kind, own == kind, dataset) for kind in chosen)


def _command(path, kind, in_place, dataset):
    workdir = path.parent.parent if in_place else Path()
    where = "" if workdir == Path() else f" --workdir {shlex.quote(str(workdir))}"
    if kind == "runs":
        usual = in_place and path.name == "runs.h5"
        return f"`embed sweep{where if usual else f' --results {shlex.quote(str(path))}'}`"
    name = shlex.quote(path.stem) if in_place else "NAME"
    if kind == "features":
        return f"`extract run --dataset {name}{where}`"  # also where the name is that of an aligned cache alone
    if not dataset:
        return "the call of `extract align` that made it"
    if dataset == path.stem:
        return f"`extract align --dataset {name}{where}`"
    return f"`extract align --dataset {dataset} --name {name}{where}` and the other options of that call"
