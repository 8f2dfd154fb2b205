"""The two caches of stage one, aligned/NAME.h5 and features/NAME.h5: what they hold, how they are packed and opened.

Both have one group per split, with one row per crop, and below it `manifest`, one row per listed image. A file carries
its kind, schema version, class order, toy flag, provenance (JSON), a sha256 for every dataset, and one digest over all
content that does not depend on when, or in how many calls, it was made."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from data.coverage import STATUSES, TRIES
from data.emotions import EMOTIONS, MOST_CLASSES, is_class_list
from data.files import schema
from data.files.foreign import attribute, check, parsed
from data.files.hdf5 import Unreadable, dataset_digest, dataset_names, open_hdf5, publish_hdf5, read_array, write_array
from data.files.made_by import MADE_BY, commands
from data.files.shards import Shards, remove_parts
from data.runtime.failures import Refused

SCHEMA = {"aligned": 1, "features": 1, "runs": 1}


class CacheError(Refused):
    """A file that is not one of our caches, is incomplete, or does not fit what is asked."""


class WrongKind(Refused):
    """A file that may be well, but holds something else."""


def pack(target: Path, kind: str, shards: Shards, splits: dict, *, header: dict, toy: bool, provenance: dict) -> None:
    """Join finished shards into the one file `target`, publish it, and remove the shards. Raises DamagedShard,
    DiskFull.

    splits: dict split -> (shard numbers in order, dict of further datasets of that split)."""

    def fill(file):
        for split, (numbers, extra) in splits.items():
            _join(file.create_group(split), [shards.path(number) for number in numbers])
            for name, value in extra.items():
                write_array(file[split], name, value)
        seal(file, kind, header=header, toy=toy, provenance=provenance)

    for number in sorted(number for numbers, _ in splits.values() for number in numbers):
        shards.refuse_damaged(number)
    publish_hdf5(target, fill)
    remove_parts(target)


def _join(group, paths):
    """Lay the datasets of the shards end to end. One shard is open at a time, and one dataset of it in memory."""
    joined, ends = _empty(group, paths), Counter()
    for path in paths:
        with open_hdf5(path) as shard:
            for name, dataset in joined.items():
                rows = shard[name][()]
                dataset[ends[name] : ends[name] + len(rows)] = rows
                ends[name] += len(rows)
    if "jpeg_length" in group:
        offset = np.concatenate([[0], np.cumsum(group["jpeg_length"][()])]).astype(np.int64)
        del group["jpeg_length"]
        group.create_dataset("jpeg_offset", data=offset)


def _empty(group, paths):
    """Dict of the datasets of `group` that the shards' rows will fill."""
    rows = Counter()
    for path in paths:
        with open_hdf5(path) as shard:
            like = {name: (shard[name].shape[1:], shard[name].dtype) for name in dataset_names(shard)}
            rows.update({name: len(shard[name]) for name in like})
    if not paths:
        return {}
    return {name: group.create_dataset(name, (rows[name], *rest), dtype) for name, (rest, dtype) in like.items()}


def seal(file: h5py.File, kind: str, *, header: dict, toy: bool, provenance: dict, classes: tuple = EMOTIONS) -> None:
    """Write what says what a file holds, that it is whole and what made it; `complete` is set last.

    classes: names of what the field emotion numbers; an aligned cache has the seven emotions."""
    known = schema.fields(kind)

    def finish(path, item):
        axes, item.attrs["description"] = schema.describe(kind, path, known)
        if isinstance(item, h5py.Dataset):
            item.attrs["axes"] = ", ".join(axes)
            item.attrs["sha256"] = dataset_digest(item)

    file.visititems(finish)
    file.attrs["kind"] = kind
    file.attrs["schema_version"] = SCHEMA[kind]
    file.attrs["emotions"] = json.dumps(list(classes))
    file.attrs["toy"] = bool(toy)
    file.attrs["header"] = json.dumps(header, sort_keys=True)
    file.attrs["provenance"] = json.dumps(provenance, sort_keys=True)
    file.attrs["digest"] = content_digest(file)
    file.attrs["complete"] = True


def content_digest(file: h5py.File) -> str:
    """One sha256 over the digests of all datasets and the header of settings, but not what files say of themselves."""
    lines = [f"{name} {file[name].attrs['sha256']}" for name in dataset_names(file)]
    lines += [file.attrs["kind"], file.attrs["header"], str(bool(file.attrs["toy"]))]
    if classes_of(file) != EMOTIONS:
        lines.append(file.attrs["emotions"])
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def open_cache(path: Path, *kinds: str) -> h5py.File:
    """An open h5py.File that is whole, of one of these kinds, and holds what the schema says. Takes no lock. Raises
    CacheError, Unreadable, FileNotFoundError."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; make it with {commands(path, kinds)}")
    try:
        file = open_hdf5(path)
    except Unreadable:
        raise
    except OSError as error:
        raise CacheError(
            f"{path} is not a readable HDF5 file ({error}); make it again with {commands(path, kinds)}"
        ) from error
    try:
        _validate(file, kinds)
    except Exception as error:
        refusal = _refusal(path, file, kinds, error)
        file.close()
        raise refusal from error
    return file


def _refusal(path, file, kinds, error):
    """What is raised of a file that did not pass. Of a damaged one HDF5 and h5py raise what they like; ours say what
    was found."""
    if isinstance(error, WrongKind):
        return CacheError(f"{path} {error}")
    if isinstance(error, OSError) and error.errno:
        return Unreadable(path, error)
    found, own = error if isinstance(error, Refused) else f"is damaged ({error})", kind_of(file)
    again = commands(path, [own] if own in kinds else kinds, _dataset(file))
    return CacheError(f"{path} {found}; make it again with {again}")


def _dataset(file):
    """The data set that a file says it was made of; empty where it says nothing."""
    try:
        return str(parsed(file, "provenance", dict).get("dataset", ""))
    except Exception:  # as in _refusal
        return ""


def kind_of(file: h5py.File) -> str | None:
    """What kind of file an open HDF5 file says it is; None where it says nothing, or not in words."""
    try:
        return attribute(file, "kind", str)
    except Exception:  # as in _refusal
        return None


def _validate(file, kinds):
    kind = attribute(file, "kind", str) if "kind" in file.attrs else None
    if kind not in kinds:
        found = f"a file of kind {kind}" if kind in MADE_BY else "not a file of this project"
        makers = " or ".join(f"`{MADE_BY[each]}`" for each in kinds)
        raise WrongKind(f"is {found}, expected kind {' or '.join(kinds)}, which {makers} makes")
    if "complete" not in file.attrs or not attribute(file, "complete", bool):
        raise Refused("is incomplete; delete it")
    if attribute(file, "schema_version", int) != SCHEMA[kind]:
        raise Refused(f"has schema version {file.attrs['schema_version']}, this code reads {SCHEMA[kind]}")
    classes = parsed(file, "emotions", list)
    _refuse_classes(kind, classes)
    check(file, kind, statuses=len(STATUSES), tries=len(TRIES), C=len(classes))


def _refuse_classes(kind, classes):
    """Raise Refused where a file of this kind cannot have these classes."""
    if not is_class_list(classes):
        raise Refused(f"names its classes as {str(classes)[:100]}, expected 2 to {MOST_CLASSES} different texts")
    if classes != list(EMOTIONS) and (kind == "aligned" or set(classes) == set(EMOTIONS)):
        raise Refused(f"orders its classes as {', '.join(classes)}, expected {', '.join(EMOTIONS)}")


def damaged(file: h5py.File) -> list[str]:
    """Names of the datasets whose content no longer has its recorded sha256, and 'digest' where the sum disagrees."""
    names = [name for name in dataset_names(file) if file[name].attrs.get("sha256") != dataset_digest(file[name])]
    return names if names or content_digest(file) == file.attrs["digest"] else ["digest"]


def header_of(file: h5py.File) -> dict:
    """The settings a file was made with."""
    return json.loads(file.attrs["header"])


def classes_of(file: h5py.File) -> tuple:
    """Names of the classes, in the order in which the file numbers them."""
    return tuple(json.loads(file.attrs["emotions"]))


def provenance_of(file: h5py.File) -> dict:
    """What a file says of how it was made."""
    return json.loads(file.attrs["provenance"])


def read_split(file: h5py.File, split: str, names: Sequence[str] | None = None) -> dict:
    """Dict of the arrays of one split (all, or those named), in memory."""
    group = file[split]
    return {name: read_array(group[name]) for name in (names or dataset_names(group))}
