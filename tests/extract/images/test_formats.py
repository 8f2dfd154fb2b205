"""Whole or not, read from the bytes alone: a file cut at any byte is refused, and data behind its end are no
concern."""

import struct

import numpy as np
import pytest

from data.readers import walk
from extract.images.decode import decode
from extract.images.formats import _WALKS, inspect
from extract.images.limits import Undecodable
from tests.extract.broken_files import bombs, chunk, forms, png, saved, tiles, with_thumbnail
from tests.extract.made_up import picture

PIXELS = picture(3, (24, 28))
FORMS = forms(PIXELS)


def refusal(data):
    with pytest.raises(Undecodable) as caught:
        inspect(data)
    return caught.value


@pytest.mark.parametrize("name", FORMS)
def test_the_walk_through_folders_knows_it_without_an_ending(name, tmp_path):
    (tmp_path / "image").write_bytes(FORMS[name])
    assert walk.is_image(tmp_path / "image")


def test_the_decoder_and_the_walk_know_the_same_first_bytes():
    assert set(walk.STARTS) == set(_WALKS)


@pytest.mark.parametrize("name", FORMS)
def test_a_whole_file_passes_and_says_its_size(name):
    kind, size = inspect(FORMS[name])
    assert kind == {"pgm": "PPM"}.get(name.split()[0], name.split()[0].upper())
    image = decode(FORMS[name])
    assert size == image.shape[1::-1] == ((16, 16) if name == "bmp runs" else (28, 24))
    assert name in ("bmp runs", "bmp palette", "pgm") or np.abs(image.astype(int) - PIXELS).mean() < 8


@pytest.mark.parametrize("name", FORMS)
def test_a_file_cut_at_any_byte_is_refused(name):
    whole = len(FORMS[name])
    if name == "jpeg of two pictures":  # the first picture is the image; the second one stands behind its end mark
        whole = FORMS[name].index(b"\xff\xd9\xff\xd8") + 2
        assert decode(FORMS[name][:whole]).shape == PIXELS.shape
    statuses = [refusal(FORMS[name][:length]).status for length in range(whole)]
    assert set(statuses) <= {"truncated", "bad_format"} and set(statuses[20:]) == {"truncated"}


@pytest.mark.parametrize("name", [name for name in FORMS if "pages" not in name])
def test_data_behind_the_end_change_nothing(name):
    np.testing.assert_array_equal(decode(FORMS[name] + b"\xff\xd8camera data\xff" * 9), decode(FORMS[name]))


def test_the_end_mark_of_a_thumbnail_is_not_the_files():
    data = with_thumbnail(PIXELS)
    cut = data[:-2]
    assert b"\xff\xd9" in cut  # the control: a search for the mark would find one
    assert refusal(cut).status == "truncated"


@pytest.mark.parametrize("place", range(3, 12))
def test_a_flipped_bit_in_a_png_is_refused(place):
    data = bytearray(FORMS["png"])
    start = data.index(b"IDAT")
    for position in range(start, len(data), 8):
        broken = bytearray(data)
        broken[min(position + place % 8, len(data) - 1)] ^= 1 << place % 8
        assert refusal(bytes(broken)).status in ("unreadable", "truncated")


@pytest.mark.parametrize("name, data", bombs().items())
def test_headers_that_claim_too_much_are_refused(name, data):
    assert refusal(data).status == "too_large"


@pytest.mark.parametrize(
    "data, status, reason",
    [
        (b"\xff\xd8\xff\xd9", "unreadable", "no frame"),
        (b"P6 20 20 255 ", "truncated", "header speaks of"),
        (b"P6 what is this file about?", "unreadable", "PPM header"),
        (b"P3 1 1 255 1 2 3", "bad_format", "no image"),
        (b"RIFF\0\0\0\0WAVE" + bytes(50), "bad_format", "no image"),
        (b"GIF89a" + bytes(50), "bad_format", "JPEG, PNG, BMP"),
        (saved(np.zeros((4, 90, 3), np.uint8), "PNG"), "too_small", "90 x 4"),
        (png(64, 64)[:8] + bytes(100), "unreadable", "begin with its header"),
        (b"II*\0" + bytes(4), "unreadable", "no directory"),
        (b"II*\0\x08\0\0\0" + struct.pack("<H", 5000) + bytes(70_000), "unreadable", "5,000 entries"),
        (saved(np.zeros((20, 20), np.float32), "TIFF"), "bad_format", "32 bits a sample, sample format 3"),
        (saved(np.zeros((20, 20), np.int32), "TIFF"), "bad_format", "32 bits a sample"),
    ],
)
def test_refusals_say_what_was_found(data, status, reason):
    error = refusal(data)
    assert error.status == status and reason in str(error)


def test_a_tag_twice_and_directories_in_a_circle():
    small = tiles(64)
    assert inspect(small) == ("TIFF", (64, 64))
    twice = small.replace(struct.pack("<HHII", 257, 4, 1, 64), struct.pack("<HHII", 256, 4, 1, 30_000))
    assert "tag 256 twice" in str(refusal(twice))
    circle = small[:-4] + struct.pack("<I", 72)
    assert inspect(circle) == ("TIFF", (64, 64))


def test_a_jpeg_of_endless_scans_is_refused():
    data = FORMS["jpeg progressive"]
    start, end = data.rindex(b"\xff\xda"), len(data) - 2
    assert inspect(data[:end] + data[start:end] * 20 + data[end:])[0] == "JPEG"
    assert "scans" in str(refusal(data[:end] + data[start:end] * 200 + data[end:]))


def test_ordinary_text_in_a_png_is_no_obstacle():
    rows = b"".join(b"\0" + bytes(192) for _ in range(64))
    assert decode(png(64, 64, chunk(b"tEXt", b"Comment\0" + bytes(9_000)), rows=rows)).shape == (64, 64, 3)
