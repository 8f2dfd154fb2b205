"""Training that starts from the network of another training (Ng et al. 2015): its weights, how slowly they may change,
and what they have seen."""

import itertools
from dataclasses import asdict, replace

import numpy as np

from data.files.publish import refuse_difference
from data.runtime.failures import Refused
from extract.network.backbone import Backbone
from extract.network.checkpoint import Checkpoint

AS_IT_IS = "ask for its --backbone, --pooling and --representation"
LINEAGE = ("task", "settings", "domains", "initial")  # of its meta: what is told of an initial network


def refuse_toy(initial: Checkpoint, domains: dict) -> None:
    """Raise Refused where a network of the toy corpus would be trained on real images: it would be one of neither.

    domains: dict name -> (train StoredCrops, test StoredCrops)."""
    real = [name for name, (train, _) in domains.items() if not train.toy]
    if initial.meta["toy"] and real:
        raise Refused(
            f"the network that --init names was trained on the toy corpus, the crops of {', '.join(real)} are real "
            "images; start from one that was trained on real images"
        )


def take_over(network: Backbone, initial: Checkpoint, task: str) -> None:
    """Give a fresh network the trunk of `initial`, and its head too where that was trained for the same task.

    Raises Mismatch, which is Refused, where the two are of different architectures."""
    # whether features are taken of the mirror image too changes no weight
    other, own = (asdict(replace(each.architecture, mirrored=False)) for each in (initial.network, network))
    refuse_difference("the network that --init names", other, own, advice=AS_IT_IS)
    network.trunk.load_state_dict(initial.network.trunk.state_dict())
    if initial.meta["task"] == task:
        network.head.load_state_dict(initial.network.head.state_dict())


def freeze(network: Backbone, frozen: bool) -> None:
    """Have the trunk learn, or leave it as it is: no gradient, and batch normalisation by its running statistics."""
    network.train()
    network.trunk.train(not frozen).requires_grad_(not frozen)


def groups(network: Backbone, decay: float) -> tuple[list[dict], list[float]]:
    """(parameter groups of an optimizer, the share of the rate of each).

    The head has the whole rate; each stage of the trunk `decay` times that of the next one above it. A stage is a part
    of torchvision's network that has layers of its own; what lies before the first one, in ResNet-18 a convolution with
    its batch normalisation, is a stage, too. At 1 all is one group."""
    if decay == 1:
        return [{"params": list(network.parameters())}], [1.0]
    stages = [*_stages(network.trunk), list(network.head.parameters())]
    shares = [decay**below for below in reversed(range(len(stages)))]
    return [{"params": stage} for stage in stages], shares


def _stages(trunk):
    """Lists of parameters, from the pixels up; what belongs to no layer, such as a class token, is in the first."""
    loose = list(trunk.parameters(recurse=False))
    layers = [(name, layer) for name, layer in trunk.named_children() if list(layer.parameters())]
    for _, stage in itertools.groupby(layers, lambda each: each[0] if list(each[1].children()) else None):
        yield [*loose, *(parameter for _, layer in stage for parameter in layer.parameters())]
        loose = []


def lineage(initial: Checkpoint) -> dict:
    """What a checkpoint says of the network that its training started from, and so on back."""
    return {"sha256": initial.sha256, **{name: initial.meta[name] for name in LINEAGE if name in initial.meta}}


def seen(initial: Checkpoint | None, domains: dict) -> dict:
    """{domain: what is told of it} of both trainings; where they share a name, as the later one has it."""
    return {**(initial.meta["domains"] if initial else {}), **domains}


def unseen(initial: Checkpoint | None, domains: dict, held_out: dict) -> dict:
    """{domain: (n,) units of the rows that neither training has seen}.

    domains: what is told of those of the later training; held_out: the units that it leaves out. Of data that both were
    trained on, under one name or two of the same crops, it is what both have left out."""
    if initial is None:
        return held_out
    earlier = {name: initial.held_out.get(name, np.empty(0, np.int64)) for name in initial.meta["domains"]}
    found = {**earlier, **held_out}
    for first, second in itertools.product(earlier, held_out):
        if first == second or _same_crops(initial.meta["domains"][first], domains[second]):
            both = np.intersect1d(earlier[first], held_out[second])
            for name in (first, second):
                found[name] = np.intersect1d(found[name], both)
    return found


def _same_crops(first, second):
    digest = first.get("aligned_digest") if isinstance(first, dict) else None  # a file may say what it likes
    return digest is not None and digest == second.get("aligned_digest")
