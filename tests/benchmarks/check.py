"""The audit's speed, and what its search for pictures in two splits finds and misses.

    python -m tests.benchmarks.check faces/ [--images 150] [--json]

faces/ holds tables (path,emotion,split). What is printed:

check_rate       images a second of `extract check` with one worker, processes started and pairs compared
bare_rate        beside it, decoding and fingerprints in one thread
compare_seconds  made-up hashes, 290,000 against 4,000, straight and mirrored
recall           share of `--images` photographs whose changed copy is found, by change
found            pairs that are reported where each photograph is compared with each
by_hash          the same by the hashes alone
false_alarms     reported pairs of different people, told apart by the file's name up to its number
nearest_others   the highest correlations of different people, where 0.9 is enough to be compared further"""

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import cv2
import numpy as np

from data.readers import registry
from data.sample import Listing, Sample
from extract.audit import leakage
from extract.audit.audit import audit
from extract.audit.fingerprint import SIDE, correlation, hashes, mirrored, thumbnail
from extract.images.decode import decode


def jpeg(quality: int) -> Callable:
    """The change that saving as JPEG makes."""

    def change(image):
        data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return cv2.imdecode(data, cv2.IMREAD_COLOR)

    return change


def resized(factor: float) -> Callable:
    """The change of size by a factor."""
    interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return lambda image: cv2.resize(image, None, fx=factor, fy=factor, interpolation=interpolation)


def cropped(top: float, left: float, bottom: float = 0.0, right: float = 0.0) -> Callable:
    """The change that cuts shares of the height and width off the sides."""

    def change(image):
        height, width = image.shape[:2]
        rows = slice(round(top * height), height - round(bottom * height))
        columns = slice(round(left * width), width - round(right * width))
        return image[rows, columns]

    return change


def levels(factor: float, offset: float = 0) -> Callable:
    """The change of grey levels by a factor and an offset, saturated."""
    return lambda image: np.clip(image * float(factor) + offset, 0, 255).astype(np.uint8)


def grey(image: np.ndarray) -> np.ndarray:
    """The image without colour."""
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)


def mirrored_image(image: np.ndarray) -> np.ndarray:
    """The image seen in a mirror."""
    return image[:, ::-1]


def several(image: np.ndarray) -> np.ndarray:
    """The image cropped, darkened, made smaller and saved as JPEG."""
    for change in (cropped(0.02, 0.02), levels(0.8), resized(0.7), jpeg(60)):
        image = change(image)
    return image


CHANGES = {
    **{f"JPEG quality {quality}": jpeg(quality) for quality in (95, 75, 50)},
    **{f"resized {factor}": resized(factor) for factor in (0.5, 0.7, 1.5, 2)},
    "1 % off two sides": cropped(0.01, 0.01),
    "2 % off two sides": cropped(0.02, 0.02),
    "3 % off one side": cropped(0, 0.03),
    "3 % off two sides": cropped(0.03, 0.03),
    "1.5 % off all sides": cropped(*[0.015] * 4),
    "3 % off all sides": cropped(*[0.03] * 4),
    "5 % off all sides": cropped(*[0.05] * 4),
    "40 levels brighter": levels(1, 40),
    "40 levels darker": levels(1, -40),
    "x 0.6": levels(0.6),
    "x 1.4, saturated": levels(1.4),
    "grey": grey,
    "mirrored": mirrored_image,
    "2 % off, x 0.8, resized 0.7, JPEG 60": several,
}


def photographs(folder: Path) -> list[str]:
    """Sorted absolute paths of the images of all tables in the folder."""
    tables = sorted(Path(folder).glob("*.csv"))
    listings = [registry.read("manifest", None, manifest=table) for table in tables]
    return sorted({str(listing.root / sample.path) for listing in listings for sample in listing.samples})


def against(root: Path | str, train: list, test: list) -> list[tuple]:
    """Pairs of a listing of two splits, as (train path, test path, kind)."""
    samples = [Sample(path, "train", row, 0) for row, path in enumerate(train)]
    samples += [Sample(path, "test", row, 0) for row, path in enumerate(test)]
    found = audit(Listing("manifest", Path(root), "benchmark", tuple(samples)), workers=1)
    return [
        (found.places[one][1], found.places[other][1], leakage.KINDS[kind])
        for one, other, kind in zip(found.pairs.one, found.pairs.other, found.pairs.kind)
    ]


def recall(paths: list, change: Callable) -> float:
    """Share of the photographs whose changed copy is paired with them."""
    with tempfile.TemporaryDirectory() as folder:
        for number, path in enumerate(paths):
            image = cv2.imread(path)
            cv2.imwrite(f"{folder}/{number}.png", image)
            cv2.imwrite(f"{folder}/{number}_copy.png", change(image))
        names = [str(number) for number in range(len(paths))]
        pairs = against(folder, [f"{name}.png" for name in names], [f"{name}_copy.png" for name in names])
    return sum(other == one.replace(".png", "_copy.png") for one, other, _ in pairs) / len(paths)


def person(path: str) -> str:
    """Who is on a photograph, by its file name up to its number."""
    return Path(path).stem.rsplit("_", 1)[0]


def false_alarms(paths: list) -> tuple[int, int, list]:
    """(pairs reported, those of different people, three highest correlations of different people)."""
    root = Path(paths[0]).parent
    names = [Path(path).name for path in paths]
    with mock.patch.dict(leakage.LEAST, {SIDE: 0.9, 2 * SIDE: 0.9}):
        pairs = [(one, other, kind) for one, other, kind in against(root, names, names) if one < other]
    involved = {one for one, _, _ in pairs} | {other for _, other, _ in pairs}
    fine = {name: thumbnail(decode((root / name).read_bytes()), 2 * SIDE) for name in involved}
    ones = [fine[one] for one, _, _ in pairs]
    others = [fine[other][:, ::-1] if kind == "mirrored" else fine[other] for _, other, kind in pairs]
    fitted = correlation(np.stack(ones), np.stack(others))
    strangers = np.array([person(one) != person(other) for one, other, _ in pairs])
    found = [(one, other) for one, other, _ in against(root, names, names) if one < other]
    wrong = sum(person(one) != person(other) for one, other in found)
    return len(found), wrong, np.sort(fitted[strangers])[::-1][:3].tolist()


def by_hash(paths: list) -> int:
    """Pairs of the photographs that the hashes alone would report."""
    hashed = hashes(np.stack([thumbnail(decode(Path(path).read_bytes())) for path in paths]))
    count = 0
    for seen in (hashed, mirrored(hashed)):
        one, other, _ = leakage.within(hashed, seen)
        count += int((one < other).sum())
    return count


def rates(paths: list, rounds: int = 3) -> tuple[float, float]:
    """(bare, check): the best of some rounds, in which both are measured in turn."""
    both = [(bare_rate(paths), check_rate(paths)) for _ in range(rounds)]
    return max(bare for bare, _ in both), max(check for _, check in both)


def large_milliseconds(path: str, size: tuple = (3000, 2000), repeats: int = 5) -> tuple[float, float]:
    """Of one photograph enlarged to six million pixels: (decoding, fingerprint)."""
    data = cv2.imencode(".jpg", cv2.resize(cv2.imread(path), size))[1].tobytes()
    image, begun = decode(data), time.perf_counter()
    for _ in range(repeats):
        decode(data)
    middle = time.perf_counter()
    for _ in range(repeats):
        thumbnail(image)
    return 1e3 * (middle - begun) / repeats, 1e3 * (time.perf_counter() - middle) / repeats


def bare_rate(paths: list) -> float:
    """Images a second that are read, hashed, decoded and fingerprinted in one thread."""
    begun = time.perf_counter()
    for path in paths:
        data = Path(path).read_bytes()
        hashlib.sha256(data).digest()
        thumbnail(decode(data))
    return len(paths) / (time.perf_counter() - begun)


def check_rate(paths: list) -> float:
    """Images a second of a whole audit with one worker."""
    names = [Path(path).name for path in paths]
    begun = time.perf_counter()
    against(Path(paths[0]).parent, names[::2], names[1::2])
    return len(paths) / (time.perf_counter() - begun)


def compare_seconds(train: int = 290_000, test: int = 4_000) -> float:
    """Seconds to compare the hashes of two splits, made up."""
    hashed = np.random.default_rng(0).integers(0, 2**64, train + test, np.uint64)
    begun = time.perf_counter()
    leakage.suspects(np.repeat([0, 1], [train, test]), np.arange(train + test), hashed)
    return time.perf_counter() - begun


def measure(folder: Path, count: int) -> dict:
    """Everything that is printed, by name."""
    cv2.setNumThreads(1)
    paths = photographs(folder)
    some = [paths[number] for number in np.sort(np.random.default_rng(0).permutation(len(paths))[:count])]
    found = {"photographs": len(paths), "compare_seconds": compare_seconds()}
    found["bare_rate"], found["check_rate"] = rates(paths)
    found["large_decode_ms"], found["large_fingerprint_ms"] = large_milliseconds(paths[0])
    found["found"], found["false_alarms"], found["nearest_others"] = false_alarms(paths)
    found["by_hash"] = by_hash(paths)
    return found | {"recall": {name: recall(some, change) for name, change in CHANGES.items()}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=150)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.folder, options.images)
    if options.json:
        print(json.dumps(found))
        return
    shares = found.pop("recall")
    for name, value in found.items():
        print(f"{name}: {value:.4g}" if isinstance(value, float) else f"{name}: {value}")
    print("recall", *(f"  {name:38}{share:.1%}" for name, share in shares.items()), sep="\n")


if __name__ == "__main__":
    main()
