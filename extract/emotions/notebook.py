"""Emotions of images in memory or on disk as a DataFrame, for notebooks and scripts.

from extract.emotions.notebook import emotions
frame = emotions(["one.jpg", "clip.mp4"])
frame.groupby("predicted").size()"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from data.runtime.failures import Refused, missing_package
from data.runtime.machine import available_cpus
from extract.emotions.answers import answers, columns
from extract.emotions.pictures import files_of, seen_files, seen_image
from extract.emotions.said import classifier_place, model_of
from extract.emotions.written_table import TEXT, WHOLE
from extract.faces import detectors

if TYPE_CHECKING:
    import pandas

EVERY = 0.2  # seconds between the frames of a video that are looked at, where no other number is asked for


def emotions(
    images: Iterable | str | Path | np.ndarray,
    *,
    model: str | Path | None = None,
    classifier: str | None = None,
    every: float = EVERY,
    smooth: float = 0.0,
) -> pandas.DataFrame:
    """A row for each face, as `extract emotions` has them (docs/emotions.md).

    images: one or several of: a path of a photograph, a folder or a video; an image (H, W, 3) uint8 RGB, which is
    called by its number among all. They may come from a generator, one at a time. model: a file of `embed export` or a
    working folder, the model that comes with the project where None; classifier, every, smooth: as the options of that
    name. Raises Refused, FileNotFoundError, ModuleNotFoundError without pandas, which the extra `frames` has."""
    try:
        import pandas
    except ModuleNotFoundError as error:
        raise missing_package(error) from error
    asked = model_of(model, available_cpus())
    place = classifier_place(asked, classifier)
    several = [images] if isinstance(images, (str, Path)) or getattr(images, "ndim", 0) == 3 else images
    found = answers(_seen(several, asked.size, every), asked, place, smooth)
    rows = [row for _, own in found for row in own]
    return pandas.DataFrame({name: _column(name, rows, pandas) for name in columns(asked)})


def _seen(images, size, every) -> Iterator:
    detector = detectors.detector_named(detectors.DEFAULT)
    for number, image in enumerate(images):
        if isinstance(image, (str, Path)):
            if not Path(image).exists():
                raise FileNotFoundError(f"{image} is missing")
            yield from seen_files(files_of([Path(image)])[0], detector, size, every)
        else:
            yield seen_image(str(number), _checked(image), detector, size)


def _checked(image):
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise Refused(f"an image of shape {image.shape} and type {image.dtype}, expected (H, W, 3) of uint8, RGB")
    return np.ascontiguousarray(image)


def _column(name, rows, pandas):
    values = [row.get(name) for row in rows]
    if name in TEXT:
        return pandas.array(values, dtype="string")
    return pandas.array(values, dtype="Int32") if name in WHOLE else np.array(values, np.float32)
