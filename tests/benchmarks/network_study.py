"""Does a way of training give better features, and do these give a better CAKE-3? Networks of several ways, each with
several seeds, trained, swept and compared by the project's own commands.

    python -m tests.benchmarks.network_study FOLDER [--sets fer2013,faces] [--ways plain,locality,covariance,...]
        [--seeds 3] [--epochs N] [--image-size 48] [--batch 128] [--recipe wide] [--runs 10] [--faces faces/]
        [--fer2013 fer2013/]

Each set has a working folder of its own, FOLDER/SET. FER2013 is trained on Training and tested on PublicTest; faces/
holds tables a.csv, b.csv and c.csv, whose training splits are trained on together. A network is named after its way and
seed. A transferred one starts from the other set's plain network of the first seed, so both sets are needed. Networks
of the small set are trained for more epochs.

Whatever is there already is not made again, and a call that was stopped goes on: the commands see to that, and they
refuse what was made with other settings. What `evaluate compare` says of each set is shown, and lies in
FOLDER/SET/results/compare/."""

import argparse
from pathlib import Path

from extract.training_recipe import RECIPES
from tests.benchmarks.length import DOMAINS, align_faces, align_fer2013, run
from tests.places import FACES, FER2013

START = "START"  # stands for the checkpoint that a network starts from
WAYS = {
    "plain": (),
    "locality": ("--loss", "locality-preserving"),
    "covariance": ("--pooling", "covariance"),
    "transferred": ("--init", START),
    "mirrored": ("--mirrored",),
}
ASKED = ("plain", "locality", "covariance", "transferred")  # where none is named
SETS = {"fer2013": ("fer2013",), "faces": DOMAINS}  # their domains
OTHER = {"fer2013": "faces", "faces": "fer2013"}  # where a transferred network comes from
EPOCHS = {"fer2013": 12, "faces": 40}
VIEWS = {"fer2013": 0, "faces": 4}  # augmented views of training crops: the small domains need them
SIZES = "1,2,3,8,64"
RECIPE = "wide"  # by which the networks in docs/networks.md were trained


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sets", type=lambda text: text.split(","), default=list(SETS))
    parser.add_argument("--ways", type=lambda text: text.split(","), default=list(ASKED))
    for name, value in (("seeds", 3), ("epochs", None), ("image-size", 48), ("batch", 128), ("runs", 10)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--recipe", choices=list(RECIPES), default=RECIPE)
    parser.add_argument("--faces", type=Path, default=FACES)
    parser.add_argument("--fer2013", type=Path, default=FER2013)
    options = parser.parse_args()
    refuse_unknown(parser, options)
    align(options)
    for way in sorted(options.ways, key=lambda way: START in WAYS[way]):  # those that start from others come last
        for name in options.sets:
            for seed in range(options.seeds):
                train(options, name, way, seed)
    for name in options.sets:
        compare(options, name)


def refuse_unknown(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End with a message where a set or a way is none, or a network would have nothing to start from."""
    for kind, named, known in (("--sets", options.sets, SETS), ("--ways", options.ways, WAYS)):
        if not set(named) <= set(known):
            parser.error(f"{kind}: {', '.join(named)} asked for, known are {', '.join(known)}")
    transferred = any(START in WAYS[way] for way in options.ways)
    made = set(options.sets) == set(SETS) and "plain" in options.ways
    if transferred and not made and not all(start_of(options.folder, name).is_file() for name in options.sets):
        parser.error("a transferred network starts from the other set's plain one: give both sets and the way plain")


def align(options: argparse.Namespace) -> None:
    """The crops of every set, where they are not there."""
    makers = {"fer2013": (align_fer2013, options.fer2013), "faces": (align_faces, options.faces)}
    for name in options.sets:
        make, images = makers[name]
        workdir = options.folder / name
        if not all((workdir / "aligned" / f"{domain}.h5").is_file() for domain in SETS[name]):
            make(workdir, images)


def start_of(folder: Path, name: str) -> Path:
    """The checkpoint that the transferred networks of a set start from."""
    return folder / OTHER[name] / "checkpoints" / network("plain", 0) / "emotion.pt"


def network(way: str, seed: int) -> str:
    """Its name."""
    return f"{way}-{seed}"


def train(options: argparse.Namespace, name: str, way: str, seed: int) -> None:
    """One network and its features of every domain of a set."""
    place = ("--workdir", options.folder / name, "--network", network(way, seed))
    own = [start_of(options.folder, name) if word == START else word for word in WAYS[way]]
    domains = [part for domain in SETS[name] for part in ("--dataset", domain)]
    epochs = options.epochs or EPOCHS[name]
    how = ("--recipe", options.recipe, "--image-size", options.image_size, "--epochs", epochs, "--batch", options.batch)
    run("extract", "train", *place, *domains, "--task", "emotion", *how, "--seed", seed, *own)
    for domain in SETS[name]:
        run("extract", "run", *place, "--dataset", domain, "--views", VIEWS[name])


def compare(options: argparse.Namespace, name: str) -> None:
    """Heads on the features of all networks of a set, and what they say side by side."""
    workdir = ("--workdir", options.folder / name)
    names = [network(way, seed) for way in options.ways for seed in range(options.seeds)]
    networks = [part for each in names for part in ("--network", each)]
    run("embed", "sweep", *workdir, *networks, "--k", SIZES, "--runs", options.runs)
    if len(names) > 1:
        run("evaluate", "compare", *names, *workdir)


if __name__ == "__main__":
    main()
