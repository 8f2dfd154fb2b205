"""Checkpoints: a network's weights with what made them, checked before use."""

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import torch

from data.publish import publish
from extract.backbone import TASKS, Backbone

SCHEMA = 1


class CheckpointError(ValueError):
    """A file that is no usable checkpoint of ours."""


@dataclass(frozen=True)
class Checkpoint:
    """A trained network in eval mode, the settings it came from, and the sha256 of its file."""

    network: Backbone
    meta: dict
    sha256: str


def save(path, network, meta):
    """Publish weights and `meta` (task, domains, image_size, toy, settings, versions; JSON). Holds no clock time, so the
    same training gives the same file."""
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    write_state(path, {"cake": SCHEMA, "meta": json.dumps(meta, sort_keys=True), "weights": weights})


def write_state(path, state):
    # through memory: torch writes the name of a file it opens itself into the archive
    buffer = io.BytesIO()
    torch.save(state, buffer)
    publish(path, lambda temporary: temporary.write_bytes(buffer.getbuffer()))


def load(path, task):
    """The Checkpoint of this task at `path`. Raises FileNotFoundError (names the command to make it), CheckpointError."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; make it with `extract train --dataset NAME --task {task}`")
    data = path.read_bytes()
    state = read_state(path, data)
    meta = json.loads(state["meta"])
    if meta["task"] != task:
        raise CheckpointError(f"{path} was trained for {meta['task']}, expected {task}")
    return Checkpoint(_network(path, state["weights"], task), meta, hashlib.sha256(data).hexdigest())


def read_state(path, data):
    try:
        state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # the unpickler raises what it likes on hostile bytes
        raise CheckpointError(f"{path} is no readable checkpoint ({type(error).__name__}); train it anew") from None
    if not isinstance(state, dict) or state.get("cake") != SCHEMA:
        raise CheckpointError(f"{path} is no checkpoint of this version; train it anew with `extract train`")
    return state


def _network(path, weights, task):
    with torch.device("meta"):
        expected = Backbone(task).state_dict()
    if weights.keys() != expected.keys():
        odd = sorted(weights.keys() ^ expected.keys())[0]
        raise CheckpointError(f"{path} does not hold the weights of ResNet-18 with a head of {TASKS[task]}: {odd}")
    for name, tensor in weights.items():
        like = expected[name]
        if tensor.shape != like.shape or tensor.dtype != like.dtype:
            raise CheckpointError(f"{path}: {name} is {tensor.dtype} {tuple(tensor.shape)}, expected {like.dtype} {tuple(like.shape)}")
        if not torch.isfinite(tensor).all():
            raise CheckpointError(f"{path}: {name} holds values that are not finite")
    network = Backbone(task)
    network.load_state_dict(weights)
    return network.eval().to(memory_format=torch.channels_last)


def state_path(path):
    """Where a training under way keeps its last finished epoch."""
    return path.with_name(path.name + ".state")
