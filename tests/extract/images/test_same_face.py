"""One real photograph in every form that images come in: the detector finds the same face, within a pixel."""

import cv2
import numpy as np
import pytest
from PIL import Image

from extract.images.decode import decode
from tests.extract.broken_files import motorola, saved
from tests.places import FACES

PHOTO = FACES / "images/Aaron_Peirsol_0003.jpg"
pytestmark = pytest.mark.skipif(not PHOTO.exists(), reason="needs the photographs in ../shared/faces")
TURNS = {
    1: (),
    2: ("mirror",),
    3: ("half",),
    4: ("half", "mirror"),
    5: ("right", "mirror"),
    6: ("left",),
    7: ("left", "mirror"),
    8: ("right",),
}
TINT = np.array([1.0, 0.85, 0.7])  # so that exchanged channels would be seen


def photograph():
    """(350, 350, 3) uint8: the photograph, in colour."""
    return (np.array(Image.open(PHOTO).convert("RGB")) * TINT).astype(np.uint8)


def turned(pixels, orientation):
    """The pixels as a camera held otherwise would have stored them."""
    for turn in TURNS[orientation]:
        pixels = pixels[:, ::-1] if turn == "mirror" else np.rot90(pixels, {"half": 2, "left": 1, "right": -1}[turn])
    return np.ascontiguousarray(pixels)


def oriented(orientation, kind="JPEG", **options):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return lambda pixels: saved(turned(pixels, orientation), kind, exif=exif.tobytes(), **options)


def wide(ending, grey=False, alpha=False):
    """16 bits a channel, by OpenCV, which orders them BGR."""

    def make(pixels):
        deep = pixels[..., ::-1].astype(np.uint16) * 257
        deep = (
            cv2.cvtColor(deep, cv2.COLOR_BGR2GRAY)
            if grey
            else np.dstack([deep, np.full(deep.shape[:2], 65535, np.uint16)])
            if alpha
            else deep
        )
        return cv2.imencode(ending, deep)[1].tobytes()

    return make


def as_mode(mode, kind="PNG", **options):
    def make(pixels):
        image = Image.fromarray(pixels)
        image = image.convert("P", palette=Image.Palette.ADAPTIVE) if mode == "P" else image.convert(mode)
        return saved(image, kind, **options)

    return make


COLOURED = {
    **{f"jpeg orientation {number}": oriented(number, quality=98, subsampling=0) for number in TURNS},
    **{f"png orientation {number}": oriented(number, "PNG") for number in (3, 6, 7)},
    **{f"tiff orientation {number}": oriented(number, "TIFF") for number in (3, 6)},
    "webp orientation 8": oriented(8, "WEBP", lossless=True),
    "png": as_mode("RGB"),
    "png RGBA": as_mode("RGBA"),
    "png palette": as_mode("P"),
    "png palette with tRNS": as_mode("P", transparency=3),
    "png 16 bits": wide(".png"),
    "png 16 bits RGBA": wide(".png", alpha=True),
    "tiff 16 bits": wide(".tiff"),
    "ppm 16 bits": wide(".ppm"),
    "jpeg CMYK": as_mode("CMYK", "JPEG", quality=98, subsampling=0),
    "tiff CMYK": as_mode("CMYK", "TIFF"),
    "tiff RGBA": as_mode("RGBA", "TIFF"),
    "tiff lzw": as_mode("RGB", "TIFF", compression="tiff_lzw"),
    "tiff jpeg": as_mode("RGB", "TIFF", compression="jpeg", quality=98),
    "tiff motorola": motorola,
    "bmp": as_mode("RGB", "BMP"),
    "bmp RGBA": as_mode("RGBA", "BMP"),
    "webp RGBA": as_mode("RGBA", "WEBP", quality=98),
    "ppm": as_mode("RGB", "PPM"),
}
GREY = {
    "png grey": as_mode("L"),
    "png grey with alpha": as_mode("LA"),
    "jpeg grey": as_mode("L", "JPEG", quality=98),
    "png grey 16 bits": wide(".png", grey=True),
    "tiff grey 16 bits": wide(".tiff", grey=True),
    "tiff grey with alpha": as_mode("LA", "TIFF"),
    "bmp grey": as_mode("L", "BMP"),
    "pgm": as_mode("L", "PPM"),
}


@pytest.fixture(scope="module")
def detector():
    from extract.faces.hog import HogDetector

    return HogDetector()


@pytest.fixture(scope="module")
def face(detector):
    return detector.faces(photograph())[0]


@pytest.mark.parametrize("name", [*COLOURED, *GREY])
def test_the_same_face_is_found_within_a_pixel(name, detector, face):
    image, expected = decode({**COLOURED, **GREY}[name](photograph())), photograph()
    if name in GREY:
        expected = np.repeat(cv2.cvtColor(expected, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)
    assert np.abs(image.astype(int) - expected).mean() < 2.5
    found = detector.faces(image)
    assert len(found) == 1 and found[0].found_by == face.found_by
    np.testing.assert_allclose(found[0].box, face.box, atol=1)
    np.testing.assert_allclose(found[0].landmarks.points, face.landmarks.points, atol=1)


def test_one_bit_a_pixel(detector, face):
    """The face is found in black and white dots too; its landmarks are not to be had from them, so the dots themselves
    are compared."""
    dots = Image.fromarray(photograph()).convert("1")
    for kind, options in (("PNG", {}), ("TIFF", {"compression": "group4"}), ("BMP", {})):
        image = decode(saved(dots, kind, **options))
        np.testing.assert_array_equal(image, np.repeat(np.array(dots.convert("L"))[..., None], 3, 2))
        np.testing.assert_allclose(detector.faces(image)[0].box, face.box, atol=1)


def test_the_comparison_would_see_a_turned_photograph(detector, face):
    assert (
        not detector.faces(turned(photograph(), 3))
        or abs(detector.faces(turned(photograph(), 3))[0].box[1] - face.box[1]) > 1
    )
    exchanged = np.ascontiguousarray(photograph()[..., ::-1])
    assert np.abs(exchanged.astype(int) - photograph()).mean() > 10


@pytest.mark.parametrize("ending", [".png", ".tiff", ".pgm", ".ppm"])
def test_sixteen_bit_mid_grey_is_mid_grey(ending):
    deep = np.full((16, 16) if ending != ".ppm" else (16, 16, 3), 32768, np.uint16)
    assert np.abs(decode(cv2.imencode(ending, deep)[1].tobytes()).astype(int) - 128).max() <= 1
