"""Feature caches of the paper's size, made up: random features with planted structure, no image behind them.

Eight hidden factors drive the class, with weight on the first three; arousal-valence is a noisy sight of two of them.
Classes overlap, are as uneven as in the paper's data sets, are seen a little differently by each domain, and one label
in eight is wrong. So heads have something to find in three dimensions, a little more in further ones, and no head gets
all rows right.

    python -m tests.benchmarks.planted FOLDER    writes FOLDER/features/{affectnet,rafdb,sfew}.h5

The files call themselves planted data."""

import argparse
from pathlib import Path

import h5py
import numpy as np

from data.coverage import STATUSES, TRIES, status_counts
from data.files.cache import seal
from data.files.hdf5 import write_array

FEATURES = 512  # the paper's
# Rows of each class in training and test sets, scaled to the totals below: AffectNet and RAF-DB as published, SFEW by
# the frames of each class.
COUNTS = {
    "affectnet": ((74_874, 134_415, 25_459, 14_090, 6_378, 3_803, 24_882), (500,) * 7),
    "rafdb": ((2_524, 4_772, 1_982, 1_290, 281, 717, 705), (680, 1_185, 478, 329, 74, 160, 162)),
    "sfew": ((150, 198, 172, 96, 98, 66, 178), (86, 73, 73, 57, 47, 23, 77)),
}
ROWS = {"affectnet": (283_901, 3_500), "rafdb": (11_271, 3_068), "sfew": (871, 436)}
FACTORS = np.array([1.6, 1.3, 1.1, 0.5, 0.4, 0.3, 0.3, 0.2])  # how far the classes lie apart along each
WRONG_LABELS = 1 / 8
HEADER = {
    "emotion_sha256": "planted",
    "valence_arousal_sha256": "planted",
    "image_size": 224,
    "alignment_version": 1,
    "precision": "float32",
    "feature_size": FEATURES,
    "views": 0,
    "aligned_digest": "planted",
}


def write(folder: Path | str, *, share: float = 1.0, seed: int = 0) -> list[Path]:
    """Write the three caches below folder/features/, `share` of the paper's rows each. Returns their paths."""
    folder = Path(folder) / "features"
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _write(folder / f"{name}.h5", index, share, np.random.default_rng((seed, index)))
        for index, name in enumerate(ROWS)
    ]


def _write(path, index, share, generator):
    common, own = np.random.default_rng(7), np.random.default_rng((7, index))
    centres = (common.normal(size=(7, len(FACTORS))) + 0.3 * own.normal(size=(7, len(FACTORS)))) * FACTORS
    mixing = common.normal(size=(len(FACTORS), FEATURES)) / 8
    with h5py.File(path, "w") as file:
        for split, counts, rows in zip(("train", "test"), COUNTS[path.stem], ROWS[path.stem]):
            arrays = _split(counts, max(70, round(share * rows)), centres, mixing, generator)
            for name, array in arrays.items():
                write_array(file, f"{split}/{name}", array)
        provenance = {"emotion": {"domains": {"planted data": {}}}}
        seal(file, "features", header=HEADER, toy=True, provenance=provenance)
    return path


def _split(counts, rows, centres, mixing, generator):
    emotion = np.concatenate([np.arange(7), generator.choice(7, rows - 7, p=np.array(counts) / sum(counts))])
    hidden = (centres[emotion] + generator.normal(size=(rows, len(FACTORS)))).astype(np.float32)
    feature = np.empty((rows, 1, FEATURES), np.float16)
    for start in range(0, rows, 8192):
        piece = hidden[start : start + 8192]
        noise = generator.standard_normal((len(piece), FEATURES), np.float32)
        feature[start : start + 8192, 0] = piece @ mixing.astype(np.float32) + 0.3 * noise
    wrong = generator.random(rows) < WRONG_LABELS
    wrong[:7] = False
    label = np.where(wrong, generator.integers(0, 7, rows), emotion).astype(np.int8)
    annotated = np.clip(0.3 * centres[emotion][:, :2] / FACTORS[:2] + 0.1 * generator.normal(size=(rows, 2)), -1, 1)
    predicted = hidden[:, None, :2] / 3 + 0.2 * generator.normal(size=(rows, 1, 2))
    return {
        "feature": feature,
        "valence_arousal_predicted": predicted.astype(np.float32),
        "emotion": label,
        "valence_arousal": annotated.astype(np.float32),
        "row": np.arange(rows),
        "face": np.zeros(rows, np.int16),
        "path": np.array([""] * rows, object),
        "status_counts": status_counts(label, np.full(rows, STATUSES.index("ok"))),
        "try_counts": np.zeros(len(TRIES), np.int64),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--share", type=float, default=1.0, help="of the paper's rows")
    options = parser.parse_args()
    for path in write(options.folder, share=options.share):
        print(path)


if __name__ == "__main__":
    main()
