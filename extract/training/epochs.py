"""One pass over the training rows: batches to the device, a step for each, and now and then a look at the loss."""

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch

from data.runtime.failures import Refused
from data.runtime.ranks import Ranks
from data.runtime.spare_cpus import SpareCpus
from data.runtime.transfers import Arrival, room, to_device
from extract.crops.stored import decoded
from extract.training.kept_pixels import KeptPixels
from extract.training.step import Step, one_cycle
from extract.training.training_rows import TrainingRows, batch_bounds

if TYPE_CHECKING:
    from extract.training.backbone_training import TrainingSettings

LOOK_STEPS = 32  # on a device that works ahead of Python until it is asked for a value; a CPU does not


class NotFinite(Refused, ArithmeticError):
    """The loss is no longer a number."""


class Epochs:
    """Passes of a Step over TrainingRows.

    What is random in one depends on (seed, epoch) alone, so a resumed training draws the same."""

    def __init__(
        self, settings: "TrainingSettings", rows: TrainingRows, step: Step, device: torch.device, ranks: Ranks
    ):
        self.settings, self.rows, self.step, self.device, self.ranks = settings, rows, step, device, ranks
        self.bounds = batch_bounds(len(rows), settings.batch)
        most = torch.get_num_threads() if device.type == "cpu" else 1
        self.spare = SpareCpus(most, set_threads=torch.set_num_threads)
        self.kept = KeptPixels(rows.places, settings.image_size, device)

    def run(self, epoch: int, progress: Callable) -> dict:
        """Train for one epoch, numbered from 0, and return its row of the log.

        Raises, where the loss is not finite, NotFinite on the first process and Stopped on the others."""
        begun, loss = time.monotonic(), _Loss(epoch, self.device, self.ranks)
        for rows, number, *batch in self._batches(epoch):
            loss.add(self.step(*batch, rows=rows, rate=self._rate(epoch, number)), rows)
            last = number + 1 == len(self.bounds)
            if last or self._looks(number):
                loss.look(last=last or self.device.type == "cpu")
            self.spare.follow()
            progress(rows, f"epoch {epoch + 1}/{self.settings.epochs}{loss.text}")
        seconds = time.monotonic() - begun
        return {
            "epoch": epoch + 1,
            "loss": loss.whole / len(self.rows),
            "rate": self._rate(epoch + 1, 0),
            "seconds": seconds,
            "images_per_second": len(self.rows) / seconds,
        }

    def _batches(self, epoch):
        """Yield (rows of the whole batch, its number, pixels, labels, the generator of its draws).

        Pixels and labels are those of this process' part of the batch."""
        seed = (self.settings.seed, epoch)
        order, labels = self.rows.shuffled(seed)
        labels = to_device(labels.numpy(), self.device)
        generator = torch.Generator(self.device).manual_seed(int(np.random.SeedSequence(seed).generate_state(1)[0]))
        self.step.begin(frozen=epoch < self.settings.frozen_epochs)
        parts = [range(first, last)[self.ranks.part(last - first)] for first, last in self.bounds]
        # what is kept is asked as a batch is about to be decoded, and no row comes twice in an epoch
        pieces = (self.kept.missing(order[part.start : part.stop]) for part in parts)
        for number, (missing, pixels) in enumerate(decoded(self.rows.parts, pieces, room=self._room)):
            part, (first, last) = parts[number], self.bounds[number]
            pixels = self.kept.whole(order[part.start : part.stop], missing, pixels)
            yield last - first, number, pixels, labels[part.start : part.stop], generator

    def _room(self, shape):
        """Pinned for a GPU, which then copies the pixels while it works on earlier steps.

        A stream for the copies would save only their own time: 19 MB for 128 crops of 224 pixels."""
        return room(shape, torch.uint8, self.device)

    def _looks(self, number):
        return self.device.type == "cpu" or number % LOOK_STEPS == LOOK_STEPS - 1

    def _rate(self, epoch, number):
        return one_cycle(self.settings.rate, epoch * len(self.bounds) + number, self.settings.epochs * len(self.bounds))


class _Loss:
    """The loss of an epoch, summed on the device between two looks. whole: the sum over rows up to the last look."""

    def __init__(self, epoch, device, ranks):
        self.epoch, self.ranks = epoch, ranks
        self.pending, self.rows, self.whole, self.text = torch.zeros((), device=device), 0, 0.0, ""
        self.coming = None  # (the sum on its way to main memory, its rows)

    def add(self, loss, rows):
        self.pending += loss
        self.rows += rows

    def look(self, *, last):
        """Send for the sum since the last look, and take in the one sent for then, so that the device never runs dry.

        last: whether to wait for the new one too."""
        self._take_in()
        self.coming = Arrival([self.pending]), self.rows
        self.pending, self.rows = torch.zeros_like(self.pending), 0
        if last:
            self._take_in()

    def _take_in(self):
        if self.coming is None:
            return
        (arrival, rows), self.coming = self.coming, None
        found = self.ranks.gather(float(arrival.arrays()[0]))
        seen = self.ranks.on_first(lambda: self._finite(sum(found)))
        self.whole, self.text = self.whole + seen, f"  loss {seen / rows:.3f}"

    def _finite(self, value):
        if not math.isfinite(value):
            raise NotFinite(
                f"the loss became {value} in epoch {self.epoch + 1}; try a smaller --rate or --precision float32"
            )
        return value
