"""The toy corpus: made-up faces in the on-disk layouts of AffectNet, RAF-DB and SFEW. Toy, and called so everywhere.

Every image depends on (seed, domain, split, row) alone, so the number of processes changes nothing."""

import json
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from data.emotions import EMOTIONS, RAFDB, SFEW_FOLDERS
from data.files.publish import publish_text
from data.readers.registry import TOY_MARK
from data.runtime.failures import Refused
from data.runtime.machine import available_cpus
from extract.toy.picture import Style
from extract.toy.picture import draw as draw_face
from extract.toy.shape import Expression

# Valence, arousal, dominance at the middle of each class. Without dominance the classes stand on a circle, neutral a
# little calm, so that two dimensions suffice. Anger and fear share a place on it, between surprise and disgust, and
# both overlap with both: a plane cannot set the two apart and keep these neighbours. The other classes lean to the side
# of dominance that Mehrabian's ratings give them.
CENTRES = {
    "neutral": (0.15, -0.35, 0),
    "happiness": (0.75, 0.25, 0.30),
    "surprise": (0.15, 0.75, -0.25),
    "fear": (-0.42, 0.55, -1.0),
    "anger": (-0.42, 0.55, 1.0),
    "disgust": (-0.70, 0.10, 0.25),
    "sadness": (-0.55, -0.60, -0.30),
}
# Deviation of the factors inside a class. Neighbours must overlap, as annotators disagree: a network sends classes that
# do not overlap to the corners of a simplex, which no plane holds, whatever the factors behind them.
SCATTER = 0.28
TRAIN_SHARES = np.array([0.22, 0.30, 0.12, 0.12, 0.07, 0.06, 0.11])  # imbalanced like the real sets, but less so
CONTEMPT, UNCERTAIN, NO_FACE = 7, 9, 10  # AffectNet's further codes; a few rows of each
_SALT = {"affectnet": 1, "rafdb": 2, "sfew": 3, "train": 10, "test": 20}


@dataclass(frozen=True)
class Domain:
    """One of the three data sets: its share of images, wrong labels, and look."""

    train: float  # training images as a share of the largest domain's
    test: float
    label_noise: float  # share of labels drawn at random
    style: Style


DOMAINS = {
    "affectnet": Domain(1.0, 0.27, 0.06, Style(256, 66, 1.2, 4.0, 0.35, 6)),
    "rafdb": Domain(0.4, 0.20, 0.03, Style(224, 60, 1.0, 3.0, 0.30, 5)),
    "sfew": Domain(0.13, 0.15, 0.20, Style(288, 70, 2.2, 7.0, 0.55, 9)),
}


@dataclass(frozen=True)
class Picture:
    """One image to draw, and what its annotators say of it."""

    domain: str
    split: str
    row: int
    emotion: int  # the class it was drawn from
    label: int  # the class it is annotated with
    expression: Expression


def draw(
    folder: Path, *, seed: int = 0, size: int = 2100, dominance: float = 1.0, progress: Callable = lambda images: None
) -> bool:
    """Draw the corpus into folder/datasets/. Returns False where it was there already, with the same settings.

    size: training images of the largest domain. Raises Refused where the folder holds anything else, or a corpus that
    was drawn with other settings."""
    folder = Path(folder)
    settings = {"seed": seed, "size": size, "dominance": dominance, "version": 1}
    if _found(folder, settings):
        return False
    publish_text(folder / "unfinished.json", json.dumps(settings))  # tells a killed call's folder from a foreign one
    pictures = [picture for name in DOMAINS for picture in plan(name, seed=seed, size=size, dominance=dominance)]
    spawn = multiprocessing.get_context("spawn")  # threads of OpenCV or torch can deadlock a forked copy
    with ProcessPoolExecutor(available_cpus(), spawn, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        points = []
        for found in pool.map(_draw_one, [(picture, folder, seed) for picture in pictures], chunksize=32):
            points.append(found)
            progress(1)
    _write_lists(folder, list(zip(pictures, points)), settings)
    publish_text(folder / TOY_MARK, json.dumps(settings))
    (folder / "unfinished.json").unlink()
    return True


def count_of(size: int) -> int:
    """How many images a corpus of this size has."""
    return sum(len(plan(name, seed=0, size=size, dominance=1.0)) for name in DOMAINS)


def _found(folder, settings):
    """Whether the finished corpus is there. Raises Refused for a foreign folder or other settings."""
    if not folder.is_dir() or not any(folder.iterdir()):
        return False
    for name in (TOY_MARK, "unfinished.json"):
        if (folder / name).exists():
            there = _settings_in(folder / name)
            for field, value in settings.items():
                if there.get(field) != value:
                    raise Refused(
                        f"{folder} holds a toy corpus of {field} {there.get(field)}, this call asks for {value}; "
                        "delete it, or use another --workdir"
                    )
            return name == TOY_MARK
    raise Refused(f"{folder} is not empty and does not hold a toy corpus; it is left alone. Use another --workdir")


def _settings_in(path):
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise Refused(
            f"{path} does not hold the settings of a toy corpus; delete it, or use another --workdir"
        ) from None


def plan(name: str, *, seed: int, size: int, dominance: float) -> list[Picture]:
    """List of Pictures of one domain, with labels and expressions drawn from the seed."""
    domain = DOMAINS[name]
    generator = np.random.default_rng((seed, _SALT[name]))
    pictures = []
    for split, share in (("train", domain.train), ("test", domain.test)):
        classes = _classes(name, split, round(size * share))
        generator.shuffle(classes)
        for row, emotion in enumerate(classes):
            pictures.append(_picture(name, split, row, int(emotion), dominance, generator))
    return pictures


def _classes(name, split, count):
    """Class of each image. AffectNet's validation is balanced; every class has at least three images."""
    even = name == "affectnet" and split == "test"
    shares = np.full(len(EMOTIONS), 1 / len(EMOTIONS)) if even else TRAIN_SHARES
    return np.repeat(np.arange(len(EMOTIONS)), np.maximum(3, np.round(shares * count).astype(int)))


def _picture(name, split, row, emotion, dominance, generator):
    # all three are drawn whatever the dominance, so that the control without it differs in nothing else
    factors = np.array(CENTRES[EMOTIONS[emotion]]) + generator.normal(0, SCATTER, 3)
    factors = np.clip(factors * (1, 1, dominance), -1, 1)
    wrong, other = generator.random() < DOMAINS[name].label_noise, int(generator.integers(len(EMOTIONS)))
    return Picture(name, split, row, emotion, other if wrong else emotion, Expression(*factors))


def _draw_one(task):
    """Draw and write one picture; returns its (68, 2) landmarks."""
    picture, folder, seed = task
    generator = np.random.default_rng((seed, _SALT[picture.domain], _SALT[picture.split], picture.row))
    image, points = draw_face(picture.expression, DOMAINS[picture.domain].style, generator)
    path = folder / "datasets" / picture.domain / path_of(picture)
    path.parent.mkdir(parents=True, exist_ok=True)
    ending = path.suffix.lower()
    options = [cv2.IMWRITE_JPEG_QUALITY, 92] if ending in (".jpg", ".jpeg") else []
    path.write_bytes(cv2.imencode(ending, image[..., ::-1], options)[1].tobytes())
    return points


def path_of(picture: Picture) -> str:
    """Where the picture lies below its data set's root, as that data set names its files."""
    if picture.domain == "rafdb":
        return f"basic/Image/original/{_rafdb_name(picture)}.jpg"
    if picture.domain == "sfew":
        part = "Train" if picture.split == "train" else "Val"
        label = next(name for name, index in SFEW_FOLDERS.items() if index == picture.label)
        return f"{part}/{label}/Toy{part}_{picture.row:09d}_{picture.row * 7:08d}.png"  # a film of each split
    return f"Manually_Annotated/Manually_Annotated_Images/{_affectnet_name(picture)}"


def _rafdb_name(picture):
    return f"train_{picture.row + 1:05d}" if picture.split == "train" else f"test_{picture.row + 1:04d}"


def _affectnet_name(picture):
    """A numbered folder and 56 hexadecimal digits, with the endings that the release mixes."""
    number = picture.row * 2  # even for training, odd for test
    if picture.split == "test":
        number += 1
    ending = ("png", "JPG", "jpeg")[number % 3] if number % 11 == 0 else "jpg"
    return f"{number % 13 + 1}/{number:056x}.{ending}"


def _write_lists(folder, drawn, settings):
    """The lists and annotation files of the three data sets, and the mark that says toy."""
    root = folder / "datasets"
    of = lambda name, split: [pair for pair in drawn if (pair[0].domain, pair[0].split) == (name, split)]
    lists = root / "affectnet" / "Manually_Annotated_file_lists"
    publish_text(lists / "training.csv", _AFFECTNET_HEADER + "".join(_affectnet_rows(of("affectnet", "train"))))
    publish_text(lists / "validation.csv", "".join(_affectnet_rows(of("affectnet", "test"))))
    rafdb = of("rafdb", "train") + of("rafdb", "test")
    codes = {index: code for code, index in RAFDB.items()}
    publish_text(
        root / "rafdb" / "basic" / "EmoLabel" / "list_patition_label.txt",
        "\n".join(f"{_rafdb_name(picture)}.jpg {codes[picture.label]}" for picture, _ in rafdb),
    )
    for picture, points in rafdb:
        _write_rafdb_annotation(root / "rafdb" / "basic" / "Annotation", _rafdb_name(picture), points)
    for name in DOMAINS:
        publish_text(root / name / TOY_MARK, json.dumps(settings))


_AFFECTNET_HEADER = (
    "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal\n"
)


def _affectnet_rows(drawn):
    """Yield CSV lines. As in the release, some training rows have another code than the seven, or values of -2."""
    for picture, points in drawn:
        code, values = picture.label, f"{picture.expression.valence:.6f},{picture.expression.arousal:.6f}"
        if picture.split == "train":
            code = {1: CONTEMPT, 2: UNCERTAIN, 3: NO_FACE}.get(picture.row % 60, code)
            if picture.row % 60 in (2, 3, 4):
                values = "-2,-2"
        marks = ";".join(f"{value:.2f}" for value in points.ravel())
        yield f"{_affectnet_name(picture)},{_box(points)},{marks},{code},{values}\n"


def _box(points):
    (left, top), (right, bottom) = points.min(0) - (6, 14), points.max(0) + (6, 8)
    return f"{left:.0f},{top:.0f},{right - left:.0f},{bottom - top:.0f}"


def _write_rafdb_annotation(folder, name, points):
    five = [points[36:42].mean(0), points[42:48].mean(0), points[30], points[48], points[54]]
    lines = [f"{x:.2f}\t{y:.2f}" for x, y in five] + ["2", "0", "2"]
    (left, top), (right, bottom) = points.min(0) - 8, points.max(0) + 8
    texts = {
        f"manual/{name}_manu_attri.txt": "\n".join(lines) + "\n",
        f"boundingbox/{name}_boundingbox.txt": f"{left:.2f} {top:.2f} {right:.2f} {bottom:.2f} \n",
    }
    for place, text in texts.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
