"""What the commands align, train and run do between their options and the library.

They say what they found and show how far they are; of several processes, only the first speaks. Heavy packages are
imported where they are used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from data.networks import checkpoints_of
from data.runtime.progress import bar, say
from data.runtime.ranks import Ranks, own_cpus
from data.shipped_model import SHIPPED, shipped_model
from extract.options import align_command, listing_of

if TYPE_CHECKING:
    import torch

    from extract.crops.aligned_cache import AlignedCache
    from extract.features.frozen import FeatureSettings, Networks
    from extract.network.checkpoint import Checkpoint
    from extract.training.backbone_training import TrainingSettings


def alignment_of(
    workdir: Path, landmarks: str | None, undetected: str, faces: str, detector: str, source: dict, ranks: Ranks
) -> AlignedCache:
    """The AlignedCache that the options ask for; says what its reader found."""
    from data.readers import registry
    from extract.crops.aligned_cache import AlignedCache
    from extract.crops.cropping import Rule

    listing = listing_of(workdir, **source)
    if ranks.first:
        for note in (listing.layout, f"images below {listing.root}", *listing.notes, *listing.gaps()):
            say(f"{source['dataset']}: {note}")
    path = workdir / "aligned" / f"{source['name'] or source['dataset']}.h5"
    rule = Rule(landmarks or ("none" if listing.aligned else "detector"), undetected, faces, detector)
    return AlignedCache(listing, path, rule, registry.official(listing))


def alignment_for_run(workdir: Path, rule: dict, source: dict, ranks: Ranks) -> AlignedCache | None:
    """The AlignedCache that the options ask for; None where aligned/NAME.h5 is there and what it was made from is not,
    or NAME is that of a cache alone. Raises Refused that lists the readers where it is neither."""
    from data.readers import registry
    from data.readers.reader import WrongTree

    cache = workdir / "aligned" / f"{source['name'] or source['dataset']}.h5"
    if source["dataset"] not in registry.names() and cache.is_file():
        return None
    try:
        return alignment_of(workdir, **rule, source=source, ranks=ranks)
    except WrongTree as error:
        if source["root"] is not None or not cache.is_file():
            raise
        if ranks.first:
            say(f"{str(error).splitlines()[0].split('. Expected')[0]}; {cache} is used as it is")
        return None


def align(alignment: AlignedCache, workers: int | None, ranks: Ranks) -> None:
    """Finish an AlignedCache, and say what its cache holds."""
    from extract.info import caches

    path = alignment.target
    with bar(len(alignment.listing.samples) // ranks.world, f"aligning {path.stem}", quiet=not ranks.first) as update:
        made = alignment.finish(workers or own_cpus(), ranks, update)
    if ranks.first:
        changes = [alignment.changes] if alignment.changes else []
        held = caches.contents(path) if made else [caches.there_already(path)]
        say("\n".join([*changes, *held, *caches.unopened(path)]))


def place(device: str | None, precision: str | None, ranks: Ranks) -> tuple[torch.device, str]:
    """(device, precision) of a training. Raises Refused where the device is not there."""
    from data.runtime.device import choose_device, choose_precision, use_own_cpus

    use_own_cpus()
    device = choose_device(device, ranks)
    return device, precision or choose_precision(device)


def domains_of(workdir: Path, datasets: tuple, settings: TrainingSettings) -> dict:
    """Dict name -> (train StoredCrops, test StoredCrops) of caches in aligned/."""
    from extract.crops.stored import StoredCrops

    paths = {name: aligned_cache(workdir, name) for name in datasets}
    return {
        name: tuple(StoredCrops(path, split, settings.image_size) for split in ("train", "test"))
        for name, path in paths.items()
    }


def initial_of(init: str | Path) -> tuple[str, Checkpoint | None]:
    """(what TrainingSettings says of --init, the checkpoint that it names or None)."""
    from extract.network import checkpoint

    if isinstance(init, str):
        return init, None
    initial = checkpoint.load(init)
    return initial.sha256, initial


def train(
    path: Path,
    domains: dict,
    settings: TrainingSettings,
    device: torch.device,
    ranks: Ranks,
    initial: Checkpoint | None = None,
) -> None:
    """Train, and say what came out."""
    from extract.training.backbone_training import train as train_network
    from extract.training.training_rows import rows_of

    rows = settings.epochs * rows_of(domains, settings.task, settings.hold_out)
    with bar(rows, f"training {settings.task}", quiet=not ranks.first) as update:
        log = train_network(path, domains, settings, device=device, ranks=ranks, initial=initial, progress=update)
    if ranks.first and log:
        say(f"{len(log)} epochs, last training loss {log[-1]['loss']:.4f}; log in {path.with_suffix('.csv')}")


def aligned_cache(workdir: Path, name: str) -> Path:
    """The path of a cache in aligned/. Raises FileNotFoundError that names the command to make it."""
    path = workdir / "aligned" / f"{name}.h5"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; make it with {align_command(workdir, name)}")
    return path


def print_scores(path: Path, domains: dict, settings: TrainingSettings, device: torch.device) -> None:
    """Say the scores of a trained network on the rows it has never seen and the test split of each domain."""
    import numpy as np

    from extract.crops.hold_out import units
    from extract.network import checkpoint
    from extract.training.network_scores import scores_of

    trained = checkpoint.load(path, settings.task)
    network = trained.network.to(device)
    for name, (train, test) in domains.items():
        held_out = np.flatnonzero(np.isin(units(train.path, train.cluster), trained.held_out.get(name, ())))
        for what, crops, chosen in (("held out", train, held_out), ("test", test, np.arange(len(test)))):
            scores = scores_of(network, crops, settings, device, chosen)
            rows = scores.pop("n")
            shown = ", ".join(f"{score} {value:.3f}" for score, value in scores.items())
            if shown or crops is test:
                say(f"{name} {what}, n = {rows}: {shown or 'nothing to score'}")


def trained(workdir: Path, network: str | None, lacking: str, *, quiet: bool = False) -> Networks:
    """The Networks whose checkpoints are there; says which regression serves, or what is `lacking` without one.

    network: its name among several, None for the first, whose regression serves where one has none of its own; SHIPPED
    for that of the model that comes with the project."""
    from extract.features.frozen import Networks
    from extract.network import checkpoint

    if network == SHIPPED:
        from extract.features.exported_networks import read_networks

        return read_networks(shipped_model(), SHIPPED)

    emotion = checkpoint.load(checkpoints_of(workdir, network) / "emotion.pt", "emotion")
    places = dict.fromkeys(checkpoints_of(workdir, own) / "valence-arousal.pt" for own in (network, None))
    found = next((path for path in places if path.exists()), None)
    if not quiet and found is None:
        say(f"no checkpoints/valence-arousal.pt: {lacking}")
    elif not quiet and network:
        say(f"predicted arousal-valence is that of {found}")
    return Networks(emotion, checkpoint.load(found, "valence-arousal") if found else None, network or "")


def networks_of(
    workdir: Path, network: str | None, device: str | None, precision: str | None, views: int, ranks: Ranks
) -> tuple[Networks, FeatureSettings]:
    """(Networks, FeatureSettings) of a run, from the checkpoints that are there."""
    from data.runtime.device import choose_device, choose_precision
    from extract.features.frozen import FeatureSettings

    lacking = "the features come without predicted arousal-valence"
    networks = trained(workdir, network, lacking, quiet=not ranks.first)
    device = choose_device(device, ranks)
    settings = FeatureSettings(device, precision or choose_precision(device), views)
    if ranks.first:
        say(f"networks on {device} in {settings.precision}")
    return networks, settings


def export(target: Path, networks: Networks, workdir: Path, weights: str) -> None:
    """Write networks as one ONNX file, and say what it cannot tell of the crops they were trained on."""
    from extract.features.onnx_backbone import export as write

    untold = write(target, networks, workdir / "aligned", weights=weights)
    if untold:
        paths = " and ".join(str(workdir / "aligned" / f"{name}.h5") for name in untold)
        say(f"{paths} of the training not at hand: the file does not say which detector found these faces")


def align_for(
    alignment: AlignedCache, target: Path, networks: Networks, settings: FeatureSettings, workers: int, ranks: Ranks
) -> None:
    """Align, and where the networks have a device of their own, run them on the crops as these come."""
    from extract.features.extraction import run_along

    if settings.device.type == "cpu" or target.exists() or alignment.target.exists():
        align(alignment, workers, ranks)
    else:
        rows = len(alignment.listing.samples) // ranks.world
        with bar(rows, f"{target.stem}: faces and features", quiet=not ranks.first) as update:
            run_along(
                alignment, target, networks=networks, settings=settings, workers=workers, ranks=ranks, progress=update
            )


def run(aligned: Path, target: Path, networks: Networks, settings: FeatureSettings, ranks: Ranks) -> None:
    """Take the features of a finished aligned cache, and say what their cache holds."""
    from extract.features.extraction import run as run_networks
    from extract.info import caches

    with bar(caches.crops_in(aligned) // ranks.world, f"features of {target.stem}", quiet=not ranks.first) as update:
        made = run_networks(aligned, target, networks=networks, settings=settings, ranks=ranks, progress=update)
    if ranks.first:
        say("\n".join(caches.contents(target) if made else [caches.there_already(target)]))
