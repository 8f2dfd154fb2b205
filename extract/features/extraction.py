"""Aligned crops to features/NAME.h5: the networks run once over every crop, and stage two never sees an image."""

from collections.abc import Callable
from pathlib import Path

from data.files.cache import header_of, open_cache
from data.files.publish import Mismatch
from data.runtime.ranks import ALONE, Ranks
from extract.crops.aligned_cache import AlignedCache
from extract.crops.sources import CropsUnderWay, FinishedCrops
from extract.features.feature_cache import FeatureCache
from extract.features.frozen import FeatureSettings, Networks
from extract.network.inference import widths
from extract.stage_times import StageTimes


def run(
    aligned: Path,
    target: Path,
    *,
    networks: Networks,
    settings: FeatureSettings,
    ranks: Ranks = ALONE,
    progress: Callable = lambda rows, text="": None,
) -> bool:
    """Make the feature cache `target`, or finish what an interrupted call left.

    Returns False where it was made already. Raises Mismatch, Busy, DiskFull, DamagedShard, Refused (networks that do
    not fit the crops, features that are not finite)."""
    with open_cache(aligned, "aligned") as file:
        source = FinishedCrops(file)
        features = FeatureCache(source, target, networks, settings)
        ranks.together(lambda: _refuse_other_crops(file, Path(target), features.header))
        with features.held(ranks, source.digest) as made_already:
            if not made_already:
                ranks.together(lambda: features.fill(source, ranks, progress))
                ranks.on_first(lambda: features.pack(source))
    return not made_already


def _refuse_other_crops(aligned, target, header):
    """Raise Mismatch where features are there that differ from those asked for in the crops alone."""
    if not target.exists():
        return
    with open_cache(target, "features") as file:
        found = header_of(file)
        same_crops = found.pop("aligned_digest", None) == aligned.attrs["digest"]
        if same_crops or found != header:
            return
        before, now = _listed(file), _listed(aligned)
    what = f"{before:,} listed images, now {now:,}" if before != now else "other crops or labels of as many images"
    raise Mismatch(
        f"{target} was made from another {aligned.filename}: {what}; delete it, and the same command takes the "
        "features of those there are"
    )


def _listed(file):
    return sum(int(file[split]["status_counts"][()].sum()) for split in file)


def run_along(
    alignment: AlignedCache,
    target: Path,
    *,
    networks: Networks,
    settings: FeatureSettings,
    workers: int,
    ranks: Ranks = ALONE,
    progress: Callable = lambda rows, text="": None,
) -> None:
    """Finish an alignment and take the features of its shards as they come; `run` then finds them done, and packs them.

    Meant for a device beside the CPUs: on the CPU alone, alignment and networks would only slow each other down."""
    with alignment.held(ranks) as aligned_already:
        if aligned_already:
            return
        stages = {"write": 1, **widths(settings.device), "decode": workers, "detect": workers}
        meter = StageTimes(**stages)
        source = CropsUnderWay(alignment, workers, meter, progress)
        features = FeatureCache(source, target, networks, settings)
        with features.held(ranks, None):
            ranks.together(lambda: features.fill(source, ranks, meter=meter))
            ranks.on_first(alignment.pack)
