"""A contact sheet: pictures over captions, in groups, so that a person sees what the network sees."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from data.files.publish import publish

TILE, MARGIN, CAPTION, HEADING, COLUMNS = 112, 8, 18, 34, 8
_PAPER, _INK, _FAINT = (250, 250, 248), (40, 40, 40), (130, 130, 130)


@dataclass(frozen=True, eq=False)
class Group:
    """Pictures under one heading; without words it takes no room."""

    heading: str
    pictures: list  # of (H, W, 3) uint8 RGB, of any size
    captions: list


def write_sheet(output: Path, title: str, groups: list[Group]) -> None:
    """Publish a sheet as PNG."""
    png = cv2.imencode(".png", contact_sheet(title, groups)[..., ::-1])[1].tobytes()
    publish(output, lambda temporary: temporary.write_bytes(png))


def contact_sheet(title: str, groups: list[Group]) -> np.ndarray:
    """(H, W, 3) uint8 RGB: each group's pictures in rows of eight below its heading, all under a title."""
    parts = [_line(title, 0.55, _INK)]
    for group in groups:
        parts += [_line(group.heading, 0.48, _INK)] if group.heading else []
        parts += [
            _row(group.pictures[start : start + COLUMNS], group.captions[start : start + COLUMNS])
            for start in range(0, len(group.pictures), COLUMNS)
        ]
    return np.concatenate([*parts, _blank(MARGIN)])


def _blank(height):
    return np.full((height, MARGIN + COLUMNS * (TILE + MARGIN), 3), _PAPER, np.uint8)


def _line(text, size, colour):
    line = _blank(HEADING)
    _write(line, text, (MARGIN, 24), size, colour)
    return line


def _row(pictures, captions):
    row = _blank(MARGIN + TILE + CAPTION)
    for column, (picture, caption) in enumerate(zip(pictures, captions)):
        left = MARGIN + column * (TILE + MARGIN)
        row[MARGIN : MARGIN + TILE, left : left + TILE] = _tile(picture)
        _write(row, caption, (left, MARGIN + TILE + 13), 0.38, _FAINT)
    return row


def _tile(picture):
    """A picture as it is in the middle of a square, made smaller or larger to fill it."""
    height, width = picture.shape[:2]
    scale = TILE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    tile = np.full((TILE, TILE, 3), 225, np.uint8)
    left, top = (TILE - size[0]) // 2, (TILE - size[1]) // 2
    resized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    tile[top : top + size[1], left : left + size[0]] = resized
    return tile


def _write(sheet, text, place, size, colour):
    cv2.putText(sheet, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)
