"""Stage one on a device that is not there: the real training, alone and as one of two, and the real inference."""

import contextlib

import numpy as np
import torch
import torch.distributed as dist

from data.runtime.ranks import ALONE, Ranks
from extract.network import backbone
from extract.network.augmentation import augment
from extract.network.inference import BATCH, Predictor, plain
from extract.training.backbone_training import TrainingSettings
from extract.training.epochs import Epochs
from extract.training.step import Step
from extract.training.training_rows import TrainingRows
from tests.fake_gpu.fake_device import FakeGpu


class Crops:
    """What a training asks of stored crops; black ones."""

    def __init__(self, rows: int, size: int):
        self.emotion, self.size = np.arange(rows) % 7, size
        self.valence_arousal = np.zeros((rows, 2), np.float32)
        self.path = np.array([f"{row}.png" for row in range(rows)], object)
        self.cluster, self.validated = np.full(rows, "", object), False

    def __len__(self):
        return len(self.emotion)

    def pixels(self, index: int) -> np.ndarray:
        return np.zeros((self.size, self.size, 3), np.uint8)


def training(
    gpu: FakeGpu,
    *,
    precision: str,
    task: str = "emotion",
    ranks: Ranks = ALONE,
    batch: int = 8,
    size: int = 64,
    epochs: int = 2,
    **further: float | str,
) -> list:
    """The logs of two steps in each epoch: the second epoch finds its crops on the device."""
    settings = TrainingSettings(task, image_size=size, batch=batch, precision=precision, epochs=epochs, **further)
    device = torch.device("cuda", 0)
    rows = TrainingRows({"a": (Crops(2 * batch, size), None)}, task)
    step = Step(settings, rows.weights, device, ranks)
    step.begin = lambda frozen: setattr(step, "called", step.network)  # DistributedDataParallel asks the driver
    for module in step.network.modules():
        if isinstance(module, torch.nn.Conv2d):  # cuDNN keeps the layout of its images, and is not there to be asked
            module.register_forward_hook(lambda module, images, out: out.contiguous(memory_format=torch.channels_last))
    passes, logs = Epochs(settings, rows, step, device, ranks), []
    gpu.cut()
    for epoch in range(epochs):
        passes.run(epoch, lambda rows, text: logs.append(gpu.cut()))
    return logs


@contextlib.contextmanager
def two_ranks():
    """This process as the first of two, of which the second one is not there and answers at once."""
    from torch.testing._internal.distributed.fake_pg import FakeStore

    dist.init_process_group("fake", rank=0, world_size=2, store=FakeStore())
    ranks = Ranks(0, 2, 0)
    ranks.gather, ranks.tell = lambda item: [item], lambda item: item
    try:
        yield ranks
    finally:
        dist.destroy_process_group()


def inference(
    gpu: FakeGpu, *, precision: str, views: int = 0, size: int = 64, batches: int = 3, networks: int = 2
) -> list:
    """The logs of the batches of two networks over crops, each up to where its outputs are handed over."""
    tasks = ("emotion", "valence-arousal")[:networks]
    made = [backbone.make(task, dropout=0.0, init="scratch", seed=0).eval() for task in tasks]
    device = torch.device("cuda", 0)
    predictor, logs = Predictor(made, device, precision), []

    def decode(piece, room):
        return room((BATCH["cuda"], size, size, 3))

    def seen(piece):
        if not views:
            return plain
        return lambda images: [
            images,
            *(augment(images, torch.Generator(device).manual_seed(view)) for view in range(views)),
        ]

    gpu.cut()
    for _ in predictor.over(range(batches), decode, seen):
        logs.append(gpu.cut())
    return logs
