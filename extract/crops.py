"""A listing to aligned/NAME.h5: every listed image gets a manifest row, every face found a crop."""

import hashlib
from dataclasses import asdict
from functools import partial
from importlib import metadata

import numpy as np

from data.cache import STATUSES, TRIES, header_of, open_cache, pack, status_counts
from data.provenance import code_version, versions
from data.publish import Shards, lock, refuse_difference
from data.sample import SPLITS
from extract.align import ALIGNMENT_VERSION, CROP_SIZE
from extract.faces import JPEG_QUALITY, Outcome, outcome
from extract.workers import Failed, supervise

SHARD_ROWS = 1024
CRASHES_ALLOWED = 0.01  # above this share of crashed rows it is the software that fails, not the images,
CRASHES_TOLERATED = 3  # however short the list


def align(listing, target, *, rule, workers, official=None, progress=lambda rows: None):
    """Make `target`, or finish what an interrupted call left. Returns False where it was made already.

    official: dict split -> (7,) official counts, stored for the report of coverage. progress(n) is called with counts
    of rows done. Raises data.publish.Mismatch where target or its shards were made otherwise,
    Busy, ChildProcessError where too many images crash their worker."""
    header = make_header(listing, rule)
    with lock(target):
        if target.exists():
            with open_cache(target, "aligned") as file:
                refuse_difference(target, header_of(file), header)
            return False
        shards = Shards(target, header)
        plan = _plan(listing)
        _fill(shards, plan, listing.root, rule, workers=workers, progress=progress)
        pack(target, "aligned", shards, _splits(plan, shards, official or {}), toy=listing.toy,
             provenance={"dataset": listing.dataset, "layout": listing.layout, "rule": asdict(rule),
                         "code_version": code_version(), "versions": versions()})
    return True


def make_header(listing, rule):
    """Everything that changes a crop or its label; two calls with equal headers make equal caches."""
    return {"list_digest": list_digest(listing), "alignment_version": ALIGNMENT_VERSION, "crop_size": CROP_SIZE,
            "jpeg_quality": JPEG_QUALITY, "shard_rows": SHARD_ROWS, "toy": listing.toy, **asdict(rule),
            "opencv": metadata.version("opencv-python"), "dlib": metadata.version("dlib-bin")}


def list_digest(listing):
    """sha256 over every field of every sample."""
    digest = hashlib.sha256()
    for sample in listing.samples:
        fields = (sample.path, sample.split, sample.row, sample.emotion, sample.left_out, sample.box, sample.valence,
                  sample.arousal)
        digest.update(repr(fields).encode())
        for array in (sample.landmarks, sample.pixels):
            digest.update(b"-" if array is None else array.tobytes())
    return digest.hexdigest()


def _plan(listing):
    """List of (split, samples) in shards of consecutive rows; the position in this list is the shard's number."""
    return [(split, samples[start : start + SHARD_ROWS]) for split in SPLITS if (samples := listing.of(split))
            for start in range(0, len(samples), SHARD_ROWS)]


def _fill(shards, plan, root, rule, *, workers, progress):
    todo = [number for number in range(len(plan)) if not shards.done(number)]
    rows = sum(len(samples) for _, samples in plan)
    progress(rows - sum(len(plan[number][1]) for number in todo))
    crashed = 0
    for number, outcomes in _finished(plan, todo, partial(outcome, root=root, rule=rule), workers, progress):
        crashed += sum(one.status == "crashed" for one in outcomes)
        if crashed > max(CRASHES_TOLERATED, CRASHES_ALLOWED * rows):
            raise ChildProcessError(f"{crashed} images crashed their worker ({_reason(outcomes)}); that points to the "
                                   "installation, not to the images; finished shards are kept")
        shards.publish(number, shard_arrays(plan[number][1], outcomes))


def _finished(plan, todo, work, workers, progress):
    """Yield (shard number, outcomes in row order) as shards fill up."""
    outcomes = {number: [Outcome("left_out", sample.left_out) if sample.left_out else None for sample in plan[number][1]]
                for number in todo}
    waiting = {number: outcomes[number].count(None) for number in todo}
    for number in todo:
        progress(len(outcomes[number]) - waiting[number])
        if not waiting[number]:
            yield number, outcomes.pop(number)
    items = (((number, position), sample) for number in todo for position, sample in enumerate(plan[number][1])
             if not sample.left_out)
    for (number, position), result in supervise(work, items, workers=workers):
        outcomes[number][position] = Outcome(result.status, result.reason) if isinstance(result, Failed) else result
        waiting[number] -= 1
        progress(1)
        if not waiting[number]:
            yield number, outcomes.pop(number)


def _reason(outcomes):
    return next((one.reason for one in outcomes if one.status == "crashed"), "")


def shard_arrays(samples, outcomes):
    """The arrays of one shard: a row for each crop, and below manifest/ one for each listed image."""
    pairs = [(sample, crop) for sample, one in zip(samples, outcomes) for crop in one.crops]
    return {**_crop_arrays(pairs), **_manifest_arrays(samples, outcomes)}


def _crop_arrays(pairs):
    jpegs = [crop.jpeg for _, crop in pairs]
    return {
        "jpeg": np.frombuffer(b"".join(jpegs), np.uint8),
        "jpeg_length": np.array([len(jpeg) for jpeg in jpegs], np.int64),
        "row": np.array([sample.row for sample, _ in pairs], np.int64),
        "path": np.array([sample.path for sample, _ in pairs], object),
        "face": np.array([crop.face for _, crop in pairs], np.int16),
        "found_by": np.array([TRIES.index(crop.found_by) for _, crop in pairs], np.uint8),
        "emotion": np.array([sample.emotion for sample, _ in pairs], np.int8),
        "valence_arousal": np.array([(sample.valence, sample.arousal) for sample, _ in pairs], np.float32).reshape(-1, 2),
        "box": np.array([crop.box for _, crop in pairs], np.float32).reshape(-1, 4),
        "landmarks": np.array([_padded(crop.landmarks) for _, crop in pairs], np.float32).reshape(-1, 68, 2),
    }


def _padded(landmarks):
    """(68, 2): 5 or 68 points, the rest NaN, so that schemes may mix in one file."""
    rows = np.full((68, 2), np.nan, np.float32)
    rows[: len(landmarks)] = landmarks
    return rows


def _manifest_arrays(samples, outcomes):
    first = [one.crops[0].found_by if one.crops else "none" for one in outcomes]
    arrays = {
        "row": np.array([sample.row for sample in samples], np.int64),
        "path": np.array([sample.path for sample in samples], object),
        "emotion": np.array([sample.emotion for sample in samples], np.int8),
        "status": np.array([STATUSES.index(one.status) for one in outcomes], np.uint8),
        "found_by": np.array([TRIES.index(name) for name in first], np.uint8),
        "faces": np.array([one.faces for one in outcomes], np.int32),
        "crops": np.array([len(one.crops) for one in outcomes], np.int32),
        "left_out": np.array([sample.left_out for sample in samples], object),
        "reason": np.array([one.reason for one in outcomes], object),
    }
    return {f"manifest/{name}": array for name, array in arrays.items()}


def _splits(plan, shards, official):
    """What `pack` joins: the shard numbers of each split, and the counts that coverage is computed from."""
    splits = {}
    for split in dict.fromkeys(split for split, _ in plan):
        numbers = [number for number, (other, _) in enumerate(plan) if other == split]
        samples = [sample for number in numbers for sample in plan[number][1]]
        loaded = [shards.load(number, _COUNTED) for number in numbers]
        splits[split] = (numbers, _counts(samples, loaded, official.get(split)))
    return splits


_COUNTED = ("manifest/emotion", "manifest/status", "manifest/found_by")


def _counts(samples, loaded, official):
    emotion, status, found_by = (np.concatenate([one[name] for one in loaded]) for name in _COUNTED)
    counts = status_counts(emotion, status)
    if counts.sum() != len(samples):
        raise RuntimeError(f"the manifest closes at {counts.sum()} rows, {len(samples)} are listed")
    extra = {"status_counts": counts, "try_counts": np.bincount(found_by, minlength=len(TRIES))}
    return extra if official is None else {**extra, "official_counts": np.asarray(official, np.int64)}
