"""Aligned crops to features/NAME.h5: the networks run once over every crop, and stage two never sees an image."""

from data.files.cache import open_cache
from data.runtime.ranks import ALONE
from extract.crops.sources import CropsUnderWay, FinishedCrops
from extract.features.feature_cache import FeatureCache
from extract.network.inference import widths
from extract.stage_times import StageTimes


def run(aligned, target, *, networks, settings, ranks=ALONE, progress=lambda rows, text="": None):
    """Make the feature cache `target`, or finish what an interrupted call left. Returns False where it was made
    already.

    networks: Networks. Raises Mismatch, Busy, DiskFull, DamagedShard, ValueError (networks that do not fit the crops,
    features that are not finite)."""
    with open_cache(aligned, "aligned") as file:
        source = FinishedCrops(file)
        features = FeatureCache(source, target, networks, settings)
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
        meter = StageTimes(write=1, **{**widths(settings.device), "decode": workers, "detect": workers})
        source = CropsUnderWay(alignment, workers, meter, progress)
        features = FeatureCache(source, target, networks, settings)
        with features.held(ranks, None):
            ranks.together(lambda: features.fill(source, ranks, meter=meter))
            ranks.on_first(alignment.pack)
