"""Bytes to pixels, strictly: one decoder for the whole project, and no half-read image passes for a good one."""

import io

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

# Pillow reads headers only: dimensions are known, and refused, before a pixel is decoded. A PNG of under one megabyte
# can unfold to gigabytes. Pillow comes with torchvision.
FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP", "PPM")
MOST_PIXELS = 64_000_000  # 8,000 x 8,000; 192 MB as RGB
SMALLEST_SIDE = 8  # dlib finds "no face" in less without a word; it is another thing and gets another status

# How a whole file ends; OpenCV refuses what is cut short but for the last two bytes of a JPEG. Cameras append data of
# their own behind the mark, so it is looked for in a stretch.
_ENDINGS = {"JPEG": b"\xff\xd9", "PNG": b"IEND"}
_ENDING_STRETCH = 65_536
_TIFF_STARTS = (b"II*\0", b"MM\0*")


class Undecodable(ValueError):
    """An image file that gives no pixels; `status` says in which of the manifest's ways."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status


def decode(data):
    """(H, W, 3) uint8 RGB, upright by its EXIF orientation, contiguous. Raises Undecodable.

    16-bit images are scaled to 8 bits, grey and palette images spread to RGB, alpha dropped, CMYK converted."""
    kind, (width, height) = _header(data)
    if width * height > MOST_PIXELS:
        raise Undecodable("too_large", f"{width} x {height} pixels, at most {MOST_PIXELS:,} are read")
    if min(width, height) < SMALLEST_SIDE:
        raise Undecodable("too_small", f"{width} x {height} pixels, both sides must have {SMALLEST_SIDE}")
    if kind in _ENDINGS and _ENDINGS[kind] not in data[-_ENDING_STRETCH:]:
        raise Undecodable("truncated", f"the {kind} file ends before its end mark")
    return _pixels(data, kind)


def _header(data):
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return image.format, image.size
    except UnidentifiedImageError:
        if data.startswith(_TIFF_STARTS):  # its directory may stand last, so a cut file has no readable header
            raise Undecodable("truncated", "the TIFF file ends before its directory") from None
        raise Undecodable("bad_format", f"no image of the formats {', '.join(FORMATS)}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Undecodable("too_large", str(error)) from None
    except Exception as error:  # Pillow's header parsers raise a dozen kinds of error on broken bytes
        raise Undecodable("unreadable", f"broken header: {error}") from None


def _pixels(data, kind):
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error as error:
        raise Undecodable("unreadable", f"broken {kind} data: {error.err}") from None
    if pixels is None:
        raise Undecodable("unreadable", f"broken {kind} data")
    return np.ascontiguousarray(pixels)
