"""The measurements of tests.benchmarks.faces: each function takes photographs and detectors and returns figures."""

import csv
import dataclasses
import functools
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from data.files.runs import read_runs
from data.sample import EYE_CORNERS, Sample
from extract.crops.cropping import Rule, outcome
from extract.faces import alignment, centerface
from extract.faces.detectors import Detector, Face, detector_named, first_found, largest_first
from extract.images.decode import decode
from tests.benchmarks import retest
from tests.places import FACES, ROOT

DOMAINS = ("a", "b", "c")
PATCHES, COMPOSITES, LEAST_PATCH = 300, 100, 24


class CenterFaceAlone(Detector):
    """CenterFace with its own landmarks, to show what dlib's are good for."""

    name = "own points"

    def faces(self, image: np.ndarray) -> list[Face]:
        """As Detector.faces."""
        return largest_first(centerface.search(image, centerface.SIDE))


@dataclasses.dataclass(frozen=True)
class Photograph:
    """One listed photograph, decoded when it is asked for."""

    domain: str
    path: str

    @property
    def pixels(self) -> np.ndarray:
        """(H, W, 3) uint8 RGB."""
        return decode((FACES / self.path).read_bytes())


def photographs(domain: str, count: int | None = None) -> list[Photograph]:
    """Those of one table of ../shared/faces; only so many, evenly taken, where a count is given."""
    with open(FACES / f"{domain}.csv", encoding="utf-8", newline="") as file:
        paths = [row["path"] for row in csv.DictReader(file)]
    kept = np.linspace(0, len(paths) - 1, min(count or len(paths), len(paths))).astype(int)
    return [Photograph(domain, paths[index]) for index in kept]


def found_in(job: tuple) -> tuple:
    """(largest Face or None, seconds of CPU) of one (Photograph, name of a detector)."""
    photograph, name = job
    image, detector = photograph.pixels, _loaded(name)
    begun = time.process_time()
    found = first_found(detector.tries(image))
    return (found[0] if found else None), time.process_time() - begun


@functools.cache
def _loaded(name):
    """The detector, with its weights in memory."""
    cv2.setNumThreads(1)
    detector = CenterFaceAlone() if name == CenterFaceAlone.name else detector_named(name)
    list(detector.tries(np.zeros((400, 400, 3), np.uint8)))
    return detector


def retest_of(job: tuple) -> dict:
    """`retest.moves` of one (Photograph, name of a detector); the changes are the same for every detector."""
    photograph, name = job
    generator = np.random.default_rng(list(photograph.path.encode()))
    return retest.moves(photograph.pixels, _loaded(name), generator)


def corner_patches(photographs: list[Photograph], boxes: dict) -> list[np.ndarray]:
    """Square patches from the corners of photographs, each as large as leaves out every box, PATCHES of them.

    boxes: path -> boxes (x, y, width, height) of all detectors."""
    found = []
    for photograph in photographs:
        image = photograph.pixels
        height, width = image.shape[:2]
        if not (around := np.array(boxes[photograph.path])).size:
            continue
        left, top = around[:, :2].min(0)
        right, bottom = (around[:, :2] + around[:, 2:]).max(0)
        for x, y in ((0, 0), (1, 0), (0, 1), (1, 1)):
            side = int(max((left, width - right)[x], (top, height - bottom)[y]))
            if LEAST_PATCH <= side <= min(height, width):
                rows, columns = slice(y * (height - side), None), slice(x * (width - side), None)
                found.append(np.ascontiguousarray(image[rows, columns][:side, :side]))
    kept = np.random.default_rng(0).permutation(len(found))[:PATCHES]
    return [found[index] for index in kept]


def false_positives(patches: list[np.ndarray], name: str) -> int:
    """In how many patches a detector finds a face."""
    return sum(bool(first_found(_loaded(name).tries(patch))) for patch in patches)


def bystanders(faces: list[tuple], name: str) -> dict:
    """What becomes of composites, half as many as there are faces: a labelled face on its side, with a box and in every
    second one landmarks, and an upright bystander beside it.

    faces: (Photograph, Face). Counts of "bystander", and of how the labelled face was found, or of the status."""
    count = Counter(bystander=0)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(len(faces) // 2):
            (own, face), (other, _) = faces[number], faces[-1 - number]
            image, sample, edge = _composite(own.pixels, face, other.pixels, number)
            (Path(folder) / sample.path).write_bytes(cv2.imencode(".png", image[..., ::-1])[1].tobytes())
            became = outcome(sample, Path(folder), Rule(detector=name), _loaded(name))
            taken = became.crops[0] if became.crops else None
            beyond = taken is not None and np.nanmean(taken.landmarks[:, 0]) > edge
            count["bystander" if beyond else taken.found_by if taken else became.status] += 1
    return dict(count)


def _composite(own, face, other, number):
    """(image, Sample, x where the bystander begins)."""
    corners, points = alignment.frame(face.landmarks), face.landmarks.points
    if number % 4 < 2:
        own, turn = np.rot90(own), lambda p, w=own.shape[1]: np.stack([p[:, 1], w - 1 - p[:, 0]], 1)
    else:
        own, turn = np.rot90(own, -1), lambda p, h=own.shape[0]: np.stack([h - 1 - p[:, 1], p[:, 0]], 1)
    corners, points = turn(corners), turn(points)
    canvas = np.full((max(own.shape[0], other.shape[0]), own.shape[1] + other.shape[1], 3), 127, np.uint8)
    canvas[: own.shape[0], : own.shape[1]] = own
    canvas[: other.shape[0], own.shape[1] :] = other
    low, high = corners.min(0), corners.max(0)
    box = tuple(map(float, (*low, *(high - low))))
    landmarks = points.astype(np.float32) if number % 2 else None
    sample = Sample(f"{number}.png", "train", number, 0, box=box, landmarks=landmarks, scheme=EYE_CORNERS)
    return canvas, sample, own.shape[1]


def landmark_distance(pairs: list[tuple]) -> float:
    """Median distance of the points of two Faces of one photograph, over the distance of the outer eye corners."""
    same = [(one.landmarks, other.landmarks) for one, other in pairs if one.landmarks.scheme == other.landmarks.scheme]
    if not same:
        return float("nan")
    outer = [np.linalg.norm(one.points[0] - one.points[2]) for one, _ in same]
    return float(np.median([_apart(one, other) / eyes for (one, other), eyes in zip(same, outer)]))


def _apart(one, other):
    return np.linalg.norm(one.points - other.points, axis=1).mean()


def cpu_milliseconds(results: list[tuple]) -> float:
    """Mean milliseconds of CPU of what `found_in` returned."""
    return 1000 * float(np.mean([seconds for _, seconds in results]))


def mean_recall(folder: Path, detector: str, *, epochs: int, domain: str) -> tuple[float, int]:
    """(mean class recall in percent of the baseline, n) on the whole test split of one domain, by the README's commands
    for photographs of one's own: whole images stand in for faces that are not found."""
    for name in DOMAINS:
        _call("extract", "align", folder, *_source(name), "--detector", detector, "--undetected", "whole")
    trained = [word for name in DOMAINS for word in ("--dataset", name)]
    how = ("--recipe", "paper", "--image-size", 64, "--epochs", epochs, "--batch", 64)
    _call("extract", "train", folder, *trained, "--task", "emotion", *how)
    for name in DOMAINS:
        _call("extract", "run", folder, "--dataset", name, "--views", 4)
    _call("embed", "sweep", folder, "--k", "1,2,3,8,64")
    runs = read_runs(folder / "results" / "runs.h5")
    confusion = runs.confusions("baseline", 0)[:, runs.classifiers.index(domain), list(runs.tests).index(domain)]
    rows = confusion.sum(2)
    recalls = [np.diag(one)[row > 0] / row[row > 0] for one, row in zip(confusion, rows)]
    return 100 * float(np.mean([recall.mean() for recall in recalls])), int(rows[0].sum())


def _source(name):
    return "--dataset", "manifest", "--manifest", FACES / f"{name}.csv", "--name", name


def _call(program, command, folder, *arguments):
    words = [sys.executable, "-m", f"{program}.cli", command, "--workdir", folder, *arguments]
    subprocess.run([str(word) for word in words], cwd=ROOT, check=True, stdout=sys.stderr)
