"""What the commands align, train and run do between their options and the library: they say what they found, show how
far they are, and speak for the first of several processes alone. Heavy packages are imported where they are used."""

from data.runtime.failures import Refused
from extract.options import listing_of
from extract.progress import bar, say
from extract.ranks import own_cpus


def alignment_of(workdir, landmarks, undetected, faces, source, ranks):
    """The AlignedCache that the options ask for, with what its reader found said."""
    from data.readers import registry
    from extract.crops.aligned_cache import AlignedCache
    from extract.crops.cropping import Rule

    listing = listing_of(workdir, **source)
    for note in (listing.layout, *listing.notes) if ranks.first else ():
        say(f"{source['dataset']}: {note}")
    path = workdir / "aligned" / f"{source['name'] or source['dataset']}.h5"
    rule = Rule(landmarks or ("none" if listing.aligned else "detector"), undetected, faces)
    return AlignedCache(listing, path, rule, registry.official(listing))


def align(alignment, workers, ranks):
    """Finish an AlignedCache, and say what its cache holds."""
    from extract.info import caches

    path = alignment.target
    with bar(len(alignment.listing.samples) // ranks.world, f"aligning {path.stem}", quiet=not ranks.first) as update:
        made = alignment.finish(workers or own_cpus(), ranks, update)
    if ranks.first:
        say("\n".join(caches.contents(path)) if made else f"{path} is there already")


def place(device, precision, ranks):
    """(device, precision) of a training. Raises ValueError where they are not there."""
    from extract.network.precision import choose_device, choose_precision, use_own_cpus

    use_own_cpus()
    device = choose_device(device, local=ranks.local)
    if device.type == "mps" and ranks.world > 1:
        raise Refused(
            "several processes train on cuda or cpu, and torch finds mps here; start one, or add --device cpu"
        )
    return device, precision or choose_precision(device)


def domains_of(workdir, datasets, settings):
    """Dict name -> (train StoredCrops, test StoredCrops) of caches in aligned/."""
    from extract.crops.stored import StoredCrops

    paths = {name: aligned_cache(workdir, name) for name in datasets}
    return {
        name: tuple(StoredCrops(path, split, settings.image_size) for split in ("train", "test"))
        for name, path in paths.items()
    }


def train(path, domains, settings, device, ranks):
    """Train, and say what came out."""
    from extract.training.backbone_training import train as train_network
    from extract.training.training_rows import rows_of

    rows = settings.epochs * rows_of(domains, settings.task)
    with bar(rows, f"training {settings.task}", quiet=not ranks.first) as update:
        log = train_network(path, domains, settings, device=device, ranks=ranks, progress=update)
    if ranks.first and log:
        say(f"{len(log)} epochs, last training loss {log[-1]['loss']:.4f}; log in {path.with_suffix('.csv')}")


def aligned_cache(workdir, name):
    """The path of a cache in aligned/. Raises FileNotFoundError that names the command to make it."""
    path = workdir / "aligned" / f"{name}.h5"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; make it with `extract align --dataset {name}`")
    return path


def print_scores(path, domains, settings, device):
    """Say the scores of a trained network on the test split of each domain."""
    from extract.network import checkpoint
    from extract.training.network_scores import test_scores

    network = checkpoint.load(path, settings.task).network.to(device)
    for name, (_, crops) in domains.items():
        scores = test_scores(network, crops, settings, device)
        rows = scores.pop("n")
        say(
            f"{name} test, n = {rows}: "
            f"{', '.join(f'{score} {value:.3f}' for score, value in scores.items()) or 'nothing to score'}"
        )


def networks_of(workdir, device, precision, views, ranks):
    """(Networks, FeatureSettings) of a run, from the checkpoints that are there."""
    from extract.features.feature_cache import FeatureSettings, Networks
    from extract.network import checkpoint
    from extract.network.precision import choose_device, choose_precision

    emotion = checkpoint.load(workdir / "checkpoints" / "emotion.pt", "emotion")
    regression = workdir / "checkpoints" / "valence-arousal.pt"
    regression = checkpoint.load(regression, "valence-arousal") if regression.exists() else None
    device = choose_device(device, local=ranks.local)
    settings = FeatureSettings(device, precision or choose_precision(device), views)
    if ranks.first:
        if regression is None:
            say("no checkpoints/valence-arousal.pt: the features come without predicted arousal-valence")
        say(f"networks on {device} in {settings.precision}")
    return Networks(emotion, regression), settings


def align_for(alignment, target, networks, settings, workers, ranks):
    """Align, and where the networks have a device of their own, run them on the crops as these come."""
    from extract.features.extraction import run_along

    if settings.device.type == "cpu" or target.exists() or alignment.target.exists():
        align(alignment, workers, ranks)
    else:
        with bar(
            len(alignment.listing.samples) // ranks.world, f"{target.stem}: faces and features", quiet=not ranks.first
        ) as update:
            run_along(
                alignment, target, networks=networks, settings=settings, workers=workers, ranks=ranks, progress=update
            )


def run(aligned, target, networks, settings, ranks):
    """Take the features of a finished cache, and say what theirs holds."""
    from extract.features.extraction import run as run_networks
    from extract.info import caches

    with bar(caches.crops_in(aligned) // ranks.world, f"features of {target.stem}", quiet=not ranks.first) as update:
        made = run_networks(aligned, target, networks=networks, settings=settings, ranks=ranks, progress=update)
    if ranks.first:
        say("\n".join(caches.contents(target)) if made else f"{target} is there already")
