"""Do the heads' scores depend on how long and how fast they are trained? `embed study` on three sets of features.

    python -m tests.benchmarks.length [FOLDER] [--faces faces/] [--fer2013 fer2013/] [--runs 10] [--json]

FOLDER keeps what is made, so that a later call goes on; without one, nothing is kept. The sets: the toy corpus of `make
demo` (TOY DATA); faces/, which holds tables a.csv, b.csv and c.csv; fer2013/, which holds Training/ and PublicTest/, or
fer2013.tar.gz with them, the second taken as the test split. Each has a network of its own, trained by `extract train`,
and features by `extract run`; that takes half an hour on two cores, and the study as long again. What is there as
FOLDER/NAME/features/*.h5 is not made again. What is printed:

moves             by head: the most that its multi-domain macro F1 moves, in points, where heads are trained three and
                  ten times as long, and at a third and three times of the rate
deviation         by head: of the default over its runs
verdicts_changed  how many of the differences from CAKE-3 get another verdict than with the default
strength          of the penalty, by set, and what it was chosen on"""

import argparse
import csv
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from data.files.runs import read_runs
from evaluate.statistics.scores import multi_domain
from evaluate.tables.formats.text import as_text
from evaluate.tables.length import DEFAULT, SHOWN, length, moves, read_studied, verdicts_changed
from tests.places import FACES, FER2013

DOMAINS = ("a", "b", "c")  # tables of faces/
TRAIN = ("--task", "emotion", "--recipe", "paper", "--batch", "64")


def run(*arguments: object) -> None:
    """One command of the project, in a process of its own; its progress is shown on stderr."""
    stage, *rest = map(str, arguments)
    subprocess.run([sys.executable, "-m", f"{stage}.cli", *rest], check=True, stdout=sys.stderr)


def toy(workdir: Path) -> None:
    """Features of the toy corpus as `make demo` has them."""
    run("extract", "toy", "--workdir", workdir.parent)
    for name in ("affectnet", "rafdb", "sfew"):
        run("extract", "align", "--workdir", workdir, "--dataset", name)
    for task in ("emotion", "valence-arousal"):
        how = ("--task", task, "--recipe", "paper", "--epochs", 8, "--image-size", 64, "--batch", 64)
        run("extract", "train", "--workdir", workdir, "--dataset", "affectnet", *how)
    for name in ("affectnet", "rafdb", "sfew"):
        run("extract", "run", "--workdir", workdir, "--dataset", name)


def faces(workdir: Path, tables: Path) -> None:
    """Features of three small domains, with augmented views."""
    align_faces(workdir, tables)
    domains = [part for name in DOMAINS for part in ("--dataset", name)]
    run("extract", "train", "--workdir", workdir, *domains, *TRAIN, "--image-size", 64, "--epochs", 25)
    for name in DOMAINS:
        run("extract", "run", "--workdir", workdir, "--dataset", name, "--views", 4)


def align_faces(workdir: Path, tables: Path) -> None:
    """Crops of the three domains."""
    for name in DOMAINS:
        how = ("--dataset", "manifest", "--manifest", tables / f"{name}.csv", "--name", name)
        run("extract", "align", "--workdir", workdir, *how)


def fer2013(workdir: Path, folder: Path) -> None:
    """Features of 28,709 training and 3,589 test images."""
    align_fer2013(workdir, folder)
    run("extract", "train", "--workdir", workdir, "--dataset", "fer2013", *TRAIN, "--image-size", 48, "--epochs", 8)
    run("extract", "run", "--workdir", workdir, "--dataset", "fer2013")


def align_fer2013(workdir: Path, folder: Path) -> None:
    """FER2013's images as they are, as crops."""
    run("extract", "align", "--workdir", workdir, *list_fer2013(workdir, folder), "--landmarks", "none")


def list_fer2013(workdir: Path, folder: Path) -> tuple:
    """The options of `extract align` that name FER2013, Training as training split and PublicTest as test split."""
    workdir.mkdir(parents=True, exist_ok=True)
    packed = folder / "fer2013.tar.gz"
    if packed.is_file():
        folder = workdir / "images"
        with tarfile.open(packed) as archive:
            archive.extractall(folder, filter="data")
    table = workdir / "fer2013.csv"
    with open(table, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "emotion", "split"))
        for part, split in (("Training", "train"), ("PublicTest", "test")):
            for path in sorted((folder / part).glob("*/*.jpg")):
                writer.writerow((path.relative_to(folder), path.parent.name, split))
    return "--dataset", "manifest", "--manifest", table, "--root", folder, "--name", "fer2013"


def studied(name: str, workdir: Path, runs: int) -> dict:
    """What a set of features gives, by head, and its table."""
    run("embed", "study", "--workdir", workdir, "--runs", runs)
    folder = workdir / "results" / "study"
    plain = read_runs(folder / f"{DEFAULT}.h5")
    found = read_studied(plain, folder)
    scores = {each.label: {variant: multi_domain(own, each) for variant, own in found.items()} for each in SHOWN}
    scores = {label: own for label, own in scores.items() if own[DEFAULT]}
    print(as_text(length(plain, found)), file=sys.stderr)
    return {
        "moves": {f"{name} {label}": round(moves(own), 3) for label, own in scores.items()},
        "deviation": {f"{name} {label}": round(100 * own[DEFAULT].deviation, 3) for label, own in scores.items()},
        "verdicts_changed": verdicts_changed(found)[0],
        "verdicts_asked": verdicts_changed(found)[1],
        "strength": {name: plain.provenance["penalty"]},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--faces", type=Path, default=FACES)
    parser.add_argument("--fer2013", type=Path, default=FER2013)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        found = measured(options, options.folder or Path(temporary))
    print(json.dumps(found) if options.json else _table(found))


def measured(options: argparse.Namespace, folder: Path) -> dict:
    """What is printed, over all sets whose images are there."""
    makers = {
        "toy": (folder / "toy", lambda workdir: toy(workdir), True),
        "faces": (folder / "faces", lambda workdir: faces(workdir, options.faces), options.faces.is_dir()),
        "fer2013": (
            folder / "fer2013",
            lambda workdir: fer2013(workdir, options.fer2013),
            options.fer2013.is_dir(),
        ),
    }
    found = {"moves": {}, "deviation": {}, "verdicts_changed": 0, "verdicts_asked": 0, "strength": {}}
    for name, (workdir, make, there) in makers.items():
        if not any((workdir / "features").glob("*.h5")):
            if not there:
                print(f"{name}: its images are not there; left out", file=sys.stderr)
                continue
            make(workdir)
        for what, own in studied(name, workdir, options.runs).items():
            found[what] = found[what] + own if isinstance(own, int) else found[what] | own
    return found


def _table(found):
    lines = [f"{'head':24}{'moves by':>10}{'deviation':>11}"]
    lines += [f"{head:24}{moved:>10.2f}{found['deviation'][head]:>11.2f}" for head, moved in found["moves"].items()]
    lines.append(f"{found['verdicts_changed']} of {found['verdicts_asked']} verdicts changed")
    lines += [f"{name}: penalty {each['strength']:g}, by {each['by']}" for name, each in found["strength"].items()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
