"""What features are taken with: the frozen networks, where and how they run, and what of it changes a feature."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from data.runtime.failures import Refused
from extract.crops.sources import CropsUnderWay, FinishedCrops
from extract.network.checkpoint import Checkpoint
from extract.network.inference import BATCH

ABSENT = "none"


@dataclass(frozen=True)
class Networks:
    """The checkpoints that features are taken with; without the second there is no predicted arousal-valence.

    name: of the network among several; empty for the first."""

    emotion: Checkpoint
    valence_arousal: Checkpoint | None = None
    name: str = ""

    def __iter__(self) -> Iterator[Checkpoint]:
        return (one for one in (self.emotion, self.valence_arousal) if one is not None)


@dataclass(frozen=True)
class FeatureSettings:
    """Where and how features are computed. views: augmented views of each training crop behind the plain one."""

    device: torch.device
    precision: str
    views: int = 0


def refuse_misfit(source: FinishedCrops | CropsUnderWay, networks: Networks) -> None:
    """Raise Refused where the networks were not trained on crops like these."""
    version = source.header["alignment_version"]
    for one in networks:
        if one.meta["alignment_version"] != version:
            raise Refused(
                f"the crops have alignment version {version}, the {one.meta['task']} network was trained on "
                f"{one.meta['alignment_version']}; align or train again"
            )
        if one.meta["toy"] and not source.toy:
            raise Refused(
                f"the {one.meta['task']} network was trained on the toy corpus, the crops are real images; "
                "train on real images first, or use another --workdir"
            )
    refuse_two_sizes(networks)


def refuse_two_sizes(networks: Networks) -> None:
    """Raise Refused where the networks do not see the same pixels."""
    sizes = [one.meta["image_size"] for one in networks]
    if sizes[0] != sizes[-1]:
        raise Refused(
            f"the emotion network has image size {sizes[0]}, the valence-arousal network {sizes[-1]}; train both "
            "at one --image-size"
        )


def make_header(aligned: dict, networks: Networks, settings: FeatureSettings) -> dict:
    """Everything that changes a feature; caches swept together must agree in all but aligned_digest."""
    emotion, valence_arousal = networks.emotion, networks.valence_arousal
    return {
        "emotion_sha256": emotion.sha256,
        "valence_arousal_sha256": valence_arousal.sha256 if valence_arousal else ABSENT,
        "image_size": emotion.meta["image_size"],
        "alignment_version": emotion.meta["alignment_version"],
        "precision": settings.precision,
        "device": settings.device.type,
        "feature_size": emotion.network.width,
        "views": settings.views,
        "batch": BATCH[settings.device.type],
        "shard_rows": aligned["shard_rows"],
    }
