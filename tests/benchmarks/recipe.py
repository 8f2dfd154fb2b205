"""What each part of the training recipe gives: networks trained with one part changed, scored on rows set aside.

    python -m tests.benchmarks.recipe FOLDER [--sets fer2013,faces] [--parts wide,standard,...] [--seeds 1]
        [--epochs N] [--image-size 48] [--faces faces/] [--fer2013 fer2013/]

A fifth of each data set's training rows is set aside, by image, the same for all; test rows are not looked at. One set
is FER2013's Training; the other are the tables a.csv, b.csv and c.csv of faces/, trained on together, with scores that
are means over the three by rows. Printed are accuracy and macro F1 by the network's own last layer, in percent, and how
far they are from those of the first part named; means over seeds. What FOLDER holds is not made again, and a call that
was stopped goes on."""

import argparse
from pathlib import Path

import numpy as np

from data.networks import checkpoints_of
from data.runtime.device import choose_device, choose_precision, use_own_cpus
from data.runtime.progress import bar
from extract import stages
from extract.crops.hold_out import set_aside
from extract.network import checkpoint
from extract.training.backbone_training import TrainingSettings, train
from extract.training.network_scores import scores_of
from extract.training.training_rows import rows_of
from extract.training_recipe import RECIPES
from tests.benchmarks.network_study import SETS, align
from tests.places import FACES, FER2013

BASE = "wide"
PARTS = {  # changes of this recipe; that with narrower views became the standard one
    "weighted loss": {"class_weights": True},
    "no mirror images": {"flip": 0.0},
    "no label smoothing": {"label_smoothing": 0.0},
    "dropout 0.3": {"dropout": 0.3},
    "batch 128": {"batch": 128},
    "batch 128 at 1e-3": {"batch": 128, "rate": 1e-3},
    "wider views": {"rotation": 15.0, "scale": 0.25, "shift": 0.12},
    "no cutout": {"cutout": 0.0},
    "cutout in all": {"cutout": 1.0},
    "no grey": {"grey": 0.0},
}
EPOCHS = {"fer2013": 12, "faces": 40}
ASIDE = 0.2


def settings_of(part: str, name: str, seed: int, options: argparse.Namespace, precision: str) -> TrainingSettings:
    """Of a part, or of a recipe by its name."""
    changes = {**RECIPES[BASE], **PARTS[part]} if part in PARTS else RECIPES[part]
    epochs = options.epochs or EPOCHS[name]
    how = {"image_size": options.image_size, "epochs": epochs, "hold_out": ASIDE, "seed": seed, "precision": precision}
    return TrainingSettings("emotion", **{**changes, **how})


def scores(options: argparse.Namespace, name: str, part: str, seed: int) -> np.ndarray:
    """(2,) accuracy and macro F1 in percent, over the rows set aside; trains the network where it is not there."""
    device = choose_device(None)
    settings = settings_of(part, name, seed, options, choose_precision(device))
    domains = stages.domains_of(options.folder / name, SETS[name], settings)
    path = checkpoints_of(options.folder / name, f"{part.replace(' ', '-')}-{seed}") / "emotion.pt"
    with bar(settings.epochs * rows_of(domains, "emotion", ASIDE), f"{name}: {part}") as update:
        train(path, domains, settings, device=device, progress=update)
    network = checkpoint.load(path, "emotion").network.to(device)
    found = [
        scores_of(network, crops, settings, device, np.flatnonzero(set_aside(crops, ASIDE)))
        for crops, _ in domains.values()
    ]
    each = [[one["accuracy"], one["macro F1"]] for one in found]
    return 100 * np.average(each, axis=0, weights=[one["n"] for one in found])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sets", type=lambda text: text.split(","), default=list(SETS))
    parser.add_argument("--parts", type=lambda text: text.split(","), default=[BASE, *PARTS, "standard", "paper"])
    for name, value in (("seeds", 1), ("epochs", None), ("image-size", 48)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--faces", type=Path, default=FACES)
    parser.add_argument("--fer2013", type=Path, default=FER2013)
    options = parser.parse_args()
    if unknown := set(options.parts) - {*PARTS, *RECIPES}:
        parser.error(f"--parts: {', '.join(sorted(unknown))} asked for, known are {', '.join((*RECIPES, *PARTS))}")
    use_own_cpus()
    align(options)
    for name in options.sets:
        first = None
        for part in options.parts:
            seen = np.array([scores(options, name, part, seed) for seed in range(options.seeds)])
            first = seen.mean(0) if first is None else first
            (accuracy, f1), (more, better) = seen.mean(0), seen.mean(0) - first
            print(
                f"{name:8} {part:22} accuracy {accuracy:5.1f} ({more:+.1f})  macro F1 {f1:5.1f} ({better:+.1f})",
                flush=True,
            )


if __name__ == "__main__":
    main()
