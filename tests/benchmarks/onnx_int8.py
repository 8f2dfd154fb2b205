"""What 8-bit integers cost a head: its scores by the file of `extract export --quantize` beside those of float32.

    python -m tests.benchmarks.onnx_int8 WORKDIR [--family cake] [--k 3] [--runs 2]

WORKDIR holds checkpoints, the aligned caches of all data sets that the heads were trained on, and results/runs.h5. The
test crops of each data set go through both files, by its own classifier; ranges come from training crops alone."""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from data.emotions import EMOTIONS
from data.files.runs import read_runs
from data.heads import Family, family_named
from data.metrics import confusion_matrix, macro_f1_score
from data.networks import results_of
from embed.exported import onnx_head
from extract import stages
from extract.crops.stored import StoredCrops
from extract.features import onnx_backbone
from tests.benchmarks.onnx_speed import session_of

PRECISIONS = (onnx_backbone.FLOAT32, onnx_backbone.INT8)
BATCH = 64


def labelled(path: Path, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(crops, emotions, paths) of the labelled test rows of an aligned cache."""
    crops = StoredCrops(path, "test", size, keep=False)
    rows = np.flatnonzero(crops.emotion >= 0)
    return np.stack([crops.pixels(row) for row in rows]), crops.emotion[rows], crops.path[rows]


def named(path: Path, tests: list) -> list[np.ndarray]:
    """The emotions that a file names in each test set, by the classifier at its place."""
    session, found = session_of(path), []
    for place, (crops, _) in enumerate(tests):
        pieces = (crops[start : start + BATCH] for start in range(0, len(crops), BATCH))
        parts = [session.run(["probabilities"], {"crop": piece})[0][:, place] for piece in pieces]
        found.append(np.concatenate(parts).argmax(1))
    return found


def scores(tests: list, predicted: list) -> np.ndarray:
    """Macro F1 in percent of each test set, and last their mean by size."""
    each = [macro_f1_score(confusion_matrix(true, said, len(EMOTIONS))) for (_, true), said in zip(tests, predicted)]
    return 100 * np.array([*each, np.average(each, weights=[len(true) for _, true in tests])])


def files(workdir: Path, folder: Path, family: Family, k: int, runs: int) -> list[dict]:
    """For each run: precision -> the file of its head."""
    networks, made = stages.trained(workdir, None, "features alone"), [{} for _ in range(runs)]
    for precision in PRECISIONS:
        backbone = folder / f"{precision}.onnx"
        onnx_backbone.export(backbone, networks, workdir / "aligned", weights=precision)
        for run, each in enumerate(made):
            each[precision] = folder / f"{precision}-{run}.onnx"
            onnx_head.export(each[precision], results_of(workdir), backbone, family, k, run=run)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workdir", type=Path)
    parser.add_argument("--family", type=family_named, default="cake")
    parser.add_argument("--k", type=int, default=3)
    parser.add_argument("--runs", type=int, default=2)
    options = parser.parse_args()
    runs = read_runs(results_of(options.workdir))
    caches = [options.workdir / "aligned" / f"{name}.h5" for name in runs.classifiers]
    tests = [labelled(path, runs.provenance["image_size"])[:2] for path in caches]
    if runs.toy:
        print("TOY DATA, no measure of anything real")
    print(f"macro F1 in percent of {', '.join(runs.classifiers)}, and by test-set size; rows whose emotion is the same")
    with tempfile.TemporaryDirectory() as folder:
        for run, made in enumerate(files(options.workdir, Path(folder), options.family, options.k, options.runs)):
            said = {precision: named(path, tests) for precision, path in made.items()}
            found = {precision: scores(tests, predicted) for precision, predicted in said.items()}
            same = 100 * np.mean(np.concatenate(said["float32"]) == np.concatenate(said["int8"]))
            for precision, values in found.items():
                print(f"run {run}  {precision:<8}", *(f"{value:6.2f}" for value in values))
            moved = found["int8"] - found["float32"]
            print(f"run {run}  {'change':<8}", *(f"{value:+6.2f}" for value in moved), f" {same:.1f} % the same")


if __name__ == "__main__":
    main()
