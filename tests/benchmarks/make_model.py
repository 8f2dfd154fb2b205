"""The model that comes with the project, made from its data by the project's own commands.

    python -m tests.benchmarks.make_model FOLDER [--faces faces/] [--fer2013 fer2013/] [--epochs 20,16] [--runs 10]
        [--install]

FOLDER is the working folder. Four domains: FER2013, of which Training is trained on and PublicTest is the test split,
and the tables a.csv, b.csv and c.csv of faces/. All are brought to one template; where no detector finds a face in an
image of FER2013, the whole image is taken. A ResNet-18 is trained at 64 pixels and then goes on at 96, which costs
twice as much, there with FER2013 in its own frame too, where faces are a fifth larger; then come features, heads, and
the file. With --install these are put into data/shipped/, with their sha256. What FOLDER holds is not made again, and a
call that was stopped goes on. On two cores it takes an hour and three quarters."""

import argparse
import hashlib
import shutil
from pathlib import Path

from data.exported_model import MODEL, read_model
from data.networks import backbone_of, checkpoints_of, results_of
from data.shipped_model import FOLDER as SHIPPED_FOLDER
from data.shipped_model import SUMS
from tests.benchmarks.length import DOMAINS, align_faces, list_fer2013, run
from tests.places import FACES, FER2013

SMALL, LARGE = "small", "large"
NETWORK = {SMALL: ("--image-size", 64), LARGE: ("--image-size", 96, "--rate", 1e-3, "--mirrored")}
SETS = ("fer2013", *DOMAINS)
GIVEN = "given"  # FER2013 as it comes
SEEN = {SMALL: SETS, LARGE: (*SETS, GIVEN)}  # in training
DECIDING = "a"  # the largest set of everyday photographs; those of FER2013 were found by words for emotions
VIEWS = 2  # augmented views of training crops, for the heads
SIZES = "2,3,8"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--faces", type=Path, default=FACES)
    parser.add_argument("--fer2013", type=Path, default=FER2013)
    parser.add_argument("--epochs", type=lambda text: [int(each) for each in text.split(",")], default=[20, 16])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--install", action="store_true")
    options = parser.parse_args()
    folder = options.folder
    if not all((folder / "aligned" / f"{name}.h5").is_file() for name in (*SETS, GIVEN)):
        align(options)
    for network, epochs in zip((SMALL, LARGE), options.epochs):
        train(folder, network, epochs)
    for name in SETS:
        run("extract", "run", "--workdir", folder, "--network", LARGE, "--dataset", name, "--views", VIEWS)
    how = ("--k", SIZES, "--runs", options.runs, "--keep-weights", "--class-weights", "none")
    run("embed", "sweep", "--workdir", folder, "--network", LARGE, *how)
    made = export(folder)
    if options.install:
        install(made, results_of(folder, LARGE))


def align(options: argparse.Namespace) -> None:
    """Crops of all domains."""
    align_faces(options.folder, options.faces)
    listed = list_fer2013(options.folder, options.fer2013)
    run("extract", "align", "--workdir", options.folder, *listed, "--landmarks", "detector", "--undetected", "whole")
    given = [GIVEN if word == "fer2013" else word for word in listed]
    run("extract", "align", "--workdir", options.folder, *given, "--landmarks", "none")


def train(folder: Path, network: str, epochs: int) -> None:
    """One of the two networks; the larger one starts from the smaller one's weights."""
    start = ("--init", checkpoints_of(folder, SMALL) / "emotion.pt") if network == LARGE else ()
    domains = [part for name in SEEN[network] for part in ("--dataset", name)]
    how = ("--task", "emotion", "--recipe", "wide", "--epochs", epochs, *NETWORK[network], *start)
    run("extract", "train", "--workdir", folder, "--network", network, *domains, *how)


def export(folder: Path) -> Path:
    """The network with the head of CAKE-3 as one file."""
    made = folder / "exports" / "cake-3.onnx"
    run("extract", "export", "--workdir", folder, "--network", LARGE, "--half")
    how = ("--network", LARGE, "--backbone", backbone_of(folder, LARGE), "--classifier", DECIDING, "--calibrated")
    run("embed", "export", made, "--workdir", folder, *how)
    read_model(made, MODEL)
    return made


def install(model: Path, results: Path) -> None:
    """Put both files where the project looks for them."""
    SHIPPED_FOLDER.mkdir(exist_ok=True)
    lines = []
    for name, source in (("cake-3.onnx", model), ("runs.h5", results)):
        target = SHIPPED_FOLDER / name
        shutil.copyfile(source, target)
        lines.append(f"{hashlib.sha256(target.read_bytes()).hexdigest()}  {name}\n")
    SUMS.write_text("".join(lines))


if __name__ == "__main__":
    main()
