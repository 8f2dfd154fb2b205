"""Checkpoints: a network's weights with what made them, checked before use."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from data.architecture import Architecture
from data.emotions import EMOTIONS
from data.files.publish import publish
from data.runtime.failures import Refused
from extract.network.backbone import TASKS, Backbone
from extract.network.trunk import refuse_unknown

SCHEMA = 1
AGAIN = "train it again with `extract train`"
MOST_BYTES = 2**33  # a checkpoint of ResNet-18 has 45 MB; the state of a training of torchvision's largest, 7.7 GB
MOST_PICKLED_BYTES = 2**22  # of the names and shapes alone, which take 50 KB
META = {
    "task": str,
    "image_size": int,
    "alignment_version": int,
    "toy": bool,
    "settings": dict,
    "domains": dict,
    "emotions": list,
}


class CheckpointError(Refused):
    """A file that is not a usable checkpoint of this project."""


@dataclass(frozen=True)
class Checkpoint:
    """A trained network in eval mode, the settings it came from, the sha256 of its file, and what it has not seen."""

    network: Backbone
    meta: dict
    sha256: str
    held_out: dict = field(default_factory=dict)  # training domain -> (n,) int64 units of extract.crops.hold_out


def save(path: Path, network: Backbone, meta: dict, held_out: dict | None = None) -> None:
    """Publish weights, `meta` (task, domains, image_size, toy, settings, versions; JSON) and which rows were held out.

    Holds no clock time, so the same training gives the same file."""
    held = {name: torch.from_numpy(units) for name, units in (held_out or {}).items()}
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    write_state(path, {"cake": SCHEMA, "meta": json.dumps(meta, sort_keys=True), "weights": weights, "held_out": held})


def write_state(path: Path, state: dict) -> None:
    """Publish a dict of texts and of nested dicts and lists of tensors, for `read_state`."""
    # through memory: torch writes the name of a file it opens itself into the archive
    buffer = io.BytesIO()
    torch.save(state, buffer)
    publish(path, lambda temporary: temporary.write_bytes(buffer.getbuffer()))


def load(path: Path, task: str | None = None) -> Checkpoint:
    """The Checkpoint at `path`, of this task or, where none is given, of any.

    Raises FileNotFoundError, which names the command to make it, and CheckpointError."""
    path = Path(path)
    if not path.is_file():
        named = f" --network {path.parent.name}" if path.parent.parent.name == "checkpoints" else ""
        command = f"extract train --dataset NAME --task {task or 'TASK'}{named}"
        raise FileNotFoundError(f"{path} is missing; make it with `{command}`")
    data = read(path)
    state = read_state(path, data)
    meta = meta_of(path, state)
    if (own := meta["task"]) not in ([task] if task else TASKS):
        raise CheckpointError(f"{path} was trained for {own}, expected {task or ' or '.join(TASKS)}")
    network = Backbone(own, architecture_of(path, meta))
    what = f"the weights of {network.architecture} with a head of {TASKS[own]}"
    _check_tensors(path, state.get("weights"), network.state_dict(), what)
    network.load_state_dict(state["weights"])
    network = network.eval().to(memory_format=torch.channels_last)
    return Checkpoint(network, meta, hashlib.sha256(data).hexdigest(), held_out_of(path, state))


def architecture_of(path: Path, meta: dict) -> Architecture:
    """What a checkpoint's network is made of. Raises CheckpointError."""
    try:
        found = Architecture.of(meta["settings"])
        refuse_unknown(found.backbone)
        return found
    except ValueError as error:
        raise CheckpointError(f"{path} names no network of this project ({error}); {AGAIN}") from None


def held_out_of(path: Path, state: dict) -> dict[str, np.ndarray]:
    """{training domain: (n,) int64 units of the rows that were held out}. Raises CheckpointError.

    Nothing in checkpoints from before rows were held out."""
    found = state.get("held_out", {})
    whole = isinstance(found, dict) and all(isinstance(name, str) for name in found)
    if not whole or not all(_is_column(each) for each in found.values()):
        raise CheckpointError(f"{path} does not say by int64 numbers which rows it has not seen; {AGAIN}")
    return {name: each.numpy() for name, each in found.items()}


def _is_column(value):
    plain = isinstance(value, torch.Tensor) and value.layout == torch.strided and value.device.type == "cpu"
    return plain and value.dtype == torch.int64 and value.ndim == 1


def load_state(
    path: Path, data: bytes, network: torch.nn.Module, optimizer: torch.optim.Optimizer, agree: Callable
) -> list[dict]:
    """Put the state that a training under way kept into network and optimizer; returns its log, a list of rows.

    path: where the state lies; data: its bytes. agree(meta) raises where the training was another one. Raises
    CheckpointError before anything is changed."""
    state = read_state(path, data)
    agree(meta_of(path, state))
    log = log_of(path, state)
    _check_tensors(path, state.get("network"), network.state_dict(), "the weights of this network")
    _check_optimizer(path, state.get("optimizer"), optimizer)
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    return log


def _is_log_row(row):
    return isinstance(row, dict) and all(isinstance(value, (int, float)) for value in row.values())


def log_of(path: Path, state: dict) -> list[dict]:
    """The rows of the epochs that a training under way has finished. Raises CheckpointError."""
    log = _json(path, state, "log", list)
    if not all(map(_is_log_row, log)):
        raise CheckpointError(f"{path} holds a log that is not a list of rows of numbers; delete it and {AGAIN}")
    return log


def read(path: Path) -> bytes:
    """The bytes of a checkpoint or of a training's state; CheckpointError where they are more than any has."""
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise CheckpointError(f"{path} has {size:,} bytes, no checkpoint has more than {MOST_BYTES:,}; {AGAIN}")
    return path.read_bytes()


def read_state(path: Path, data: bytes) -> dict:
    """The dict in the bytes of a file that `write_state` wrote.

    Nothing in it is run, and nothing in it is compressed. Raises CheckpointError."""
    try:
        _refuse_packed(path, data)
        state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except CheckpointError:
        raise
    except Exception as error:  # the unpickler raises what it likes on hostile bytes
        raise CheckpointError(f"{path} is not a readable checkpoint ({type(error).__name__}); {AGAIN}") from None
    if not isinstance(state, dict) or type(state.get("cake")) is not int or state["cake"] != SCHEMA:
        raise CheckpointError(f"{path} is not a checkpoint of this version; {AGAIN}")
    return state


def _refuse_packed(path, data):
    """torch stores the members of its archive uncompressed and apart; others could unpack to any size."""
    members = zipfile.ZipFile(io.BytesIO(data)).infolist()
    stored = all(member.compress_type == zipfile.ZIP_STORED for member in members)
    if not stored or sum(member.file_size for member in members) > len(data):
        raise CheckpointError(
            f"{path} is an archive that may unpack to more bytes than it has, which no checkpoint does; {AGAIN}"
        )
    if any(member.file_size > MOST_PICKLED_BYTES for member in members if member.filename.endswith(".pkl")):
        raise CheckpointError(f"{path} names more than a network has; {AGAIN}")


def _json(path, state, name, type):
    try:
        value = json.loads(state[name])
    except (KeyError, TypeError, ValueError, RecursionError):
        raise CheckpointError(f"{path} has no {name} in JSON; {AGAIN}") from None
    if not isinstance(value, type):
        raise CheckpointError(f"{path} has a {name} that is not of type {type.__name__}; {AGAIN}")
    return value


def meta_of(path, state):
    """What a checkpoint or a training's state says of itself. Raises CheckpointError."""
    meta = _json(path, state, "meta", dict)
    for name, type in META.items():
        if not isinstance(meta.get(name), type):
            raise CheckpointError(
                f"{path} does not say its {name.replace('_', ' ')}, or not as {type.__name__}; {AGAIN}"
            )
    if meta["emotions"] != list(EMOTIONS):
        raise CheckpointError(f"{path} has its classes in another order than {', '.join(EMOTIONS)}; {AGAIN}")
    return meta


def _check_tensors(path, found, expected, what):
    """Refuse anything but plain finite tensors of these names, shapes and types."""
    if not isinstance(found, dict) or found.keys() != expected.keys():
        odd = min(map(str, found.keys() ^ expected.keys())) if isinstance(found, dict) else "no tensors by name"
        raise CheckpointError(f"{path} does not hold {what}: {odd[:100]}")
    for name, like in expected.items():
        _check_tensor(path, name, found[name], like)


def _check_tensor(path, name, tensor, like):
    if not isinstance(tensor, torch.Tensor) or tensor.layout != torch.strided or tensor.device.type != "cpu":
        raise CheckpointError(f"{path}: {name} is not a plain tensor; {AGAIN}")
    if tensor.shape != like.shape or tensor.dtype != like.dtype:
        raise CheckpointError(
            f"{path}: {name} is {tensor.dtype} {tuple(tensor.shape)}, expected {like.dtype} {tuple(like.shape)}"
        )
    if not torch.isfinite(tensor).all():
        raise CheckpointError(f"{path}: {name} holds values that are not finite")


def _check_optimizer(path, found, optimizer):
    """Refuse anything but moments of the shapes of their parameters, and the settings of the fresh optimizer.

    The rate alone may differ."""
    groups = optimizer.state_dict()["param_groups"]
    parameters = [one for group in optimizer.param_groups for one in group["params"]]
    if not isinstance(found, dict) or found.keys() != {"state", "param_groups"} or not isinstance(found["state"], dict):
        raise CheckpointError(f"{path} does not hold the state of an optimizer; delete it and {AGAIN}")
    kept = found["param_groups"]
    if not isinstance(kept, list) or list(map(_settings, kept)) != list(map(_settings, groups)):
        raise CheckpointError(f"{path} was trained by another optimizer; delete it and {AGAIN}")
    if not found["state"].keys() <= set(range(len(parameters))):  # a frozen trunk has none yet
        raise CheckpointError(f"{path} holds moments of other parameters; delete it and {AGAIN}")
    for index, moments in found["state"].items():
        like = {"step": torch.zeros(()), "exp_avg": parameters[index], "exp_avg_sq": parameters[index]}
        _check_tensors(path, moments, like, f"the moments of parameter {index}")


def _settings(group):
    """As text, since values that are not numbers, such as tensors, may not compare to one truth value."""
    if not isinstance(group, dict):
        return ""
    return repr({name: group[name] for name in sorted(group, key=str) if name != "lr"})


def state_path(path: Path) -> Path:
    """Where a training under way keeps its last finished epoch."""
    return path.with_name(path.name + ".state")
