"""A control: the same manifest with the emotions of its training rows permuted.

    python -m tests.benchmarks.permute faces/a.csv permuted/a.csv

Then align with `--manifest permuted/a.csv --root faces`, and train. The test rows keep their labels, and every score on
them should fall to chance."""

import argparse
import csv
from pathlib import Path

import numpy as np


def permute(rows: list[dict], generator: np.random.Generator) -> list[dict]:
    """Rows (dicts with emotion and split) with the training emotions in another order."""
    emotions = generator.permutation([row["emotion"] for row in rows if row["split"] == "train"])
    in_turn = iter(emotions)
    return [{**row, "emotion": str(next(in_turn))} if row["split"] == "train" else dict(row) for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with open(options.manifest, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with open(options.output, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(permute(rows, np.random.default_rng(options.seed)))


if __name__ == "__main__":
    main()
