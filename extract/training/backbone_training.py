"""Training the backbone from scratch: discrete emotions, or arousal-valence regression (Section 2.2)."""

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import torch

from data.architecture import AVERAGE, COVARIANCE, REPRESENTATION, Architecture
from data.emotions import EMOTIONS
from data.files.lock import lock
from data.files.provenance import code_version, versions
from data.files.publish import refuse_difference
from data.runtime.failures import Refused
from data.runtime.ranks import ALONE, Ranks
from extract.crops.hold_out import set_aside, units
from extract.network import checkpoint
from extract.network.augmentation import Strength
from extract.network.checkpoint import Checkpoint
from extract.training import fine_tuning
from extract.training.epoch_log import log_path, read_log, write_log
from extract.training.epochs import Epochs
from extract.training.step import Step
from extract.training.training_rows import TrainingRows, training_places


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that changes the weights.

    The paper gives the network, cutout, the use of dropout, and the class weights. Defaults are what files mean that do
    not name a setting, since they are from before it; those of a new training are in extract/training_recipe.py."""

    task: str
    image_size: int = 224  # paper
    epochs: int = 30  # not from the paper, nor are those down to dropout: a full AffectNet has converged by then
    batch: int = 128
    rate: float = 1e-3  # peak of the one-cycle schedule, AdamW
    decay: float = 0.05  # AdamW's usual weight decay, for training from scratch on few images
    dropout: float = 0.3  # before the task head
    init: str = "scratch"  # paper; or imagenet, or the sha256 of the checkpoint that it starts from
    hold_out: float = 0.05  # share of the training rows left out, for stage two to choose by; the paper uses all
    seed: int = 0
    precision: str = "float32"
    backbone: str = Architecture.backbone
    pooling: str = Architecture.pooling
    representation: int | None = Architecture.representation  # of covariance pooling, REPRESENTATION where left out
    mirrored: bool = Architecture.mirrored
    # of the locality-preserving loss, both 0 without it: k, and lambda for the term of one row
    neighbours: int = 0
    locality: float = 0.0
    # of a trunk that is trained already
    frozen_epochs: int = 0  # the first ones, in which the head alone learns
    layer_decay: float = 1.0  # rate of each stage over that of the next one above it; 1 is one rate for all
    # of the emotion task's loss
    class_weights: bool = True  # paper
    label_smoothing: float = 0.0
    # of augmentation, as in Strength
    rotation: float = Strength.rotation
    scale: float = Strength.scale
    shift: float = Strength.shift
    jitter: float = Strength.jitter
    flip: float = Strength.flip
    cutout: float = Strength.cutout  # paper
    grey: float = Strength.grey

    def __post_init__(self):
        if self.pooling == COVARIANCE and self.representation is None:
            object.__setattr__(self, "representation", REPRESENTATION)
        if self.pooling == AVERAGE and self.representation is not None:
            raise Refused("--representation is the size that --pooling covariance gives; leave it out")

    @property
    def architecture(self) -> Architecture:
        """What the network is made of."""
        return Architecture.of(asdict(self))

    @property
    def strength(self) -> Strength:
        """Of the augmentation."""
        return Strength(**{each.name: getattr(self, each.name) for each in fields(Strength)})


KEEP_SECONDS = 20.0  # a state of 134 MB is written after an epoch, but not more often than this


def train(
    path: Path,
    domains: dict,
    settings: TrainingSettings,
    *,
    device: torch.device,
    ranks: Ranks = ALONE,
    initial: Checkpoint | None = None,
    progress: Callable = lambda rows, text="": None,
) -> list[dict]:
    """Train on the domains' train splits, publish the checkpoint `path` and its log, return the log's rows.

    domains: dict name -> (train StoredCrops, test StoredCrops); initial: the checkpoint that it starts from, whose
    sha256 is settings.init. Several processes (ranks) find the weights that one would find, apart from rounding; the
    first one writes. An interrupted call goes on after the last epoch that was kept. A finished checkpoint of the same
    settings is left as it is, one of other settings is refused (Mismatch)."""
    path = Path(path)
    meta = make_meta(domains, settings, initial)
    ranks.together(lambda: _refuse_disagreement(ranks, meta))
    if initial:
        ranks.together(lambda: fine_tuning.refuse_toy(initial, domains))
    with contextlib.ExitStack() as held:
        for output in (path, log_path(path)):
            ranks.on_first(lambda: held.enter_context(lock(output)))
        if not ranks.on_first(lambda: _finished(path, meta)):
            ranks.together(lambda: _Training(path, domains, settings, meta, device, ranks, initial)).run(progress)
        ranks.on_first(lambda: checkpoint.state_path(path).unlink(missing_ok=True))
        return ranks.on_first(lambda: read_log(path))


def _refuse_disagreement(ranks, meta):
    told = ranks.tell(_identity(meta))
    refuse_difference(
        "the first process' call", told, _identity(meta), advice="start all with the same options on the same caches"
    )


def _finished(path, meta):
    if path.exists():
        refuse_difference(path, _identity(checkpoint.load(path, meta["task"]).meta), _identity(meta))
    return path.exists()


def make_meta(domains: dict, settings: TrainingSettings, initial: Checkpoint | None = None) -> dict:
    """What the checkpoint says of itself. Its domains are all that its weights have seen, in whatever training."""
    headers = [train.header for train, _ in domains.values()]
    own = {
        name: {
            "aligned_digest": train.digest,
            "rows": len(training_places(train, settings.task, settings.hold_out)),
        }
        for name, (train, _) in domains.items()
    }
    return {
        "task": settings.task,
        "settings": asdict(settings),
        "image_size": settings.image_size,
        "emotions": list(EMOTIONS),
        "alignment_version": headers[0]["alignment_version"],
        "toy": any(train.toy for train, _ in domains.values()),
        "domains": fine_tuning.seen(initial, own),
        **({"initial": fine_tuning.lineage(initial)} if initial else {}),
        "code_version": code_version(),
        "versions": versions(),
    }


def _identity(meta):
    """What must agree. Networks from before rows were held out saw all of them; a setting that came later was at its
    default."""
    return {**asdict(TrainingSettings(meta["task"], hold_out=0.0)), **meta["settings"], "domains": meta["domains"]}


def _held_out(domains, meta, initial):
    """{name: int64 units of the rows that the network has never seen}."""
    parts, share = {name: train for name, (train, _) in domains.items()}, meta["settings"]["hold_out"]
    held = {name: np.unique(units(part.path, part.cluster)[set_aside(part, share)]) for name, part in parts.items()}
    return fine_tuning.unseen(initial, meta["domains"], held)


class _Training:
    """The state of one training: its network, its log, and the last finished epoch."""

    def __init__(self, path, domains, settings, meta, device, ranks, initial):
        self.path, self.settings, self.meta, self.ranks, self.initial = path, settings, meta, ranks, initial
        self.domains, self.rows = domains, TrainingRows(domains, settings.task, settings.hold_out)
        self.step = Step(settings, self.rows.weights, device, ranks, initial)
        self.epochs = Epochs(settings, self.rows, self.step, device, ranks)
        self.log, self.state, self.kept = [], None, time.monotonic()

    def run(self, progress):
        self._resume()
        progress(len(self.rows) * len(self.log), None)
        try:
            while len(self.log) < self.settings.epochs:
                row = self.epochs.run(len(self.log), progress)
                self.state = self._snapshot([*self.log, row])
                self.log.append(row)
                if time.monotonic() - self.kept > KEEP_SECONDS:
                    self._keep()
            self.ranks.on_first(self._publish)
        except (KeyboardInterrupt, RuntimeError) as stopped:  # Ctrl-C; a lost process, a full GPU
            try:
                self._keep()
            except KeyboardInterrupt:  # by now torchrun may end this process with a signal of its own
                self._keep()
            if isinstance(stopped, KeyboardInterrupt):
                stopped.args = (self._said(),)
            raise

    def _said(self):
        """What an interrupt says of a training."""
        if not self.log:
            return "nothing is kept yet, since the first epoch had not ended"
        done, kept_in = f"{len(self.log)} of {self.settings.epochs} epochs", checkpoint.state_path(self.path)
        return f"{done} are kept in {kept_in}, and the same command goes on from there"

    def _publish(self):
        write_log(self.path, self.log)
        checkpoint.save(self.path, self.step.network, self.meta, _held_out(self.domains, self.meta, self.initial))

    def _resume(self):
        """Every process goes on from the first one's state, which the others' machines need not have."""
        path = checkpoint.state_path(self.path)
        data = self.ranks.on_first(lambda: checkpoint.read(path) if path.exists() else None)
        if data is not None:
            self.log = self.ranks.together(
                lambda: checkpoint.load_state(path, data, self.step.network, self.step.optimizer, self._agree)
            )

    def _agree(self, meta):
        refuse_difference(checkpoint.state_path(self.path), _identity(meta), _identity(self.meta))

    def _snapshot(self, log):
        """What a resumed training needs of the epoch just finished, copied so that the next epoch cannot change it."""
        if not self.ranks.first:
            return None
        return {
            "cake": checkpoint.SCHEMA,
            "meta": json.dumps(self.meta),
            "log": json.dumps(log),
            "network": _copied(self.step.network.state_dict()),
            "optimizer": _copied(self.step.optimizer.state_dict()),
        }

    def _keep(self):
        """Write the last finished epoch, unless that is done already."""
        if self.state is not None:
            checkpoint.write_state(checkpoint.state_path(self.path), self.state)
            self.state, self.kept = None, time.monotonic()


def _copied(state):
    """The same nested dicts and lists, their tensors copied to main memory."""
    if isinstance(state, torch.Tensor):
        return state.detach().to("cpu", copy=True)
    if isinstance(state, dict):
        return {name: _copied(value) for name, value in state.items()}
    return [_copied(value) for value in state] if isinstance(state, list) else state
