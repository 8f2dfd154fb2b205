"""Bytes to pixels, strictly: one decoder for the whole project, and no half-read image passes for a good one."""

import functools
import os
import stat
from pathlib import Path

import cv2
import numpy as np

from data.readers import paths
from extract.images.formats import inspect
from extract.images.limits import Undecodable

MOST_BYTES = 512 * 2**20  # the largest image that is decoded, 64 million pixels of 3 x 16 bits, has 384 MB


def load(root: Path, path: str) -> tuple[bytes, np.ndarray]:
    """(bytes, pixels) of a file that a list names below `root`. Raises Undecodable, with the status of whatever is
    wrong."""
    try:
        data = read(paths.locate(root, path))
    except paths.OutsideRoot as error:
        raise Undecodable("outside_root", str(error)) from None
    except FileNotFoundError:
        raise Undecodable("missing", "no such file") from None
    except OSError as error:
        raise Undecodable("unreadable", str(error.strerror)) from None
    return data, decode(data)


def read(path: Path) -> bytes:
    """The bytes of a regular file. Raises Undecodable (too_large, bad_format), FileNotFoundError, OSError.

    The size is known before a byte is read."""
    with open(path, "rb", opener=_opened) as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise Undecodable("bad_format", "no regular file")
        if found.st_size > MOST_BYTES:
            raise Undecodable("too_large", f"{found.st_size:,} bytes, at most {MOST_BYTES:,} are read")
        return file.read(found.st_size)


def _opened(path, flags):
    # a path that was checked may have become another thing since: no link is followed, no pipe waited for
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def decode(data: bytes) -> np.ndarray:
    """(H, W, 3) uint8 RGB, upright by its EXIF orientation, contiguous. Raises Undecodable.

    16-bit images are scaled to 8 bits, grey and palette images spread to RGB, alpha dropped, CMYK converted."""
    kind, size = inspect(data)
    pixels = _pixels(data, kind)
    if sorted(pixels.shape[:2]) != sorted(size):  # turned upright they may be exchanged
        raise Undecodable(
            "unreadable", f"{pixels.shape[1]} x {pixels.shape[0]} pixels in a {kind} of {size[0]} x {size[1]}"
        )
    return np.ascontiguousarray(pixels)


def _pixels(data, kind):
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error as error:
        raise Undecodable("unreadable", f"broken {kind} data: {error.err}") from None
    if pixels is None:
        raise Undecodable("unreadable", f"broken {kind} data")
    return pixels


@functools.cache
def one_thread() -> None:
    """Keep OpenCV to one thread in this process, a worker: the workers are the parallelism."""
    cv2.setNumThreads(1)
