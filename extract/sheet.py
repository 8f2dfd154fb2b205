"""A contact sheet of aligned crops with their labels, so that a person sees what the network sees."""

from pathlib import Path

import cv2
import numpy as np

from data.emotions import EMOTIONS
from data.files.cache import open_cache, read_split
from data.files.publish import publish
from data.runtime.failures import Refused
from extract.crops.stored import pixels
from extract.faces.alignment import CROP_SIZE

TILE, MARGIN, CAPTION, COLUMNS = 112, 8, 18, 8
_PAPER, _INK, _FAINT = (250, 250, 248), (40, 40, 40), (130, 130, 130)


def write_sheet(cache: Path, output: Path, *, split: str, count: int, seed: int) -> None:
    """Publish a PNG of up to `count` crops of one split, spread over the classes.

    Raises Refused where the split has no crop."""
    with open_cache(cache, "aligned") as file:
        if split not in file or "row" not in file[split] or not len(file[split]["row"]):
            raise Refused(f"{cache} has no crop in split {split}; it has {', '.join(file)}")
        arrays = read_split(file, split, ("emotion", "row", "jpeg_offset"))
        chosen = choose(arrays["emotion"], count=count, generator=np.random.default_rng(seed))
        spans = [arrays["jpeg_offset"][[index, index + 1]] for index in chosen]
        crops = [pixels(file[split]["jpeg"][start:end], CROP_SIZE) for start, end in spans]
        title = f"{Path(cache).stem}, {split}: {len(chosen)} of {len(arrays['row']):,} aligned crops"
        title += "  -  TOY DATA" if file.attrs["toy"] else ""
    labels = [_label(arrays["emotion"][index], arrays["row"][index]) for index in chosen]
    png = cv2.imencode(".png", contact_sheet(crops, labels, title)[..., ::-1])[1].tobytes()
    publish(output, lambda temporary: temporary.write_bytes(png))


def _label(emotion, row):
    return f"{EMOTIONS[emotion] if emotion >= 0 else 'no label'}  {row}"


def choose(emotion: np.ndarray, *, count: int, generator: np.random.Generator) -> np.ndarray:
    """Indices of up to `count` rows, drawn class by class in turn, in the order of their class.

    emotion: (N,), -1 where a row has none."""
    queues = [list(generator.permutation(np.flatnonzero(emotion == label))) for label in np.unique(emotion)]
    chosen = []
    while len(chosen) < count and any(queues):
        chosen += [queue.pop() for queue in queues if queue]
    chosen = np.array(chosen[:count], int)
    return chosen[np.lexsort((chosen, emotion[chosen]))]


def contact_sheet(crops: list, labels: list, title: str) -> np.ndarray:
    """(H, W, 3) uint8 RGB: crops in rows of eight, each over its label, under a title."""
    rows = -(-len(crops) // COLUMNS)
    step = np.array([TILE + CAPTION + MARGIN, TILE + MARGIN])
    height, width = step * (rows, COLUMNS) + (MARGIN + 34, MARGIN)
    sheet = np.full((height, width, 3), _PAPER, np.uint8)
    _write(sheet, title, (MARGIN, 26), 0.55, _INK)
    for index, (crop, label) in enumerate(zip(crops, labels)):
        top, left = step * divmod(index, COLUMNS) + (MARGIN + 34, MARGIN)
        sheet[top : top + TILE, left : left + TILE] = cv2.resize(crop, (TILE, TILE), interpolation=cv2.INTER_AREA)
        _write(sheet, label, (left, top + TILE + 13), 0.38, _FAINT)
    return sheet


def _write(sheet, text, place, size, colour):
    cv2.putText(sheet, text, tuple(int(side) for side in place), cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)
