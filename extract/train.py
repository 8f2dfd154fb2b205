"""Training the backbone from scratch: discrete emotions, or arousal-valence regression (Section 2.2)."""

import csv
import io
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from data.emotions import EMOTIONS
from data.provenance import code_version, versions
from data.publish import lock, publish_text, refuse_difference
from extract import backbone, checkpoint
from extract.augment import augment
from extract.backbone import normalise
from extract.batches import batches
from extract.device import autocast


@dataclass(frozen=True)
class Settings:
    """Everything that changes the weights. The paper gives the network, cutout, dropout as such and the class weights."""

    task: str
    image_size: int = 224  # paper
    epochs: int = 30  # ours, as all below: a full AffectNet has converged by then
    batch: int = 128
    rate: float = 1e-3  # peak of the one-cycle schedule, AdamW
    decay: float = 0.05  # AdamW's usual weight decay, for training from scratch on few images
    dropout: float = 0.3  # before the task head
    init: str = "scratch"  # paper; or imagenet
    seed: int = 0
    precision: str = "float32"


WARM_UP = 0.1  # share of all steps over which the rate rises
KEEP_SECONDS = 20.0  # a state of 134 MB is written after an epoch, but not more often than this


class NotFinite(ArithmeticError):
    """The loss is no longer a number."""


def train(path, domains, settings, *, device, progress=lambda rows, text="": None):
    """Train on the domains' train splits, publish the checkpoint `path` and its log, return the log's rows.

    domains: dict name -> (train Crops, test Crops). An interrupted call goes on after the last epoch that was kept; a finished checkpoint of the same settings is left as it is, of others refused (Mismatch)."""
    path = Path(path)
    meta = make_meta(domains, settings)
    with lock(path):
        if path.exists():
            refuse_difference(path, _identity(checkpoint.load(path, settings.task).meta), _identity(meta))
            return read_log(path)
        log = _Training(path, domains, settings, meta, device).run(progress)
        checkpoint.state_path(path).unlink(missing_ok=True)
    return log


def make_meta(domains, settings):
    """What the checkpoint says of itself."""
    headers = [train.header for train, _ in domains.values()]
    return {"task": settings.task, "settings": asdict(settings), "image_size": settings.image_size,
            "emotions": list(EMOTIONS), "alignment_version": headers[0]["alignment_version"],
            "toy": any(train.toy for train, _ in domains.values()),
            "domains": {name: {"aligned_digest": train.digest, "rows": int(len(usable(train, settings.task)))}
                        for name, (train, _) in domains.items()},
            "code_version": code_version(), "versions": versions()}


def _identity(meta):
    return {**meta["settings"], "domains": meta["domains"]}


def usable(crops, task):
    """Positions of the rows that a task can learn from: one of the seven classes, and valid values for the regression."""
    labelled = crops.emotion >= 0
    if task == "valence-arousal" and len(crops):
        labelled = labelled & np.isfinite(crops.valence_arousal).all(1)
    return np.flatnonzero(labelled)


def rows_of(domains, task):
    """How many training rows of the domains a task can learn from."""
    return sum(len(usable(train, task)) for train, _ in domains.values())


def class_weights(emotion):
    """w_class of each class, N / (N_class * 7); 0 for a class without samples. emotion: (N,) of 0..6."""
    counts = np.bincount(emotion, minlength=len(EMOTIONS))
    return np.divide(len(emotion), counts * len(EMOTIONS), out=np.zeros(len(EMOTIONS)), where=counts > 0)


class _Training:
    """The state of one training: network, optimizer, rows and log."""

    def __init__(self, path, domains, settings, meta, device):
        self.path, self.domains, self.settings, self.meta, self.device = path, domains, settings, meta, device
        self.parts = [train for train, _ in domains.values()]
        starts = np.cumsum([0, *map(len, self.parts)])
        self.rows = np.concatenate([usable(part, settings.task) + start for part, start in zip(self.parts, starts)])
        if not len(self.rows):
            raise ValueError(f"no row of {', '.join(domains)} can be trained on for {settings.task}: labels are missing")
        self.labels = self._labels()
        self.network = backbone.make(settings.task, dropout=settings.dropout, init=settings.init, seed=settings.seed).to(device)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), weight_decay=settings.decay)
        self.log, self.kept = [], time.monotonic()

    def _labels(self):
        """emotion (N,) and its weights (N,), or valence-arousal (N, 2), over all parts laid end to end."""
        if self.settings.task == "valence-arousal":
            return torch.from_numpy(np.concatenate([part.valence_arousal for part in self.parts]))
        emotion = np.concatenate([part.emotion for part in self.parts]).astype(np.int64)
        self.weights = torch.from_numpy(class_weights(emotion[self.rows])).float().to(self.device)
        return torch.from_numpy(emotion)

    def run(self, progress):
        self._resume()
        progress(len(self.rows) * len(self.log))
        while len(self.log) < self.settings.epochs:
            self.log.append(self._epoch(len(self.log), progress))
            if time.monotonic() - self.kept > KEEP_SECONDS:
                self._keep()
        write_log(self.path, self.log)
        checkpoint.save(self.path, self.network, self.meta)
        return self.log

    def _resume(self):
        path = checkpoint.state_path(self.path)
        if path.exists():
            state = checkpoint.read_state(path, path.read_bytes())
            refuse_difference(path, _identity(json.loads(state["meta"])), _identity(self.meta))
            self.network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.log = json.loads(state["log"])

    def _keep(self):
        checkpoint.write_state(checkpoint.state_path(self.path), {
            "cake": checkpoint.SCHEMA, "meta": json.dumps(self.meta), "log": json.dumps(self.log),
            "network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()})
        self.kept = time.monotonic()

    def _epoch(self, epoch, progress):
        """One pass; everything random in it hangs on (seed, epoch) alone, so that a resumed training draws the same."""
        begun, total = time.monotonic(), 0.0
        seed = self.settings.seed * 100_003 + epoch
        order = np.random.default_rng((self.settings.seed, epoch)).permutation(self.rows)
        generator = torch.Generator(self.device).manual_seed(seed)
        self.network.train()
        with torch.random.fork_rng():
            torch.manual_seed(seed)  # dropout draws from the global generator
            for step, (positions, pixels) in enumerate(batches(self.parts, order, self.settings.batch)):
                loss = self._step(epoch, step, positions, pixels, generator)
                total += loss * len(positions)
                progress(len(positions), f"epoch {epoch + 1}/{self.settings.epochs}  loss {loss:.3f}")
        seconds = time.monotonic() - begun
        return {"epoch": epoch + 1, "loss": total / len(order), "rate": self._rate(epoch + 1, 0),
                "seconds": seconds, "images_per_second": len(order) / seconds}

    def _step(self, epoch, step, positions, pixels, generator):
        images = augment(normalise(torch.from_numpy(pixels).to(self.device)), generator)
        with autocast(self.device, self.settings.precision):
            _, outputs = self.network(images)
        loss = self._loss(outputs.float(), self.labels[positions].to(self.device))
        value = loss.item()
        if not math.isfinite(value):
            raise NotFinite(f"the loss became {value} in epoch {epoch + 1}; try a smaller --rate or --precision float32")
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate(epoch, step)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return value

    def _loss(self, outputs, labels):
        if self.settings.task == "valence-arousal":
            return F.mse_loss(outputs, labels)
        return (F.cross_entropy(outputs, labels, reduction="none") * self.weights[labels]).mean()

    def _rate(self, epoch, step):
        """One cycle: a linear rise over the first tenth of all steps, then half a cosine down to 0."""
        steps = math.ceil(len(self.rows) / self.settings.batch)
        share = (epoch * steps + step) / (self.settings.epochs * steps)
        if share < WARM_UP:
            return self.settings.rate * (share + 1 / (self.settings.epochs * steps)) / WARM_UP
        return self.settings.rate * 0.5 * (1 + math.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP)))


def write_log(path, log):
    """The epoch log as CSV beside the checkpoint."""
    text = io.StringIO()
    writer = csv.DictWriter(text, log[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: f"{value:.6g}" for name, value in row.items()} for row in log)
    publish_text(path.with_suffix(".csv"), text.getvalue())


def read_log(path):
    log = path.with_suffix(".csv")
    return list(csv.DictReader(log.read_text(encoding="utf-8").splitlines())) if log.exists() else []
