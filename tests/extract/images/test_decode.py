"""One strict decoder: whole files give upright RGB, broken ones a status, bombs nothing but a refusal."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from extract.images.decode import Undecodable, decode
from tests.extract.made_up import picture

FORMATS = {"JPEG": ".jpg", "PNG": ".png", "BMP": ".bmp", "TIFF": ".tiff", "WEBP": ".webp"}


def encoded(kind, image=None, **options):
    buffer = io.BytesIO()
    (Image.fromarray(picture(3, (48, 64))) if image is None else image).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", FORMATS)
def test_formats_give_contiguous_rgb(kind):
    image = decode(
        encoded(kind, **({"lossless": True} if kind == "WEBP" else {"quality": 95} if kind == "JPEG" else {}))
    )
    assert image.shape == (48, 64, 3) and image.dtype == np.uint8 and image.flags.c_contiguous
    assert np.abs(image.astype(int) - picture(3, (48, 64))).mean() < 4


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.97])
def test_a_truncated_file_is_refused(kind, share):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    data = encoded(kind, noise)
    with pytest.raises(Undecodable) as caught:
        decode(data[: int(len(data) * share)])
    assert caught.value.status in ("truncated", "unreadable", "bad_format")


def test_a_jpeg_without_its_last_two_bytes_is_refused():
    with pytest.raises(Undecodable, match="end mark") as caught:
        decode(encoded("JPEG")[:-2])
    assert caught.value.status == "truncated"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(kind, orientation):
    upright = np.zeros((40, 60, 3), np.uint8)
    upright[:20, :30] = 255  # the bright quarter is at the top left once upright
    undo = {
        1: (),
        2: ("flip",),
        3: ("half",),
        4: ("half", "flip"),
        5: ("right", "flip"),
        6: ("left",),
        7: ("left", "flip"),
        8: ("right",),
    }[orientation]
    stored = upright
    for turn in undo:
        stored = stored[:, ::-1] if turn == "flip" else np.rot90(stored, {"half": 2, "left": 1, "right": -1}[turn])
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = decode(encoded(kind, Image.fromarray(np.ascontiguousarray(stored)), exif=exif.tobytes()))
    assert image.shape == upright.shape
    assert np.abs(image.astype(int) - upright).mean() < 3


def test_sixteen_bit_grey_palette_alpha_and_cmyk():
    mid = cv2.imencode(".png", np.full((16, 16), 32768, np.uint16))[1].tobytes()
    assert abs(int(decode(mid)[4, 4, 0]) - 128) <= 1
    assert decode(encoded("PNG", Image.new("L", (16, 16), 77)))[4, 4].tolist() == [77, 77, 77]
    assert decode(encoded("PNG", Image.new("RGBA", (16, 16), (10, 20, 30, 0))))[4, 4].tolist() == [10, 20, 30]
    palette = Image.new("RGB", (16, 16), (204, 51, 51)).convert("P", palette=Image.Palette.ADAPTIVE)
    assert decode(encoded("PNG", palette))[4, 4].tolist() == [204, 51, 51]
    red = decode(encoded("JPEG", Image.new("CMYK", (16, 16), (0, 255, 255, 0))))[4, 4]
    assert red[0] > 250 and red[1] < 6 and red[2] < 6


def bomb(width, height):
    """A PNG of a few bytes that claims to be huge."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


@pytest.mark.parametrize(
    "data, status",
    [
        (bomb(30_000, 30_000), "too_large"),
        (bomb(10_000, 9_000), "too_large"),
        (bomb(9_000, 8_000), "too_large"),
        (encoded("PNG", Image.new("RGB", (1, 500))), "too_small"),
        (b"", "bad_format"),
        (b"hello", "bad_format"),
        (b"\xff\xd8\xff" + b"\0" * 50, None),
        (b"%PDF-1.4 not a picture", "bad_format"),
        (encoded("PNG")[:8] + b"\0" * 100, None),
    ],
)
def test_what_is_no_picture_gets_its_status(data, status):
    with pytest.raises(Undecodable) as caught:
        decode(data)
    assert status is None or caught.value.status == status
