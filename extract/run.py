"""Aligned crops to features/NAME.h5: the networks run once over every crop, and stage two never sees an image."""

from pathlib import Path

import numpy as np
import torch

from data.cache import FEATURE_SIZE, header_of, open_cache, pack, provenance_of, read_split
from data.provenance import code_version, versions
from data.publish import Shards, lock, refuse_difference
from data.sample import SPLITS
from extract.augment import augment
from extract.batches import LABELS, Crops
from extract.predict import BATCH, outputs_of

SHARD_ROWS = 1024
ABSENT = "none"


def run(aligned, target, *, emotion, valence_arousal, device, precision, views=0, progress=lambda rows: None):
    """Make the feature cache `target`, or finish what an interrupted call left. Returns False where it was made already.

    emotion, valence_arousal: Checkpoints, the second may be None (no predicted arousal-valence then). views: how many
    augmented views of each training crop are cached behind the plain one; test crops are taken plain alone.
    Raises Mismatch, Busy, ValueError (checkpoints that do not fit the crops or each other)."""
    target = Path(target)
    refuse_misfit(aligned, emotion, valence_arousal)
    with open_cache(aligned, "aligned") as file:
        header, toy = make_header(file, emotion, valence_arousal, device, precision, views), bool(file.attrs["toy"])
        plan, provenance = _plan(file), _provenance(file, emotion, valence_arousal, device)
        extra = {split: _counts(file, split) for split in SPLITS if split in file}
    with lock(target):
        if target.exists():
            with open_cache(target, "features") as file:
                refuse_difference(target, header_of(file), header)
            return False
        shards = Shards(target, header)
        networks = [one.network.to(device) for one in filter(None, (emotion, valence_arousal))]
        _fill(shards, plan, aligned, networks, header["image_size"], device, precision, progress)
        numbers = {split: [number for number, row in enumerate(plan) if row[0] == split] for split in extra}
        pack(target, "features", shards, {split: (numbers[split], extra[split]) for split in extra}, toy=toy, provenance=provenance)
    return True


def refuse_misfit(aligned, emotion, valence_arousal):
    with open_cache(aligned, "aligned") as file:
        version, toy = header_of(file)["alignment_version"], bool(file.attrs["toy"])
    for one in filter(None, (emotion, valence_arousal)):
        if one.meta["alignment_version"] != version:
            raise ValueError(f"{aligned} has alignment version {version}, the {one.meta['task']} network was trained on "
                             f"{one.meta['alignment_version']}; align or train anew")
        if one.meta["toy"] and not toy:
            raise ValueError(f"the {one.meta['task']} network was trained on the toy corpus, {aligned} holds real images; "
                             "train on real images first, or use another --workdir")
    if valence_arousal and valence_arousal.meta["image_size"] != emotion.meta["image_size"]:
        raise ValueError(f"the emotion network has image size {emotion.meta['image_size']}, the valence-arousal network "
                         f"{valence_arousal.meta['image_size']}; train both at one --image-size")


def make_header(file, emotion, valence_arousal, device, precision, views):
    """Everything that changes a feature; caches swept together must agree in all but aligned_digest."""
    return {"aligned_digest": file.attrs["digest"], "emotion_sha256": emotion.sha256,
            "valence_arousal_sha256": valence_arousal.sha256 if valence_arousal else ABSENT,
            "image_size": emotion.meta["image_size"], "alignment_version": emotion.meta["alignment_version"],
            "precision": precision, "device": device.type, "feature_size": FEATURE_SIZE, "views": views, "batch": BATCH,
            "shard_rows": SHARD_ROWS}


def _provenance(file, emotion, valence_arousal, device):
    made = {"dataset": provenance_of(file)["dataset"], "aligned": provenance_of(file), "code_version": code_version(),
            "versions": versions(), "device": str(device), "emotion": emotion.meta}
    return {**made, "valence_arousal": valence_arousal.meta if valence_arousal else None}


def _plan(file):
    """List of (split, first row, end row); the position in this list is the shard's number."""
    return [(split, start, min(start + SHARD_ROWS, len(file[split]["row"]))) for split in SPLITS if split in file
            for start in range(0, len(file[split]["row"]), SHARD_ROWS)]


def _counts(file, split):
    names = [name for name in ("status_counts", "try_counts", "official_counts") if name in file[split]]
    return read_split(file, split, names)


def _fill(shards, plan, aligned, networks, image_size, device, precision, progress):
    crops = {}
    for number, (split, start, end) in enumerate(plan):
        if not shards.done(number):
            if split not in crops:
                crops = {split: Crops(aligned, split, image_size, keep=False)}
            views = shards.header["views"] if split == "train" else 0
            passes = [outputs_of(networks, crops[split], np.arange(start, end), device=device, precision=precision, change=change)
                      for change in _changes(views, number, device)]
            shards.publish(number, _arrays(crops[split], slice(start, end), passes))
        progress(end - start)


def _changes(views, number, device):
    """What is done to the crops of a shard before each pass: nothing, then each view's augmentation, by shard and view alone."""
    yield lambda images: images
    for view in range(1, views + 1):
        generator = torch.Generator(device).manual_seed(number * 1009 + view)
        yield lambda images: augment(images, generator)


def _arrays(crops, rows, passes):
    """The arrays of one shard; passes: for each of V views, for each network, (features, outputs)."""
    arrays = {name: getattr(crops, name)[rows] for name in LABELS}
    feature = np.stack([one[0][0] for one in passes], 1)  # (n, V, 512)
    arrays["feature"] = _finite(feature, arrays["path"]).astype(np.float16)
    if len(passes[0]) > 1:
        predicted = np.stack([one[1][1] for one in passes], 1)  # (n, V, 2)
        arrays["valence_arousal_predicted"] = _finite(predicted, arrays["path"])
    return arrays


def _finite(values, paths):
    broken = np.flatnonzero(~(np.isfinite(values) & (np.abs(values) < np.finfo(np.float16).max)).all((1, 2)))
    if len(broken):
        raise ValueError(f"{paths[broken[0]]} gives features that are no finite float16; use --precision float32, "
                         "or train the network anew")
    return values
