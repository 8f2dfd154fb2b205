"""A plain training loop on the same aligned crops, to hold stage one and two against.

    python -m tests.benchmarks.reference --epochs 50 --image-size 64 --batch 64 aligned/a.h5 aligned/b.h5 aligned/c.h5

ResNet-18 from scratch with one 7-way layer, AdamW with torch's one-cycle schedule, cross entropy with the paper's class
weights over the union of the train splits, torchvision's augmentation one image at a time. Of the project's code only
the reader of the crops is used. Prints accuracy and mean class recall of every test split, after the last epoch."""

import argparse
import json
import time

import cv2
import numpy as np
import torch
import torchvision
from torch import nn
from torchvision.transforms import v2

from data.files.cache import open_cache, read_split

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def load(path: str, split: str, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(n, 3, S, S) uint8 images and (n,) labels of the rows of the seven classes."""
    with open_cache(path, "aligned") as file:
        arrays = read_split(file, split, ("jpeg", "jpeg_offset", "emotion"))
    images, labels = [], []
    for start, end, label in zip(arrays["jpeg_offset"], arrays["jpeg_offset"][1:], arrays["emotion"]):
        if label >= 0:
            image = cv2.imdecode(arrays["jpeg"][start:end], cv2.IMREAD_COLOR_RGB)
            images.append(cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA).transpose(2, 0, 1))
            labels.append(int(label))
    return torch.from_numpy(np.stack(images)), torch.tensor(labels)


def augmented(images: torch.Tensor) -> torch.Tensor:
    """(n, 3, S, S) uint8 -> normalised float32, each image changed and cut out by itself."""
    side = images.shape[-1]
    hole = round(45 / 224 * side)
    augment = v2.Compose(
        [
            v2.RandomAffine(12, translate=(0.05, 0.05), scale=(0.9, 1.1)),
            v2.ColorJitter(0.3, 0.3, 0.3),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(MEAN, DEVIATION),
        ]
    )
    pictures = torch.stack([augment(image) for image in images])
    for picture in pictures:
        top, left = (int(torch.randint(-hole // 2, side - hole // 2, ())) for _ in range(2))
        picture[:, max(top, 0) : top + hole, max(left, 0) : left + hole] = 0
    return pictures


def train(images: torch.Tensor, labels: torch.Tensor, *, epochs: int, batch: int, seed: int) -> nn.Module:
    """The trained network, in eval mode."""
    torch.manual_seed(seed)
    model = torchvision.models.resnet18(num_classes=7)
    model.fc = nn.Sequential(nn.Dropout(0.3), model.fc)
    model = model.to(memory_format=torch.channels_last)
    counts = torch.bincount(labels, minlength=7)
    weight = torch.where(counts > 0, len(labels) / (7 * counts.clamp(min=1)), 0.0)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.05)
    steps = -(-len(labels) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=epochs * steps, pct_start=0.1)
    for epoch in range(epochs):
        begun, total = time.monotonic(), 0.0
        model.train()
        for rows in torch.randperm(len(labels)).split(batch):
            pictures = augmented(images[rows])
            with torch.autocast("cpu", torch.bfloat16):
                outputs = model(pictures.to(memory_format=torch.channels_last))
            entropy = nn.functional.cross_entropy(outputs.float(), labels[rows], reduction="none")
            loss = (entropy * weight[labels[rows]]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(rows)
        rate = len(labels) / (time.monotonic() - begun)
        print(f"epoch {epoch + 1}  loss {total / len(labels):.3f}  {rate:.0f} images/s", flush=True)
    return model.eval()


@torch.inference_mode()
def scores(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> dict:
    """Accuracy and the mean recall of the classes that have test images."""
    mean, deviation = torch.tensor(MEAN).view(3, 1, 1), torch.tensor(DEVIATION).view(3, 1, 1)
    answers = torch.cat([model((piece.float() / 255 - mean) / deviation).argmax(1) for piece in images.split(64)])
    recalls = [(answers[labels == label] == label).float().mean().item() for label in labels.unique()]
    return {
        "n": len(labels),
        "accuracy": (answers == labels).float().mean().item(),
        "mean_recall": sum(recalls) / len(recalls),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("caches", nargs="+", help="aligned/NAME.h5, one for each domain")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--image-size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    parts = [load(path, "train", options.image_size) for path in options.caches]
    model = train(
        torch.cat([part[0] for part in parts]),
        torch.cat([part[1] for part in parts]),
        epochs=options.epochs,
        batch=options.batch,
        seed=options.seed,
    )
    for path in options.caches:
        print(json.dumps({"cache": path, **scores(model, *load(path, "test", options.image_size))}))


if __name__ == "__main__":
    main()
