"""Training of the backbone: images a second beside two baselines in the same run, at 224 and at 64 pixels.

    python -m tests.benchmarks.train [--device cuda] [--json]

train_rate     an epoch of `extract train` from an aligned cache of made-up crops, every JPEG decoded
bare_rate      forward, backward and optimizer alone on images that lie on the device, same precision and batch
plain_rate     an eager float32 loop, torchvision's transforms on one image at a time in a DataLoader with a worker for
               each CPU, the loss read at every step
train_share    train_rate over bare_rate
train_speedup  train_rate over plain_rate
decode_rate    batches decoded and nothing else
decode_share   that over as many times the rate of one thread as there are CPUs
decode_cost    CPU time an image over that of decoding alone, which depends less on other users of the machine

Names that end in _64 are of 64 pixels, the others of 224."""

import argparse
import io
import json
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import cv2
import h5py
import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from PIL import Image
from torchvision import transforms

from data.files.cache import seal
from data.runtime.device import choose_device, choose_precision, use_own_cpus
from data.runtime.ranks import ALONE, own_cpus
from extract.crops.stored import StoredCrops, batches
from extract.crops.stored import pixels as decode
from extract.network import augmentation, backbone
from extract.network.precision import autocast
from extract.training.backbone_training import TrainingSettings
from extract.training.epochs import Epochs
from extract.training.step import Step
from extract.training.training_rows import TrainingRows

SIZES = (224, 64)
CROP = 224  # pixels of a cached crop
SECONDS = 25.0  # all loops in turn, as often as this allows, the best of each: others use the machine too
# (batch, steps of an epoch); a GPU needs more steps to be timed
LENGTHS = {("cpu", 224): (16, 3), ("cpu", 64): (64, 8), ("cuda", 224): (128, 60), ("cuda", 64): (128, 120)}


def crop(generator: np.random.Generator) -> np.ndarray:
    """JPEG bytes (n,) uint8 of about 12 KB: smooth blobs with some noise, as a photograph compresses."""
    coarse = generator.integers(0, 255, (14, 14, 3)).astype(np.uint8)
    noise = generator.normal(0, 5, (CROP, CROP, 3))
    image = cv2.resize(coarse, (CROP, CROP), interpolation=cv2.INTER_CUBIC) + noise
    return cv2.imencode(".jpg", image.clip(0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])[1]


def write_aligned(path: Path, rows: int) -> None:
    """Write an aligned cache with `rows` training crops, a few hundred different ones repeated."""
    generator = np.random.default_rng(0)
    different = [crop(generator) for _ in range(min(rows, 256))]
    jpegs = [different[row % len(different)] for row in range(rows)]
    with h5py.File(path, "w") as file:
        group = file.create_group("train")
        group["jpeg"] = np.concatenate(jpegs)
        group["jpeg_offset"] = np.concatenate([[0], np.cumsum([len(jpeg) for jpeg in jpegs])])
        group["emotion"] = (np.arange(rows) % 7).astype(np.int8)
        group["valence_arousal"] = np.zeros((rows, 2), np.float32)
        group["row"], group["face"] = np.arange(rows), np.zeros(rows, np.int8)
        group.create_dataset("path", data=[f"{row}.jpg" for row in range(rows)], dtype=h5py.string_dtype())
        seal(file, "aligned", header={}, toy=True, provenance={})


class Project:
    """Epochs of `extract train`."""

    def __init__(self, crops: StoredCrops, settings: TrainingSettings, device: torch.device):
        rows = TrainingRows({"made up": (crops, None)}, settings.task)
        self.epochs = Epochs(settings, rows, Step(settings, rows.weights, device, ALONE), device, ALONE)
        self.epoch = 0

    def rate(self) -> float:
        """Images a second of one epoch."""
        self.epoch += 1
        return self.epochs.run(self.epoch, lambda rows, text: None)["images_per_second"]


class Bare:
    """Forward, backward and optimizer on one batch on the device."""

    def __init__(self, settings: TrainingSettings, steps: int, device: torch.device):
        self.settings, self.steps, self.device = settings, steps, device
        self.network = backbone.make(settings.task, dropout=settings.dropout, init="scratch", seed=0).to(device).train()
        self.optimizer = torch.optim.AdamW(self.network.parameters(), fused=True)
        shape = (settings.batch, settings.image_size, settings.image_size, 3)
        self.images = backbone.normalise(torch.randint(0, 255, shape, dtype=torch.uint8, device=device))
        self.labels = torch.arange(settings.batch, device=device) % 7

    def rate(self) -> float:
        """Images a second of some steps."""
        wait_for(self.device)
        begun = time.perf_counter()
        for _ in range(self.steps):
            with autocast(self.device, self.settings.precision):
                _, outputs = self.network(self.images)
            self.optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(outputs.float(), self.labels).backward()
            self.optimizer.step()
        wait_for(self.device)
        return self.steps * self.settings.batch / (time.perf_counter() - begun)


class Pictures(torch.utils.data.Dataset):
    """One crop after another, decoded and transformed as torchvision's examples do."""

    def __init__(self, crops: StoredCrops, size: int):
        self.jpegs = [crops._jpeg[crops._offset[row] : crops._offset[row + 1]].tobytes() for row in range(len(crops))]
        shift, scale, jitter = (getattr(augmentation.OF_CACHES, name) for name in ("shift", "scale", "jitter"))
        self.change = transforms.Compose(
            [
                transforms.Resize(size),
                transforms.RandomAffine(augmentation.OF_CACHES.rotation, (shift, shift), (1 - scale, 1 + scale)),
                transforms.ColorJitter(jitter, jitter, jitter),
                transforms.ToTensor(),
                transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
                transforms.RandomErasing(1, (0.04, 0.04), (1, 1)),
            ]
        )

    def __len__(self):
        return len(self.jpegs)

    def __getitem__(self, row):
        return self.change(Image.open(io.BytesIO(self.jpegs[row])).convert("RGB")), row % 7


class Plain:
    """An eager float32 loop over a DataLoader."""

    def __init__(self, crops: StoredCrops, settings: TrainingSettings, device: torch.device):
        self.device = device
        self.network = torchvision.models.resnet18(num_classes=7).to(device).train()
        self.optimizer = torch.optim.AdamW(self.network.parameters())
        pictures, workers = Pictures(crops, settings.image_size), own_cpus()
        self.loader = torch.utils.data.DataLoader(
            pictures, settings.batch, shuffle=True, num_workers=workers, persistent_workers=True
        )

    def rate(self) -> float:
        """Images a second of one epoch, from the first batch on: the start of the workers does not count."""
        begun = None
        for images, labels in self.loader:
            begun = begun or time.perf_counter()
            loss = F.cross_entropy(self.network(images.to(self.device)), labels.to(self.device))
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            loss.item()
        return len(self.loader.dataset) / (time.perf_counter() - begun)


def wait_for(device: torch.device) -> None:
    """Return when the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def decode_rates(crops: StoredCrops, size: int, batch: int = 64) -> list[float]:
    """[seconds, CPU seconds] an image of all threads, then of one, the best of a few tries in turn."""
    several = np.resize(np.arange(len(crops)), 8 * batch * own_cpus())
    single = np.resize(np.arange(len(crops)), 4 * batch)

    def in_batches():
        for _ in batches([crops], several, batch):
            pass

    def one_by_one():
        for row in single:
            decode(crops._jpeg[crops._offset[row] : crops._offset[row + 1]], size)

    tries = [(*timed(in_batches, len(several)), *timed(one_by_one, len(single))) for _ in range(4)]
    return [min(each) for each in zip(*tries)]


def timed(call: Callable, rows: int) -> tuple[float, float]:
    """(seconds, CPU seconds) a row."""
    begun = time.perf_counter(), time.process_time()
    call()
    return (time.perf_counter() - begun[0]) / rows, (time.process_time() - begun[1]) / rows


def measure(size: int, device: torch.device, path: Path) -> dict:
    """What is printed of one image size, by name."""
    batch, steps = LENGTHS["cuda" if device.type == "cuda" else "cpu", size]
    settings = TrainingSettings("emotion", image_size=size, epochs=30, batch=batch, precision=choose_precision(device))
    crops = StoredCrops(path, "train", size, keep=False)
    loops = {
        "train_rate": Project(crops, settings, device),
        "bare_rate": Bare(settings, steps, device),
        "plain_rate": Plain(crops, settings, device),
    }
    rates = {name: [] for name in loops}
    begun = time.monotonic()
    while time.monotonic() - begun < SECONDS or len(rates["train_rate"]) < 3:  # the first round warms up
        for name, loop in loops.items():
            rates[name].append(loop.rate())
    found = {name: max(each[1:]) for name, each in rates.items()}
    seconds, cpu_seconds, bare_seconds, bare_cpu_seconds = decode_rates(crops, size)
    found |= {
        "train_share": found["train_rate"] / found["bare_rate"],
        "train_speedup": found["train_rate"] / found["plain_rate"],
        "decode_rate": 1 / seconds,
        "decode_share": bare_seconds / seconds / own_cpus(),
        "decode_cost": cpu_seconds / bare_cpu_seconds,
    }
    return found | {"precision": settings.precision, "batch": batch}


def run(device: torch.device) -> dict:
    """Everything that is printed, by name."""
    found = {"device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type, "cpus": own_cpus()}
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            path = Path(folder) / f"{size}.h5"
            write_aligned(path, int(np.prod(LENGTHS["cuda" if device.type == "cuda" else "cpu", size])))
            suffix = "" if size == 224 else f"_{size}"
            found |= {name + suffix: value for name, value in measure(size, device, path).items()}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cpu", "cuda", "mps"])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    use_own_cpus()
    warnings.filterwarnings("ignore", category=DeprecationWarning)  # DataLoader forks
    found = run(choose_device(options.device))
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:20}{value:.4g}" if isinstance(value, float) else f"{name:20}{value}")


if __name__ == "__main__":
    main()
