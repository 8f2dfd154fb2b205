"""A feature cache on its way: the shards of its aligned cache, each run through the networks batch by batch."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from data.files.cache import pack
from data.files.lock import claimed
from data.files.provenance import code_version, versions
from data.runtime.failures import Refused
from data.runtime.ranks import Ranks
from extract.crops.people import PEOPLE
from extract.crops.sources import CropsUnderWay, FinishedCrops
from extract.crops.stored import LABELS, pixels
from extract.features.frozen import FeatureSettings, Networks, make_header, refuse_misfit
from extract.network.augmentation import augment
from extract.network.inference import Predictor, plain, widths
from extract.stage_times import StageTimes
from extract.threads import Threads, ahead

Crops = FinishedCrops | CropsUnderWay


@dataclass(frozen=True)
class CropBatch:
    """One batch: crops start to end of a loaded shard."""

    number: int
    split: str
    arrays: dict
    start: int
    end: int

    @property
    def last(self) -> bool:
        """Whether it ends its shard."""
        return self.end == len(self.arrays["row"])


class FeatureCache:
    """One feature cache on its way, through the shards of its aligned cache."""

    def __init__(self, source: Crops, target: Path, networks: Networks, settings: FeatureSettings):
        refuse_misfit(source, networks)
        self.target, self.networks, self.settings = Path(target), networks, settings
        self.header = make_header(source.header, networks, settings)
        self.images, self.images_per_second = 0, None  # through all networks, of what this process computed

    @contextlib.contextmanager
    def held(self, ranks: Ranks, aligned_digest: str | None) -> Iterator[bool]:
        """Hold the output, with its shards ready; yields whether it was made already. Raises Busy, Mismatch."""
        header = {**self.header, "aligned_digest": aligned_digest}
        with claimed(self.target, "features", ranks, shard_header=self.header, header=header) as self.shards:
            yield self.shards is None

    def fill(
        self,
        source: Crops,
        ranks: Ranks,
        progress: Callable = lambda rows, text="": None,
        meter: StageTimes | None = None,
    ) -> None:
        """Compute and publish the shards of this process that are not there yet."""
        device, precision = self.settings.device, self.settings.precision
        meter = meter or StageTimes(write=1, **widths(device))
        predictor = Predictor([one.network for one in self.networks], device, precision, meter)

        def publish(finished):
            number, arrays = finished
            with meter.working("write"):
                self.shards.publish(number, arrays, source=source.content(number))

        with contextlib.closing(self._finished(source, predictor, ranks, progress)) as finished, Threads(1) as writer:
            for _ in ahead(writer, publish, finished, depth=2):
                pass
        seconds = meter.seconds["network"] / meter.widths["network"]
        if self.images and seconds and device.type == "cpu":  # elsewhere calls return before the work is done
            self.images_per_second = self.images / seconds

    def _finished(self, source, predictor, ranks, progress):
        """Yield (shard number, its arrays) as the batches of a shard come in."""
        outputs = []
        with (
            contextlib.closing(self._pieces(source, ranks, progress)) as pieces,
            contextlib.closing(predictor.over(pieces, self._decode, self._views)) as results,
        ):
            for piece, computed in results:
                outputs.append(computed)
                self.images += (piece.end - piece.start) * len(computed)  # of every view
                progress(piece.end - piece.start, predictor.meter)
                if piece.last:
                    yield piece.number, _arrays(piece.arrays, outputs)
                    outputs = []

    def _pieces(self, source, ranks, progress):
        batch = self.header["batch"]
        for number in source.in_turn(ranks):
            if self.shards.done(number):
                self.shards.refuse_other_source(number, source.content(number))
                progress(source.size(number), None)
                continue
            arrays = source.load(number)
            arrays["jpeg_offset"] = np.concatenate([[0], np.cumsum(arrays["jpeg_length"])])
            count = len(arrays["row"])
            for start in range(0, max(count, 1), batch):
                yield CropBatch(number, source.splits[number], arrays, start, min(start + batch, count))

    def _decode(self, piece, room):
        jpeg, offset, size = piece.arrays["jpeg"], piece.arrays["jpeg_offset"], self.header["image_size"]
        images = room((piece.end - piece.start, size, size, 3))
        for image, index in zip(np.asarray(images), range(piece.start, piece.end)):
            image[:] = pixels(jpeg[offset[index] : offset[index + 1]], size)
        return images

    def _views(self, piece):
        """The plain view; behind it augmented ones of training crops, which depend on shard, view and batch alone."""
        if piece.split != "train" or not self.settings.views:
            return plain

        def views(images):
            generators = [
                torch.Generator(self.settings.device).manual_seed(_seed(piece.number, view, piece.start))
                for view in range(1, self.settings.views + 1)
            ]
            return [images, *(augment(images, generator) for generator in generators)]

        return views

    def pack(self, source: FinishedCrops) -> None:
        """Join the shards of all processes into the cache."""
        numbers = {split: [] for split in source.splits}
        for number, split in enumerate(source.splits):
            self.shards.refuse_other_source(number, source.content(number))
            numbers[split].append(number)
        pack(
            self.target,
            "features",
            self.shards,
            {split: (numbers[split], source.counts(split) | self._held_out(source, split)) for split in numbers},
            header={**self.header, "aligned_digest": source.digest},
            toy=source.toy,
            provenance=self._provenance(source),
        )

    def _held_out(self, source, split):
        """Which training crops none of the networks has seen, of a data set that they were trained on."""
        name = self.target.stem
        trained_on = [one.held_out.get(name, ()) for one in self.networks if name in one.meta["domains"]]
        if split != "train" or not trained_on:
            return {}
        held = np.all([np.isin(source.units(split), own) for own in trained_on], 0)
        return {"held_out": held.astype(np.uint8)} if held.any() else {}

    def _provenance(self, source):
        emotion, valence_arousal = self.networks.emotion.network, self.networks.valence_arousal
        return {
            "dataset": source.provenance["dataset"],
            # features travel to other machines, and nobody needs to know where the photographs lay on this one
            "aligned": {name: value for name, value in source.provenance.items() if name != "root"},
            "code_version": code_version(),
            "versions": versions(),
            "network": self.networks.name,
            "architecture": str(emotion.architecture),
            "parameters": sum(each.numel() for each in emotion.trunk.parameters()),
            "device": str(self.settings.device),
            "emotion": self.networks.emotion.meta,
            "valence_arousal": valence_arousal.meta if valence_arousal else None,
            "images_per_second": self.images_per_second,  # on this machine, beside whatever else it did
        }


def _seed(number, view, start):
    return int(np.random.SeedSequence([number, view, start]).generate_state(1, np.uint64)[0] >> 1)


def _arrays(shard, outputs):
    """The arrays of one shard; outputs: for each batch, for each of V views, for each network, (features, outputs)."""
    arrays = {name: shard[name] for name in (*LABELS, *PEOPLE) if name in shard}
    feature = _joined(outputs, lambda networks: networks[0][0])  # (n, V, F), of the emotion network
    arrays["feature"] = _finite(feature, shard["path"]).astype(np.float16)
    if len(outputs[0][0]) > 1:
        predicted = _joined(outputs, lambda networks: networks[1][1])  # (n, V, 2), of the valence-arousal network
        arrays["valence_arousal_predicted"] = _finite(predicted, shard["path"])
    return arrays


def _joined(outputs, chosen):
    """(n, V, .): what is chosen of each view, for all batches of a shard."""
    return np.concatenate([np.stack([chosen(view) for view in views], 1) for views in outputs])


def _finite(values, paths):
    fits = np.isfinite(values) & (np.abs(values) < np.finfo(np.float16).max)
    broken = np.flatnonzero(~fits.all((1, 2)))
    if len(broken):
        raise Refused(
            f"{paths[broken[0]]} gives features that are not finite float16; use --precision float32, "
            "or train the network again"
        )
    return values
