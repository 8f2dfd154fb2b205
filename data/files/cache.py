"""The two caches of stage one, aligned/NAME.h5 and features/NAME.h5: what they hold, how they are packed and opened.

Both have one group per split, with one row per crop, and below it `manifest`, one row per listed image. A file carries
its kind, schema version, class order, toy flag, provenance (JSON), a sha256 for every dataset, and one digest over all
content that does not depend on when, or in how many calls, it was made."""

import contextlib
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np

from data.emotions import EMOTIONS
from data.files import schema
from data.files.foreign import attribute, check, parsed
from data.files.hdf5 import dataset_digest, dataset_names, publish_hdf5, read_array, write_array
from data.files.lock import lock
from data.files.publish import refuse_difference
from data.files.shards import Shards, header_in, parts_of, remove_parts, set_aside
from data.runtime.failures import Refused
from data.runtime.ranks import Ranks

SCHEMA = {"aligned": 1, "features": 1, "runs": 1}
MADE_BY = {"aligned": "extract align", "features": "extract run", "runs": "embed sweep"}
STATUSES = (
    "ok",
    "no_face",
    "missing",
    "unreadable",
    "truncated",
    "too_large",
    "too_small",
    "bad_format",
    "outside_root",
    "crashed",
    "timeout",
    "left_out",
)
UNOPENED = ("missing", "unreadable", "outside_root")  # what the disk decides, and may decide otherwise tomorrow
# What gave a crop its face: HOG's three tries; the data set's own landmarks; the whole image, where none was found; an
# image that was an aligned crop from the start; CenterFace, in an image made small or less so; dlib's CNN; any of these
# in the surroundings of the data set's box; a detector of one's own. Files hold positions: a further one goes last.
TRIES = (
    "none",
    "as_is",
    "upsampled",
    "enlarged",
    "dataset",
    "whole",
    "given",
    "centerface",
    "centerface_fine",
    "cnn",
    "in_box",
    "other",
)


class CacheError(Refused):
    """A file that is not one of our caches, is incomplete, or does not fit what is asked."""


@contextlib.contextmanager
def claimed(
    target: Path,
    kind: str,
    ranks: Ranks,
    *,
    shard_header: dict,
    header: dict,
    renewed: tuple = (),
    outdated: Callable[[h5py.File], bool] = lambda file: False,
) -> Iterator[Shards | None]:
    """Hold an output for all processes of a command; yields its shards, ready to go on with, None where it was made.

    renewed: fields of both headers; where only these differ from what is there, or outdated(file) says so of it, the
    output is to be made again, and what there is stays until it is, for who can use it. Raises Busy, and Mismatch where
    anything else differs."""
    with contextlib.ExitStack() as stack:

        def claim():
            stack.enter_context(lock(target))
            return _made_already(target, kind, shard_header, header, renewed, outdated)

        yield None if ranks.on_first(claim) else Shards(target, shard_header)


def _made_already(target, kind, shard_header, header, renewed, outdated):
    """Whether the cache is there; where it is not, what a killed writer left of its shards is swept."""
    if target.exists():
        with open_cache(target, kind) as file:
            refuse_difference(target, header_of(file), header, but=renewed)
            done = header_of(file) == json.loads(json.dumps(header)) and not outdated(file)
        if done:
            remove_parts(target)  # a call that was killed had come so far
            return True
    parts = header_in(parts_of(target))
    if parts and parts != json.loads(json.dumps(shard_header)) and renewed:
        refuse_difference(parts_of(target), parts, shard_header, but=renewed)
        set_aside(target)
    Shards(target, shard_header).sweep()
    return False


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
        with h5py.File(path, "r") as shard:
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
        with h5py.File(path, "r") as shard:
            like = {name: (shard[name].shape[1:], shard[name].dtype) for name in dataset_names(shard)}
            rows.update({name: len(shard[name]) for name in like})
    if not paths:
        return {}
    return {name: group.create_dataset(name, (rows[name], *rest), dtype) for name, (rest, dtype) in like.items()}


def seal(file: h5py.File, kind: str, *, header: dict, toy: bool, provenance: dict) -> None:
    """Write what says what a file holds, that it is whole and what made it; `complete` is set last."""
    known = schema.fields(kind)

    def finish(path, item):
        axes, item.attrs["description"] = schema.describe(kind, path, known)
        if isinstance(item, h5py.Dataset):
            item.attrs["axes"] = ", ".join(axes)
            item.attrs["sha256"] = dataset_digest(item)

    file.visititems(finish)
    file.attrs["kind"] = kind
    file.attrs["schema_version"] = SCHEMA[kind]
    file.attrs["emotions"] = json.dumps(EMOTIONS)
    file.attrs["toy"] = bool(toy)
    file.attrs["header"] = json.dumps(header, sort_keys=True)
    file.attrs["provenance"] = json.dumps(provenance, sort_keys=True)
    file.attrs["digest"] = content_digest(file)
    file.attrs["complete"] = True


def content_digest(file: h5py.File) -> str:
    """One sha256 over the digests of all datasets and the header of settings, but not what files say of themselves."""
    lines = [f"{name} {file[name].attrs['sha256']}" for name in dataset_names(file)]
    lines += [file.attrs["kind"], file.attrs["header"], str(bool(file.attrs["toy"]))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def open_cache(path: Path, *kinds: str) -> h5py.File:
    """An open h5py.File that is whole, of one of these kinds, and holds what the schema says. Raises CacheError,
    FileNotFoundError."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; make it with {_commands(kinds)}")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise CacheError(
            f"{path} is not a readable HDF5 file ({error}); make it again with {_commands(kinds)}"
        ) from error
    try:
        _validate(file, kinds)
    # of a damaged file HDF5 and h5py raise what they like; ours say what was found
    except Exception as error:
        own = kind_of(file)
        file.close()
        found = error if isinstance(error, Refused) else f"is damaged ({error})"
        again = _commands([own] if own in kinds else kinds)
        raise CacheError(f"{path} {found}; make it again with {again}") from error
    return file


def kind_of(file: h5py.File) -> str | None:
    """What kind of file an open HDF5 file says it is; None where it says nothing, or not in words."""
    try:
        return attribute(file, "kind", str)
    except Exception:  # as above
        return None


def _commands(kinds):
    return " or ".join(f"`{MADE_BY[kind]}`" for kind in kinds)


def _validate(file, kinds):
    kind = attribute(file, "kind", str) if "kind" in file.attrs else None
    if kind not in kinds:
        raise Refused(
            f"is {f'a file of kind {kind}' if kind else 'not a file of this project'}, expected kind "
            f"{' or '.join(kinds)}"
        )
    if "complete" not in file.attrs or not attribute(file, "complete", bool):
        raise Refused("is incomplete; delete it")
    if attribute(file, "schema_version", int) != SCHEMA[kind]:
        raise Refused(f"has schema version {file.attrs['schema_version']}, this code reads {SCHEMA[kind]}")
    if parsed(file, "emotions", list) != list(EMOTIONS):
        raise Refused(f"orders its classes as {file.attrs['emotions']}, expected {', '.join(EMOTIONS)}")
    check(file, kind, statuses=len(STATUSES), tries=len(TRIES))


def damaged(file: h5py.File) -> list[str]:
    """Names of the datasets whose content no longer has its recorded sha256, and 'digest' where the sum disagrees."""
    names = [name for name in dataset_names(file) if file[name].attrs.get("sha256") != dataset_digest(file[name])]
    return names if names or content_digest(file) == file.attrs["digest"] else ["digest"]


def header_of(file: h5py.File) -> dict:
    """The settings a file was made with."""
    return json.loads(file.attrs["header"])


def provenance_of(file: h5py.File) -> dict:
    """What a file says of how it was made."""
    return json.loads(file.attrs["provenance"])


def read_split(file: h5py.File, split: str, names: Sequence[str] | None = None) -> dict:
    """Dict of the arrays of one split (all, or those named), in memory."""
    group = file[split]
    return {name: read_array(group[name]) for name in (names or dataset_names(group))}


def status_counts(emotion: np.ndarray, status: np.ndarray) -> np.ndarray:
    """(8, statuses) int64: how many listed images of each class (last row: of none of the seven) ended in each
    status."""
    counts = np.zeros((len(EMOTIONS) + 1, len(STATUSES)), np.int64)
    np.add.at(counts, (np.where(emotion < 0, len(EMOTIONS), emotion), status), 1)
    return counts


def coverage(counts: np.ndarray) -> float:
    """Share of listed images in which a face was found: of the labelled ones, or of all where none has a label.

    Rows that are none of the seven classes are not counted; NaN where nothing is left."""
    labelled = counts[: len(EMOTIONS)]
    rows = labelled if labelled.sum() else counts
    listed = rows.sum() - rows[:, STATUSES.index("left_out")].sum()
    return rows[:, STATUSES.index("ok")].sum() / listed if listed else float("nan")
