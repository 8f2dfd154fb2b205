"""Which command makes a file, in words that can be called as they stand."""

import shlex
from collections.abc import Iterable
from pathlib import Path

MADE_BY = {"aligned": "extract align", "features": "extract run", "runs": "embed sweep"}
FOLDERS = {"aligned": "aligned", "features": "features", "results": "runs"}  # of a working folder -> kind


def commands(path: Path, kinds: Iterable[str], dataset: str = "") -> str:
    """What makes a file of one of these kinds at `path`: of the kind whose folder it lies in, where it is among them.

    dataset: that of an aligned cache, as its provenance says; without it nobody can tell the options it needs."""
    path = Path(path)
    own, network = FOLDERS.get(path.absolute().parent.name), ""
    if own is None and path.absolute().parent.parent.name == "features":  # of one network among several
        own, network, path = "features", path.absolute().parent.name, path.parent.parent / path.name
    chosen = [own] if own in kinds else kinds
    named = f" --network {shlex.quote(network)}" if network else ""
    return " or ".join(_command(path, kind, own == kind, dataset, named) for kind in chosen)


def _command(path, kind, in_place, dataset, network):
    workdir = path.parent.parent if in_place else Path()
    where = "" if workdir == Path() else f" --workdir {shlex.quote(str(workdir))}"
    if kind == "runs":
        usual = in_place and path.name == "runs.h5"
        return f"`embed sweep{where if usual else f' --results {shlex.quote(str(path))}'}`"
    name = shlex.quote(path.stem) if in_place else "NAME"
    if kind == "features":
        made = (
            f"`extract run --dataset {name}{network}{where}`"  # also where the name is that of an aligned cache alone
        )
        imported = f" or `embed import FILE{network.replace('--network', '--name')}{where}`" if network else ""
        return made + imported
    if not dataset:
        return "the call of `extract align` that made it"
    if dataset == path.stem:
        return f"`extract align --dataset {name}{where}`"
    return f"`extract align --dataset {dataset} --name {name}{where}` and the other options of that call"
