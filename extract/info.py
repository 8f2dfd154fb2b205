"""What `extract info` and `extract verify` say of a cache."""

import json

from data.files.cache import STATUSES, TRIES, CacheError, coverage, damaged, header_of, open_cache, provenance_of
from data.files.foreign import not_finite
from data.files.hdf5 import intact
from data.sample import SPLITS
from extract.workers import Failed, supervise


def open_any(path):
    """An open cache of stage one, whichever of the two kinds it is. Raises CacheError, FileNotFoundError."""
    return open_cache(path, "aligned", "features")


def crops_in(path):
    """Number of crops in a cache, over all splits."""
    with open_any(path) as file:
        return sum(len(file[split]["row"]) for split in SPLITS if split in file and "row" in file[split])


def contents(path):
    """Lines of text: kind, and for each split its crops, statuses and coverage."""
    with open_any(path) as file:
        toy = "  TOY DATA" if file.attrs["toy"] else ""
        lines = [f"{path}: {file.attrs['kind']} cache, schema version {file.attrs['schema_version']}{toy}"]
        for split in (split for split in SPLITS if split in file):
            lines += _describe_split(file[split], split)
    return lines


def describe(path):
    """The contents, then the settings, what made the file, and its content digest."""
    lines = contents(path)
    with open_any(path) as file:
        lines += [f"{name.replace('_', ' ')}: {value}" for name, value in header_of(file).items()]
        lines.append("made by: " + json.dumps(provenance_of(file), indent=1))
        lines.append(f"digest: {file.attrs['digest']}")
    return lines


def _describe_split(group, split):
    counts = group["status_counts"][()]
    statuses = _named(STATUSES, counts.sum(0))
    crops = len(group["row"]) if "row" in group else 0
    yield f"{split}: {crops:,} crops of {counts.sum():,} listed images, coverage {coverage(counts):.1%}"
    yield f"  status: {statuses}"
    yield f"  face found by: {_named(TRIES, group['try_counts'][()])}"


def _named(names, counts):
    return ", ".join(f"{name} {count:,}" for name, count in zip(names, counts) if count) or "nothing listed"


def verify(path):
    """Read a cache whole; raise CacheError naming what in it has changed since it was written, or is not finite and
    must be."""
    if path.is_file() and intact(path) is False:
        # in a process of its own: on flipped bits HDF5 may crash, or hang
        [(_, found)] = supervise(_damage, [(path, path)], workers=1)
        broken, infinite = (["its structure"], []) if isinstance(found, Failed) else found
        broken = broken or ["its structure"]
    else:
        broken, infinite = _damage(path)
    if broken:
        raise CacheError(f"{path} is damaged in {', '.join(broken)}; delete it and make it again")
    if infinite:
        raise CacheError(
            f"{path} holds values that are not finite in {', '.join(infinite)}; delete it and make it again"
        )


def _damage(path):
    """Names of the datasets that have changed, and of those that are not finite and must be."""
    with open_any(path) as file:
        return damaged(file), not_finite(file, file.attrs["kind"])
