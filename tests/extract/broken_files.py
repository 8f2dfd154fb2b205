"""Image files in many forms, and what may happen to them: cuts, flipped bits, zeros, another ending, headers that
lie."""

import io
import struct
import zlib

import cv2
import numpy as np
from PIL import Image

KINDS = {"JPEG": b"\xff\xd8", "PNG": b"\x89PNG", "BMP": b"BM", "TIFF": b"II", "WEBP": b"RIFF", "PPM": b"P6"}


def saved(pixels, kind, **options):
    """Bytes of (H, W, 3) uint8 or a PIL image, saved by Pillow."""
    buffer = io.BytesIO()
    (pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)).save(buffer, kind, **options)
    return buffer.getvalue()


def with_thumbnail(pixels):
    """A JPEG whose EXIF segment holds a whole JPEG, end mark and all."""
    thumbnail = saved(np.ascontiguousarray(pixels[::4, ::4]), "JPEG")
    body = b"Exif\0\0MM\0*" + struct.pack(">IHI", 8, 0, 0) + thumbnail
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", len(body) + 2) + body + saved(pixels, "JPEG")[2:]


def run_length_bmp(side=16):
    """An 8-bit BMP of rows that are one run each, as RLE8."""
    rows = b"".join(bytes([side, 40 + row, 0, 0]) for row in range(side)) + b"\0\1"
    palette = b"".join(bytes([grey, grey, grey, 0]) for grey in range(256))
    start = 54 + len(palette)
    return (
        struct.pack(
            "<2sIIIIiiHHIIiiII", b"BM", start + len(rows), 0, start, 40, side, side, 1, 8, 1, len(rows), 0, 0, 256, 0
        )
        + palette
        + rows
    )


def forms(pixels):
    """Dict name -> bytes of whole files of one (H, W, 3) uint8 picture, in the forms that cameras and programs
    write."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 1, "what the picture shows, in words that stand at the end of some files"
    image, wide = Image.fromarray(pixels), pixels[..., ::-1].astype(np.uint16) * 257
    return {
        "jpeg": saved(pixels, "JPEG", quality=90),
        "jpeg progressive": saved(pixels, "JPEG", progressive=True),
        "jpeg thumbnail": with_thumbnail(pixels),
        "jpeg restarts": saved(pixels, "JPEG", restart_marker_rows=1),
        "jpeg of two pictures": saved(pixels, "MPO", save_all=True, append_images=[image]),
        "png": saved(pixels, "PNG"),
        "png 16 bits": cv2.imencode(".png", wide)[1].tobytes(),
        "png exif": saved(pixels, "PNG", exif=exif),
        "bmp": saved(pixels, "BMP"),
        "bmp palette": saved(image.convert("P"), "BMP"),
        "bmp runs": run_length_bmp(),
        "tiff": saved(pixels, "TIFF"),
        "tiff directory last": cv2.imencode(".tiff", pixels[..., ::-1])[1].tobytes(),
        "tiff exif": saved(pixels, "TIFF", exif=exif),
        "tiff lzw": saved(pixels, "TIFF", compression="tiff_lzw"),
        "tiff big": saved(pixels, "TIFF", big_tiff=True),
        "tiff pages": cv2.imencodemulti(".tiff", [pixels[..., ::-1]] * 2)[1].tobytes(),
        "tiff motorola": motorola(pixels),
        "webp": saved(pixels, "WEBP"),
        "webp lossless": saved(pixels, "WEBP", lossless=True),
        "webp exif": saved(pixels, "WEBP", exif=exif),
        "ppm": saved(pixels, "PPM"),
        "pgm": saved(image.convert("L"), "PPM"),
        "ppm 16 bits": cv2.imencode(".ppm", wide)[1].tobytes(),
    }


def motorola(pixels):
    """A big-endian TIFF with its strip before its directory."""
    height, width = pixels.shape[:2]
    strip = pixels.tobytes()
    entries = [
        (256, 3, width),
        (257, 3, height),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 2),
        (273, 4, 8),
        (277, 3, 3),
        (278, 3, height),
        (279, 4, len(strip)),
    ]
    packed = b"".join(
        struct.pack(">HHI", tag, kind, 1) + (struct.pack(">H2x", value) if kind == 3 else struct.pack(">I", value))
        for tag, kind, value in entries
    )
    return b"MM\0*" + struct.pack(">I", 8 + len(strip)) + strip + struct.pack(">H", len(entries)) + packed + bytes(4)


def chunk(name, body):
    """One chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width, height, *others, rows=b""):
    """A PNG whose header claims any size, with further chunks before its pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + b"".join(others)
        + chunk(b"IDAT", zlib.compress(rows or bytes(1000)))
        + chunk(b"IEND", b"")
    )


def bombs():
    """Dict name -> a small file that claims to be huge."""
    picture = np.random.default_rng(0).integers(0, 255, (40, 48, 3), np.uint8)
    jpeg, bmp, tiff = saved(picture, "JPEG"), saved(picture, "BMP"), bytearray(motorola(picture))
    frame = jpeg.index(b"\xff\xc0") + 5
    directory = struct.unpack_from(">I", tiff, 4)[0]
    struct.pack_into(">H", tiff, directory + 10, 65_000)
    struct.pack_into(">H", tiff, directory + 22, 65_000)
    tiled = tiles(2**15)
    lossless, lossy = bytearray(saved(picture, "WEBP", lossless=True)), bytearray(saved(picture, "WEBP"))
    lossless[21:25], lossy[26:30] = struct.pack("<I", 16_382 | 16_382 << 14), struct.pack("<HH", 16_383, 16_383)
    canvas = b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + b"\xff\xff\xff" * 2
    return {
        "png 30,000": png(30_000, 30_000),
        "png 2 ** 31": png(2**31 - 1, 2**31 - 1),
        "ppm": b"P6 65000 65000 255\n" + bytes(100),
        "jpeg 65,500": jpeg[:frame] + struct.pack(">HH", 65_500, 65_500) + jpeg[frame + 4 :],
        "jpeg header alone": jpeg[:frame] + struct.pack(">HH", 65_500, 65_500) + jpeg[frame + 4 : frame + 15],
        "bmp": bmp[:18] + struct.pack("<ii", 30_000, -30_000) + bmp[26:],
        "tiff": bytes(tiff),
        "tiff tiles": tiled,
        "webp": bytes(lossy),
        "webp lossless": bytes(lossless),
        "webp canvas": canvas,
        "png text": png(64, 64, chunk(b"tEXt", b"Comment\0" + bytes(64 * 2**20))),
        "png profile": png(64, 64, chunk(b"iCCP", b"icc\0\0" + bytes(64 * 2**20))),
    }


def tiles(side):
    """A TIFF of 64 x 64 pixels in one tile of `side` x `side`."""
    entries = [
        (256, 64),
        (257, 64),
        (258, 8),
        (259, 1),
        (262, 1),
        (277, 1),
        (322, side),
        (323, side),
        (324, 8),
        (325, 64),
    ]
    packed = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    return b"II*\0" + struct.pack("<I", 72) + bytes(64) + struct.pack("<H", len(entries)) + packed + bytes(4)


def mutated(data, generator):
    """(what was done, the file after it): one of a cut, some flipped bits, a stretch of zeros, or lying sizes in the
    header."""
    how, broken = generator.choice(["cut", "flip", "zero", "header"]), bytearray(data)
    if how == "cut":
        return how, data[: int(generator.integers(0, len(data)))]
    if how == "flip":
        for place in generator.integers(0, len(data), 3):
            broken[place] ^= 1 << int(generator.integers(8))
    elif how == "zero":
        start = int(generator.integers(0, len(data)))
        broken[start : start + 40] = bytes(len(broken[start : start + 40]))
    else:
        for place in generator.integers(2, 60, 2):
            broken[place] = 255
    return str(how), bytes(broken)
