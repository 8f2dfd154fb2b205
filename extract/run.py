"""Aligned crops to features/NAME.h5: the networks run once over every crop, and stage two never sees an image."""

from data.cache import open_cache
from extract.features import Features
from extract.meter import Meter
from extract.predict import widths
from extract.ranks import ALONE
from extract.source import Finished, UnderWay


def run(aligned, target, *, networks, settings, ranks=ALONE, progress=lambda rows, text="": None):
    """Make the feature cache `target`, or finish what an interrupted call left. Returns False where it was made already.

    networks: Networks. Raises Mismatch, Busy, DiskFull, DamagedShard, ValueError (networks that do not fit the crops,
    features that are not finite)."""
    with open_cache(aligned, "aligned") as file:
        source = Finished(file)
        features = Features(source, target, networks, settings)
        with features.held(ranks, source.digest) as made_already:
            if not made_already:
                ranks.together(lambda: features.fill(source, ranks, progress))
                ranks.on_first(lambda: features.pack(source))
    return not made_already


def run_along(alignment, target, *, networks, settings, workers, ranks=ALONE, progress=lambda rows, text="": None):
    """Finish an alignment and take the features of its shards as they come; `run` then finds them done, and packs them.

    For a device of its own beside the CPUs: on the CPU alone both would only be in each other's way."""
    with alignment.held(ranks) as aligned_already:
        if aligned_already:
            return
        meter = Meter(write=1, **{**widths(settings.device), "decode": workers, "detect": workers})
        source = UnderWay(alignment, workers, meter, progress)
        features = Features(source, target, networks, settings)
        with features.held(ranks, None):
            ranks.together(lambda: features.fill(source, ranks, meter=meter))
            ranks.on_first(alignment.pack)
