"""What a cache of stage one holds: aligned crops, or their features."""

import json
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from data.coverage import STATUSES, TRIES, UNOPENED, covered
from data.emotions import EMOTIONS
from data.files.cache import classes_of, header_of, open_cache, provenance_of, read_split
from data.sample import SPLITS


def open_any(path: Path) -> h5py.File:
    """An open cache of stage one, whichever of the two kinds it is. Raises CacheError, FileNotFoundError."""
    return open_cache(path, "aligned", "features")


def crops_in(path: Path) -> int:
    """Number of crops in a cache, over all splits."""
    with open_any(path) as file:
        return _crops_in(file)


def _crops_in(file):
    return sum(len(file[split]["row"]) for split in SPLITS if split in file and "row" in file[split])


def contents(path: Path) -> list[str]:
    """Lines of text: kind, and for each split its crops, statuses and coverage."""
    with open_any(path) as file:
        return _contents(path, file)


def _contents(path, file):
    lines = [f"{path}: {file.attrs['kind']} cache, schema version {file.attrs['schema_version']}{toy_mark(file)}"]
    lines += other_classes(file)
    for split in (split for split in SPLITS if split in file):
        lines += _describe_split(file[split], split, header_of(file))
    return lines


def describe(path: Path) -> list[str]:
    """The contents, then the settings, what made the file, and its content digest."""
    with open_any(path) as file:
        return [*_contents(path, file), *ending(file)]


def there_already(path: Path) -> str:
    """One line: how many crops of how many listed images a finished cache has, and what became of the others."""
    with open_any(path) as file:
        counts = sum(file[split]["status_counts"][()].sum(0) for split in SPLITS if split in file)
        crops = _crops_in(file)
    others = _named(STATUSES[1:], counts[1:])
    rest = f", {others}" if counts[1:].any() else ""
    return f"{path} is there already: {crops:,} crops of {counts.sum():,} listed images{rest}"


def unopened(path: Path) -> list[str]:
    """What to do about images that could not be opened, as a line, where there are any."""
    with open_cache(path, "aligned") as file:
        found = []
        for split in (split for split in SPLITS if split in file):
            manifest = read_split(file, split, ("manifest/status", "manifest/path"))
            kept = np.isin(manifest["manifest/status"], [STATUSES.index(status) for status in UNOPENED])
            found += list(manifest["manifest/path"][kept])
    if not found:
        return []
    images = "1 image" if len(found) == 1 else f"{len(found):,} images"
    return [f"{images} could not be opened, such as {found[0]}; call the same command when that has changed"]


def toy_mark(file: h5py.File) -> str:
    """What a file of toy data is marked with."""
    return "  TOY DATA" if file.attrs["toy"] else ""


def other_classes(file: h5py.File) -> list[str]:
    """The names of the classes as a line, where they are not the seven emotions."""
    classes = classes_of(file)
    return [f"{len(classes)} classes: {', '.join(classes)}"] if classes != EMOTIONS else []


def ending(file: h5py.File) -> list[str]:
    """Lines of the settings, what made the file, and its content digest."""
    return [
        *(f"{name.replace('_', ' ')}: {value}" for name, value in header_of(file).items()),
        "made by: " + json.dumps(provenance_of(file), indent=1),
        f"digest: {file.attrs['digest']}",
    ]


def _describe_split(group: h5py.Group, split: str, header: dict) -> Iterator[str]:
    counts = group["status_counts"][()]
    statuses = _named(STATUSES, counts.sum(0))
    crops = len(group["row"]) if "row" in group else 0
    yield f"{split}: {crops:,} crops of {counts.sum():,} listed images, {covered(counts, header)}"
    yield f"  status: {statuses}"
    by_try, without = group["try_counts"][1:].tolist(), counts.sum(0)[STATUSES.index("no_face")]
    found = [f"face found by: {_named(TRIES[1:], by_try)}"] if any(by_try) else []
    missed = [f"no face in {without:,}"] if without else []
    yield f"  {'; '.join(found + missed) or 'no image was looked at'}"


def _named(names, counts):
    return ", ".join(f"{name} {count:,}" for name, count in zip(names, counts) if count) or "nothing listed"
