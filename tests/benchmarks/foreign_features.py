"""Heads on the features of a network that has nothing to do with this project: dlib's ResNet for recognising faces.

    python -m tests.benchmarks.foreign_features [FOLDER] [--faces faces/] [--runs 10] [--json]

Its weights come with face_recognition_models, 128 numbers for each crop of 150 pixels; it was trained to tell people
apart, whatever their faces show. faces/ holds tables a.csv, b.csv and c.csv of photographs. FOLDER keeps what is made;
without one, nothing is kept. Crops are aligned (some minutes on two cores), described (a quarter of an hour) and go, in
one Parquet file, through `embed import`, `embed sweep` over a logarithmic grid up to 128 and `evaluate
tables`. What is printed, by data set: macro F1 in percent, mean and sample deviation over the runs, of the 128 numbers
and of CAKE-2, 3 and 8; and the seconds of import and sweep."""

import argparse
import json
import tempfile
import time
from pathlib import Path

import dlib
import numpy as np
import pandas

from data.emotions import EMOTIONS
from data.files.runs import read_runs
from data.heads import CAKE
from data.networks import features_of, results_of
from evaluate.representations import BASELINE, Representation
from evaluate.statistics.scores import score_of
from extract.crops.stored import StoredCrops
from extract.faces.dlib_models import FIVE_POINTS
from tests.benchmarks.length import run
from tests.places import FACES

NETWORK, DOMAINS, SPLITS = "dlib", ("a", "b", "c"), ("train", "test")
SIDE = 150  # pixels of a crop as the network takes them; its own template and margin are those of ours
WEIGHTS = "dlib_face_recognition_resnet_model_v1.dat"
SHOWN = (BASELINE, *(Representation(CAKE, k) for k in (2, 3, 8)))


def described(aligned: Path) -> pandas.DataFrame:
    """A row for each crop of the aligned caches: domain, split, row, path, label and the features as a list."""
    network = dlib.face_recognition_model_v1(str(FIVE_POINTS.path().parent / WEIGHTS))
    parts = []
    for name in DOMAINS:
        for split in SPLITS:
            crops = StoredCrops(aligned / f"{name}.h5", split, SIDE, keep=False)
            features = [np.array(network.compute_face_descriptor(crops.pixels(at))) for at in range(len(crops))]
            told = {"domain": name, "split": split, "row": crops.row, "path": crops.path}
            label = [EMOTIONS[index] if index >= 0 else "" for index in crops.emotion]
            parts.append(pandas.DataFrame({**told, "label": label, "features": features}))
    return pandas.concat(parts, ignore_index=True)


def made(folder: Path, faces: Path) -> Path:
    """The Parquet file of all features in a folder."""
    for name in DOMAINS:
        if not (folder / "aligned" / f"{name}.h5").exists():
            table = ("--dataset", "manifest", "--manifest", faces / f"{name}.csv", "--name", name)
            run("extract", "align", "--workdir", folder, *table)
    target = folder / f"{NETWORK}.parquet"
    if not target.exists():
        described(folder / "aligned").to_parquet(target, index=False)
    return target


def measured(folder: Path, faces: Path, runs: int) -> dict:
    """What is printed."""
    source, seconds = made(folder, faces), {}
    network = ("--network", NETWORK)
    for what, call in {
        "import": ("embed", "import", source, "--name", NETWORK),
        "sweep": ("embed", "sweep", *network, "--k", "1..128:log", "--runs", runs),
        "tables": ("evaluate", "tables", *network),
    }.items():
        begun = time.monotonic()
        run(*call, "--workdir", folder)
        seconds[what] = round(time.monotonic() - begun, 1)
    found = read_runs(results_of(folder, NETWORK))
    scores = {name: {each.label: _score(found, each, name) for each in SHOWN} for name in DOMAINS}
    rows = {name: [found.provenance["training_rows"][name], len(found.tests[name].emotion)] for name in DOMAINS}
    bytes_ = sum(path.stat().st_size for path in features_of(folder, NETWORK).glob("*.h5"))
    return {"scores": scores, "rows": rows, "heads": len(found.outcomes), "bytes": bytes_, "seconds": seconds}


def _score(runs, representation, name):
    score = score_of(runs, representation, classifier=name, test=name)
    return [round(100 * score.mean, 1), round(100 * score.deviation, 1)]


def table(found: dict) -> str:
    lines = [f"{'':14}" + "".join(f"{name:>16}" for name in DOMAINS)]
    lines += [f"{'rows':14}" + "".join(f"{train:>9,} + {test:<4,}" for train, test in found["rows"].values())]
    for each in SHOWN:
        cells = (found["scores"][name][each.label] for name in DOMAINS)
        lines.append(f"{each.label:14}" + "".join(f"{mean:>10.1f} ± {deviation:<3.1f}" for mean, deviation in cells))
    took = ", ".join(f"{what} {seconds} s" for what, seconds in found["seconds"].items())
    return "\n".join([*lines, f"{found['heads']:,} heads; {took}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--faces", type=Path, default=FACES)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not options.faces.is_dir():
        parser.error(f"{options.faces} is not there")
    with tempfile.TemporaryDirectory() as temporary:
        found = measured(options.folder or Path(temporary), options.faces, options.runs)
    print(json.dumps(found) if options.json else table(found))


if __name__ == "__main__":
    main()
