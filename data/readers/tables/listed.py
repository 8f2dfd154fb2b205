"""What a list says of its images, whatever data set it is of: notes on them, and paths that Windows wrote."""

import dataclasses
import itertools
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from data.readers import paths
from data.sample import SPLITS, Sample


def repeated(samples: Sequence[Sample]) -> tuple[str, ...]:
    """A note on files that are listed more than once, or none; every row stays a sample of its own."""
    several = 0
    for split in SPLITS:  # sorted lists of what is there anyway take less memory than counting
        listed = sorted(sample.path for sample in samples if sample.split == split and sample.pixels is None)
        several += sum(len(list(same)) > 1 for _, same in itertools.groupby(listed))
    return (f"{several:,} files are listed more than once; each row is a sample of its own",) if several else ()


def in_several_splits(samples: Sequence[Sample], field: str) -> dict[str, tuple[str, ...]]:
    """{value: its splits} of the values of a field, such as path or cluster, that stand in several; rows that are left
    out count for nothing, and so does an empty value."""
    rows = {split: [] for split in SPLITS}
    for sample in samples:
        if not sample.left_out:
            rows[sample.split].append(getattr(sample, field))
    *few, most = sorted(SPLITS, key=lambda split: len(rows[split]))
    values = {split: set(rows[split]) for split in few}
    # a set of hundreds of thousands of training rows would take more memory than their list
    values[most] = set().union(*(own.intersection(rows[most]) for own in values.values()))
    shared = set().union(*(one & other for one, other in itertools.combinations(values.values(), 2))) - {""}
    return {value: tuple(split for split in SPLITS if value in values[split]) for value in sorted(shared)}


def shared_files(samples: Sequence[Sample]) -> tuple[str, ...]:
    """A note on files that are listed in several splits, or none."""
    found = in_several_splits(samples, "path")
    if not found:
        return ()
    path, splits = next(iter(found.items()))
    count = "1 file is" if len(found) == 1 else f"{len(found):,} files are"
    return (f"{count} listed in several splits, such as {path} ({' and '.join(splits)}): LEAKAGE",)


def left_out(samples: Sequence[Sample]) -> tuple[str, ...]:
    """A note on the rows that are none of the seven classes, by reason, or none."""
    reasons = Counter(sample.left_out for sample in samples if sample.left_out)
    text = ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common(12))
    return (f"left out: {text}",) if reasons else ()


def with_slashes(samples: Sequence[Sample], root: Path) -> tuple[tuple[Sample, ...], tuple[str, ...]]:
    """(samples, note): backslashes between folders are read as / where the file is there so, else said."""
    if not any("\\" in sample.path for sample in samples):
        return tuple(samples), ()
    changed = tuple(_with_slashes(sample, root) for sample in samples)
    left = [sample.path for sample in changed if "\\" in sample.path]
    mended = sum(one.path != other.path for one, other in zip(samples, changed))
    notes = [f"{mended:,} paths are written with \\, as on Windows, and are read with /"] if mended else []
    if left:
        notes.append(
            f"{len(left):,} paths hold \\, as Windows writes them, and no file is there with / either, "
            f"such as {left[0]!r}; write / between folders, and check where the paths start from"
        )
    return changed, tuple(notes)


def _with_slashes(sample, root):
    if "\\" not in sample.path or _there(root, sample.path):
        return sample
    path = sample.path.replace("\\", "/")
    return dataclasses.replace(sample, path=path) if _there(root, path) else sample


def _there(root, path):
    try:
        paths.locate(root, path)
    except (OSError, paths.OutsideRoot):
        return False
    return True
