"""Detectors side by side on the photographs of ../shared/faces: which faces they find, at what cost, and how exactly.

    python -m tests.benchmarks.faces [--detectors hog centerface chain cnn] [--images 400] [--epochs 50] [--json]

The detectors take about ten minutes on two cores, the training behind mean_recall_c half an hour more; `--epochs 0`
leaves that out. Without --images every photograph is seen; the CNN, which is slow, sees 40 of each kind. What is
printed for each detector:

coverage_a, _b, _c     percent of the photographs in which a face is found
milliseconds_a, ...    CPU time of an image, one thread
false_positives        faces found in `patches`, from the corners of the photographs, outside every detector's box
bystanders             in so many `composites`, how often an upright bystander was taken for the labelled face, which
                       lies on its side; box given, in every second one landmarks too
landmark_distance      median distance of the points from HOG's where both find the face, over that of the outer eye
                       corners
retest_median, _95     how far the crop moves, in pixels of 224, when the photograph is shifted, scaled, compressed,
                       darkened or mirrored: median and 95th percentile, on photographs where HOG finds the face
retest_lost            percent of these in which the face is then not found

"own points" is CenterFace with its own landmarks in place of dlib's. Printed

of the default alone:

cpu_share              its CPU time on a and b over that of HOG's three tries
mean_recall_c          mean class recall of the 512-d baseline, ten runs, on all test images of c, of a network trained
                       on these crops for --epochs at 64 pixels"""

import argparse
import json
import multiprocessing
import sys
import tempfile
from pathlib import Path

import numpy as np

from data.runtime.machine import available_cpus
from extract.faces.detectors import BUILT_IN, DEFAULT
from tests.benchmarks import face_figures as figures
from tests.benchmarks.face_figures import DOMAINS

REFERENCE = "hog"
SLOW, OF_SLOW = "cnn", 40  # photographs of each domain
RETESTED = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = (*BUILT_IN, figures.CenterFaceAlone.name)
    parser.add_argument("--detectors", nargs="+", choices=known, default=known)
    parser.add_argument("--images", type=int, help="only so many of each domain, evenly taken")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not figures.FACES.is_dir():
        parser.error(f"{figures.FACES} is not there")
    names = list(dict.fromkeys((REFERENCE, DEFAULT, *options.detectors)))
    with multiprocessing.get_context("spawn").Pool(available_cpus()) as pool:
        table = of_detectors(names, options.images, pool)
    default = table[DEFAULT]
    default["cpu_share"] = share(default, table[REFERENCE], ("a", "b"))
    if options.epochs:
        with tempfile.TemporaryDirectory() as folder:
            default["mean_recall_c"], default["n_c"] = figures.mean_recall(
                Path(folder), DEFAULT, epochs=options.epochs, domain="c"
            )
    print(json.dumps(default) if options.json else shown(table))


def of_detectors(names: list[str], images: int | None, pool) -> dict:
    """Name of a detector -> its figures."""
    photographs = {domain: figures.photographs(domain, images) for domain in DOMAINS}
    found = {}
    for name in names:
        print(f"{name} ...", file=sys.stderr)
        count = OF_SLOW if name == SLOW else None
        for domain in DOMAINS:
            seen = figures.photographs(domain, count) if count else photographs[domain]
            results = pool.map(figures.found_in, [(one, name) for one in seen], chunksize=8)
            found[name, domain] = {one.path: result for one, result in zip(seen, results)}
    patches = figures.corner_patches([one for seen in photographs.values() for one in seen], boxes_of(found))
    return {name: figures_of(name, found, photographs, patches, pool) for name in names}


def boxes_of(found: dict) -> dict:
    """Path -> the boxes of all detectors."""
    boxes = {}
    for results in found.values():
        for path, (face, _) in results.items():
            boxes.setdefault(path, []).extend([face.box] if face else [])
    return boxes


def figures_of(name: str, found: dict, photographs: dict, patches: list, pool) -> dict:
    """What is printed of one detector."""
    print(f"{name}: patches, composites, retest ...", file=sys.stderr)
    composites = OF_SLOW if name == SLOW else figures.COMPOSITES
    patches = patches[:OF_SLOW] if name == SLOW else patches
    of = {domain: list(found[name, domain].values()) for domain in DOMAINS}
    composed = [
        (one, found[REFERENCE, domain][one.path][0])
        for pair in zip(*(photographs[domain] for domain in ("a", "b")))
        for domain, one in zip(("a", "b"), pair)
        if found[REFERENCE, domain][one.path][0]
    ]
    both = [
        (result[0], found[REFERENCE, domain][path][0])
        for domain in DOMAINS
        for path, result in found[name, domain].items()
        if result[0] and found[REFERENCE, domain].get(path, (None,))[0]
    ]
    return {
        **{f"coverage_{domain}": 100 * np.mean([face is not None for face, _ in of[domain]]) for domain in DOMAINS},
        **{f"milliseconds_{domain}": figures.cpu_milliseconds(of[domain]) for domain in DOMAINS},
        "false_positives": figures.false_positives(patches, name),
        "patches": len(patches),
        "bystanders": figures.bystanders(composed[:composites] + composed[-composites:], name)["bystander"],
        "composites": composites,
        "landmark_distance": figures.landmark_distance(both),
        **retested(name, found, photographs, pool),
    }


def retested(name: str, found: dict, photographs: dict, pool) -> dict:
    """How far crops move, on evenly taken photographs where HOG finds the face."""
    jobs = []
    for domain in DOMAINS:
        seen = [one for one in photographs[domain] if found[REFERENCE, domain][one.path][0]]
        kept = np.linspace(0, len(seen) - 1, min(len(seen), RETESTED // (6 if name == SLOW else 1))).astype(int)
        jobs += [(seen[index], name) for index in np.unique(kept)]
    moves = [far for one in pool.map(figures.retest_of, jobs, chunksize=4) for far in sum(one.values(), [])]
    there = np.array(moves)[~np.isnan(moves)]
    return {
        "retest_median": np.median(there),
        "retest_95": np.percentile(there, 95),
        "retest_lost": 100 * np.mean(np.isnan(moves)),
    }


def share(of: dict, reference: dict, domains: tuple) -> float:
    """CPU time of an image over that of another detector, mean of domains."""
    times = [[one[f"milliseconds_{domain}"] for domain in domains] for one in (of, reference)]
    return float(np.sum(times[0]) / np.sum(times[1]))


def shown(table: dict) -> str:
    """The table as text, a column for each detector."""
    lines = [f"{'':20}" + "".join(f"{name:>12}" for name in table)]
    for figure in dict.fromkeys(figure for one in table.values() for figure in one):
        cells = (one.get(figure) for one in table.values())
        lines.append(f"{figure:20}" + "".join(f"{'' if cell is None else round(float(cell), 3):>12}" for cell in cells))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
