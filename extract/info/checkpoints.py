"""What a checkpoint holds, or the state of a training under way."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import torch

from data.runtime.ranks import ALONE
from extract.network import checkpoint
from extract.training.backbone_training import TrainingSettings
from extract.training.step import Step

SAID_BEFORE = ("task", "toy", "domains", "initial", "settings", "emotions")  # in lines of their own, or the same in all


def describe(path: Path) -> list[str]:
    """Lines of text: what it was trained for, on what and how, what made it, and the sha256 of the file. Raises
    CheckpointError."""
    data = checkpoint.read(path)
    state = checkpoint.read_state(path, data)
    meta = checkpoint.meta_of(path, state)
    toy = "  TOY DATA" if meta["toy"] else ""
    lines = [f"{path}: {_kind(path, state, meta)}{toy}", f"task: {meta['task']}"]
    lines.append(f"network: {checkpoint.architecture_of(path, meta)}")
    lines += [f"trained on {name}: {_domain(domain)}" for name, domain in meta["domains"].items()]
    held_out = checkpoint.held_out_of(path, state)
    lines += [f"not seen of {name}: {len(units):,} images or groups of them" for name, units in held_out.items()]
    lines += ["started from: " + json.dumps(meta["initial"], indent=1)] if "initial" in meta else []
    further = {name: value for name, value in meta.items() if name not in SAID_BEFORE}
    made_by = {name: further.pop(name) for name in ("code_version", "versions") if name in further}
    lines += [f"{name.replace('_', ' ')}: {value}" for name, value in {**further, **meta["settings"]}.items()]
    return [*lines, "made by: " + json.dumps(made_by, indent=1), f"sha256: {hashlib.sha256(data).hexdigest()}"]


def _kind(path, state, meta):
    if not under_way(state):
        return "checkpoint"
    log = checkpoint.log_of(path, state)
    return f"state of a training under way, {len(log)} of {meta['settings'].get('epochs', '?')} epochs"


def _domain(domain):
    rows = domain.get("rows") if isinstance(domain, dict) else None
    return f"{rows:,} rows, {domain}" if isinstance(rows, int) else str(domain)


def under_way(state: dict) -> bool:
    """Whether these are the contents of a training's state, not of a checkpoint."""
    return "optimizer" in state


def verify(path: Path) -> None:
    """Read the file with all the checks that it gets where it is used. Raises CheckpointError."""
    data = checkpoint.read(path)
    state = checkpoint.read_state(path, data)
    meta = checkpoint.meta_of(path, state)
    if under_way(state):
        step = _fresh_step(path, meta)
        checkpoint.load_state(path, data, step.network, step.optimizer, agree=lambda meta: None)
    else:
        checkpoint.load(path, meta["task"])


def _fresh_step(path, meta):
    try:
        settings = TrainingSettings(**meta["settings"])
        return Step(replace(settings, init="scratch"), None, torch.device("cpu"), ALONE)
    except (TypeError, ValueError, KeyError) as error:
        raise checkpoint.CheckpointError(
            f"{path} has settings that no training has ({error}); delete it and {checkpoint.AGAIN}"
        ) from None
