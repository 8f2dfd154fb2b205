"""What a model says of crops, and which model is meant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from data.runtime.failures import Refused
from data.shipped_model import shipped_model


@dataclass(frozen=True, eq=False)
class Said:
    """Of n crops; D classifiers, C emotions."""

    probabilities: np.ndarray  # (n, D, C)
    coordinates: np.ndarray  # (n, dimensions), canonical where the head has such
    valence_arousal: np.ndarray | None  # (n, 2) valence, arousal, where the model has that network


class Model(Protocol):
    """What a model is to those who ask it."""

    size: int  # pixels of a crop
    emotions: tuple  # names of the C classes
    classifiers: tuple  # names of the D data sets
    axes: tuple  # names of the coordinates
    knows_arousal_valence: bool
    toy: bool

    def __call__(self, crops: np.ndarray) -> Said:
        """Said of (n, S, S, 3) uint8 RGB crops on the template."""


def model_of(path: Path | None, threads: int) -> Model:
    """The model at `path`: an exported file, or a working folder with checkpoints and results; the one that comes with
    the project where None. Raises Refused, FileNotFoundError."""
    path = shipped_model() if path is None else Path(path)
    if path.is_dir():
        from extract.emotions.working_folder import WorkingFolder  # needs PyTorch

        return WorkingFolder(path)
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; expected a file of `embed export` or a working folder")
    from extract.emotions.exported_file import ExportedFile

    return ExportedFile(path, threads)


def classifier_place(model: Model, name: str | None) -> int:
    """Place of the classifier that decides: the one asked for, else that of the largest training domain, which is the
    first. Raises Refused."""
    if name is None:
        return 0
    if name not in model.classifiers:
        raise Refused(f"this model has no classifier of {name!r}; there are {', '.join(model.classifiers)}")
    return model.classifiers.index(name)
