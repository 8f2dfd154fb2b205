"""What results files tell of the networks below them: how large and how fast they are, and in which settings of their
training they differ."""

import re
from collections.abc import Iterator

from data.files.runs import Runs
from evaluate.reference import display

SEED = "seed"
UNUSED = ("None", "0", "0.0")  # of a setting whose part of the training was not asked for
SHA256 = re.compile("[0-9a-f]{64}")


def parameters(runs: Runs) -> int | None:
    """Parameters of the network that gives the features; None in results that do not say it."""
    return runs.provenance.get("parameters")


def images_per_second(runs: Runs) -> float | None:
    """How fast features were taken of crops; None in results that do not say it."""
    return runs.provenance.get("images_per_second")


def training(runs: Runs) -> dict:
    """The settings that the network was trained with, as text; empty in results that do not say them."""
    told = runs.provenance.get("training") or {}
    return {name: _shortened(value) for name, value in sorted(told.items())}


def _shortened(value):
    text = str(value)
    return text[:12] if SHA256.fullmatch(text) else text


def said_of(several: list[Runs], names: list[str]) -> Iterator[str]:
    """A line for each network: what it is, what it was trained on, and what it alone or not all were trained with."""
    trainings = [training(runs) for runs in several]
    settings = sorted(set().union(*trainings))
    differ = [name for name in settings if len({told.get(name) for told in trainings}) > 1]
    for runs, name, told in zip(several, names, trainings):
        facts = [runs.provenance.get("architecture", "")]
        used = (each for each in differ if each in told and (told[each] not in UNUSED or each == SEED))
        facts += [f"{each} {told[each]}" for each in used]
        domains = ", ".join(map(display, runs.provenance.get("pretraining", [])))
        facts += [f"pre-trained on {domains}"] if domains else []
        count = len({head.run for head in runs.outcomes})
        yield f"{name}: {', '.join(filter(None, [*facts, f'{count} runs of the heads']))}"


def ways_of(several: list[Runs], names: list[str]) -> dict[str, list[int]]:
    """{way of training, by the name of its first network: places of its networks among `several`}.

    Networks that differ by their seed alone are of one way; one whose results do not say how it was trained is its
    own."""
    found = {}
    for place, (runs, name) in enumerate(zip(several, names)):
        told = [(setting, value) for setting, value in training(runs).items() if setting != SEED]
        way = (*told, str(runs.provenance.get("pretraining"))) if told else name
        found.setdefault(way, []).append(place)
    return {names[own[0]]: own for own in found.values()}
