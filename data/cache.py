"""The two caches of stage one, aligned/NAME.h5 and features/NAME.h5: what they hold, how they are packed and opened.

Both have one group per split, with one row per crop, and below it `manifest`, one row per listed image. A file carries
its kind, schema version, class order, toy flag, provenance (JSON), a sha256 for every dataset, and one digest over all
content that does not depend on when, or in how many calls, it was made."""

import hashlib
import json
from pathlib import Path

import h5py
import numpy as np

from data.emotions import EMOTIONS
from data.foreign import attribute, check, parsed
from data.publish import dataset_names, publish, read_array, write_array

SCHEMA = {"aligned": 1, "features": 1, "runs": 1}
MADE_BY = {"aligned": "extract align", "features": "extract run", "runs": "embed sweep"}
STATUSES = ("ok", "no_face", "missing", "unreadable", "truncated", "too_large", "too_small", "bad_format",
            "outside_root", "crashed", "timeout", "left_out")
# Which attempt gave a crop its face: three detector tries, the data set's own landmarks, the whole image (none found),
# or an image that was an aligned crop from the start.
TRIES = ("none", "as_is", "upsampled", "enlarged", "dataset", "whole", "given")
FEATURE_SIZE = 512


class CacheError(ValueError):
    """A file that is no cache of ours, is not whole, or does not fit what is asked."""


def pack(target, kind, shards, splits, *, toy, provenance):
    """Join finished shards into the one file `target`, publish it, and remove the shards.

    splits: dict split -> (shard numbers in order, dict of further datasets of that split)."""

    def write(temporary):
        with h5py.File(temporary, "x") as file:
            for split, (numbers, extra) in splits.items():
                _join(file.create_group(split), [shards.path(number) for number in numbers])
                for name, value in extra.items():
                    write_array(file[split], name, value)
            seal(file, kind, header=shards.header, toy=toy, provenance=provenance)

    publish(target, write)
    shards.remove()


def _join(group, paths):
    if not paths:
        return
    with h5py.File(paths[0], "r") as first:
        names = dataset_names(first)
    for name in names:
        _join_dataset(group, name, paths)
    if "jpeg_length" in group:
        offset = np.concatenate([[0], np.cumsum(group["jpeg_length"][()])]).astype(np.int64)
        del group["jpeg_length"]
        group.create_dataset("jpeg_offset", data=offset)


def _join_dataset(group, name, paths):
    rows = [_rows(path, name) for path in paths]
    with h5py.File(paths[0], "r") as first:
        like = first[name]
        joined = group.create_dataset(name, (sum(rows), *like.shape[1:]), like.dtype)
    start = 0
    for path, count in zip(paths, rows):
        with h5py.File(path, "r") as file:
            joined[start : start + count] = file[name][()]
        start += count


def _rows(path, name):
    with h5py.File(path, "r") as file:
        return file[name].shape[0]


def seal(file, kind, *, header, toy, provenance):
    """Write what says that a file is whole and what made it; `complete` is set last."""
    for name in dataset_names(file):
        file[name].attrs["sha256"] = dataset_digest(file[name])
    file.attrs["kind"] = kind
    file.attrs["schema_version"] = SCHEMA[kind]
    file.attrs["emotions"] = json.dumps(EMOTIONS)
    file.attrs["toy"] = bool(toy)
    file.attrs["header"] = json.dumps(header, sort_keys=True)
    file.attrs["provenance"] = json.dumps(provenance, sort_keys=True)
    file.attrs["digest"] = content_digest(file)
    file.attrs["complete"] = True


def dataset_digest(dataset):
    """sha256 over dtype, shape and content of one dataset, read in pieces of bounded memory."""
    digest = hashlib.sha256(f"{dataset.dtype.str if dataset.dtype.kind != 'O' else 'text'} {dataset.shape}".encode())
    step = max(1, 2**26 // max(1, int(np.prod(dataset.shape[1:])) * max(1, dataset.dtype.itemsize)))
    for start in range(0, dataset.shape[0] if dataset.shape else 0, step):
        piece = dataset[start : start + step]
        digest.update(b"\0".join(piece.ravel()) if piece.dtype.kind == "O" else np.ascontiguousarray(piece).tobytes())
    return digest.hexdigest()


def content_digest(file):
    """One sha256 over the digests of all datasets and the header of settings."""
    lines = [f"{name} {file[name].attrs['sha256']}" for name in dataset_names(file)]
    lines += [file.attrs["kind"], file.attrs["header"], str(bool(file.attrs["toy"]))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def open_cache(path, *kinds):
    """An open h5py.File that is whole, of one of these kinds, and holds what the schema says. Raises CacheError, FileNotFoundError."""
    path = Path(path)
    again = f"make it anew with `{MADE_BY[kinds[-1]]}`"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; {again.replace('make it anew', 'make it')}")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise CacheError(f"{path} is not a readable HDF5 file ({error}); {again}") from error
    try:
        _validate(file, kinds)
    except Exception as error:  # of a damaged file HDF5 and h5py raise what they like; plain ValueErrors say what was found
        file.close()
        found = error if type(error) is ValueError else f"is damaged ({error})"
        raise CacheError(f"{path} {found}; {again}") from error
    return file


def _validate(file, kinds):
    kind = attribute(file, "kind", str) if "kind" in file.attrs else None
    if kind not in kinds:
        raise ValueError(f"is {f'a file of kind {kind}' if kind else 'no file of this project'}, expected kind {' or '.join(kinds)}")
    if "complete" not in file.attrs or not attribute(file, "complete", bool):
        raise ValueError("is incomplete; delete it")
    if attribute(file, "schema_version", int) != SCHEMA[kind]:
        raise ValueError(f"has schema version {file.attrs['schema_version']}, this code reads {SCHEMA[kind]}")
    if parsed(file, "emotions", list) != list(EMOTIONS):
        raise ValueError(f"orders its classes as {file.attrs['emotions']}, expected {', '.join(EMOTIONS)}")
    check(file, kind, statuses=len(STATUSES), tries=len(TRIES), features=FEATURE_SIZE)


def damaged(file):
    """Names of the datasets whose content no longer has its recorded sha256, and 'digest' where the sum disagrees."""
    names = [name for name in dataset_names(file) if file[name].attrs.get("sha256") != dataset_digest(file[name])]
    return names if names or content_digest(file) == file.attrs["digest"] else ["digest"]


def header_of(file):
    return json.loads(file.attrs["header"])


def provenance_of(file):
    return json.loads(file.attrs["provenance"])


def read_split(file, split, names=None):
    """Dict of the arrays of one split (all, or those named), in memory."""
    group = file[split]
    return {name: read_array(group[name]) for name in (names or dataset_names(group))}


def status_counts(emotion, status):
    """(8, statuses) int64: how many listed images of each class (last row: of none of the seven) ended in each status."""
    counts = np.zeros((len(EMOTIONS) + 1, len(STATUSES)), np.int64)
    np.add.at(counts, (np.where(emotion < 0, len(EMOTIONS), emotion), status), 1)
    return counts


def coverage(counts):
    """Share of listed images in which a face was found: of the labelled ones, or of all where none has a label.

    Rows that are none of the seven classes are not counted; NaN where nothing is left."""
    labelled = counts[: len(EMOTIONS)]
    rows = labelled if labelled.sum() else counts
    listed = rows.sum() - rows[:, STATUSES.index("left_out")].sum()
    return rows[:, STATUSES.index("ok")].sum() / listed if listed else float("nan")
