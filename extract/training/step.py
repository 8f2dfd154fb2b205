"""One step of a training: augmentation, network, loss, gradient, optimizer.

All of it runs on the device, and Python does not wait for a result."""

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F

from data.runtime.ranks import Ranks
from extract.network import augmentation, backbone
from extract.network.precision import autocast
from extract.network.small_maps import by_products
from extract.network.stiefel import keep_orthonormal
from extract.network.trunk import refuse_size
from extract.training import distributed, fine_tuning
from extract.training.locality_loss import locality

if TYPE_CHECKING:
    from extract.network.checkpoint import Checkpoint
    from extract.training.backbone_training import TrainingSettings

WARM_UP = 0.1  # share of all steps over which the rate rises


class Step:
    """A fresh network, its optimizer and its loss.

    Where several processes train, each takes its part of every batch."""

    def __init__(
        self,
        settings: "TrainingSettings",
        weights: np.ndarray | None,
        device: torch.device,
        ranks: Ranks,
        initial: "Checkpoint | None" = None,
    ):
        """weights: (7,) of the classes, for the emotion task; None for the regression. initial: what to start from."""
        self.settings, self.device, self.ranks, self.strength = settings, device, ranks, settings.strength
        self.weights = None if weights is None else torch.from_numpy(weights).float().to(device)
        network = backbone.make(
            settings.task, settings.architecture, dropout=settings.dropout, init=settings.init, seed=settings.seed
        )
        refuse_size(settings.backbone, network.trunk, settings.image_size)
        if initial:
            fine_tuning.take_over(network, initial, settings.task)
        self.width = network.width
        network.dropout = distributed.Dropout(settings.dropout)
        if device.type == "cpu":
            by_products(network)
        self.network = (network if ranks.world == 1 else distributed.divided(network)).to(device).train()
        groups, self.shares = fine_tuning.groups(self.network, settings.layer_decay)
        self.optimizer = torch.optim.AdamW(groups, weight_decay=settings.decay, fused=True)
        if network.covariance_pooling is not None:
            keep_orthonormal(self.optimizer, [network.covariance_pooling.bimap])

    def begin(self, *, frozen: bool = False) -> None:
        """Prepare for an epoch; to be called before each. frozen: whether its trunk stays as it is.

        DistributedDataParallel reorders its sums after its first step. A new one for every epoch does that at the same
        steps in a resumed training as in one that was never interrupted."""
        fine_tuning.freeze(self.network, frozen)
        self.called = self.network if self.ranks.world == 1 else distributed.averaged(self.network, self.device)

    def __call__(
        self, pixels: torch.Tensor, labels: torch.Tensor, generator: torch.Generator, *, rows: int, rate: float
    ) -> torch.Tensor:
        """The summed loss of this part, () on the device, after a step down the mean loss of the whole batch.

        pixels: (n, S, S, 3) uint8 and labels (n,) or (n, 2), on the device, of this process' part of a batch of
        `rows`; n may be 0. The generator draws for the whole batch, and is in the same state on every process."""
        part = self.ranks.part(rows)
        draws = augmentation.draw(rows, generator, self.strength)[:, part]
        self.network.dropout.draw(rows, self.width, part, generator)
        images = backbone.normalise(pixels)
        if len(images):
            images = augmentation.change(images, draws, self.strength)
        with autocast(self.device, self.settings.precision):
            features, outputs = self.called(images)
        losses = self._loss(outputs.float(), labels)
        if self.settings.locality:
            near = locality(features, labels, self.settings.neighbours, rows=rows, ranks=self.ranks)
            losses = losses + self.settings.locality * near
        loss = losses.sum()
        for group, share in zip(self.optimizer.param_groups, self.shares):
            group["lr"] = rate * share
        self.optimizer.zero_grad(set_to_none=True)
        (loss * (self.ranks.world / rows)).backward()  # gradients are averaged over processes, the loss over rows
        self.optimizer.step()
        return loss.detach()

    def _loss(self, outputs, labels):
        """(n,) losses, one for each row."""
        if self.settings.task == "valence-arousal":
            return F.mse_loss(outputs, labels, reduction="none").mean(1)
        losses = F.cross_entropy(outputs, labels, reduction="none", label_smoothing=self.settings.label_smoothing)
        return losses * self.weights[labels] if self.settings.class_weights else losses


def one_cycle(peak: float, step: int, steps: int) -> float:
    """Rate of a step: a linear rise over the first tenth of all steps, then half a cosine down to 0."""
    share = step / steps
    if share < WARM_UP:
        return peak * (share + 1 / steps) / WARM_UP
    return peak * 0.5 * (1 + math.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP)))
