"""What a results file holds: which heads, how they fared, and what they were tested on."""

import json
from collections.abc import Iterator
from pathlib import Path

import h5py

from data.coverage import covered
from data.files.cache import open_cache, provenance_of
from data.files.hdf5 import read_array
from data.files.runs import PLUGINS, undeclared
from extract.info.caches import ending, other_classes, toy_mark

SHOWN_FAILURES = 5


def describe(path: Path) -> list[str]:
    """Lines of text: heads by family, test sets, what was left out, settings, what made the file, and its digest."""
    with open_cache(path, "runs") as file:
        return [
            f"{path}: results, schema version {file.attrs['schema_version']}{toy_mark(file)}",
            *other_classes(file),
            *_heads(file),
            f"kept: weights or predictions of {_kept(file):,} heads",
            f"classifiers: {', '.join(json.loads(file.attrs['classifiers']))}",
            *_test_sets(file),
            *_left_out(file),
            *ending(file),
        ]


def _heads(file: h5py.File) -> Iterator[str]:
    names = ("family", "k", "run", "failure")
    columns = [read_array(file[f"heads/{name}"]) for name in names]
    rows = list(zip(*columns))
    for family in dict.fromkeys(row[0] for row in rows):
        own = [row for row in rows if row[0] == family]
        sizes, runs = (ranges({int(row[index]) for row in own}) for index in (1, 2))
        yield f"{family}: k {sizes}, runs {runs}, {len(own):,} in all"
    failed = [f"{family} k {k} run {run} ({failure})" for family, k, run, failure in rows if failure]
    if failed:
        more = ", ..." if len(failed) > SHOWN_FAILURES else ""
        yield f"failed: {len(failed):,}, {', '.join(failed[:SHOWN_FAILURES])}{more}"
    strange = undeclared(file)
    if strange:
        yield f"unknown here: {strange}; {PLUGINS}"


def _kept(file: h5py.File) -> int:
    sizes = (size for family in file.get("kept", {}).values() for size in family.values())
    return sum(len(size) for size in sizes)


def ranges(numbers: set) -> str:
    """Whole numbers in short: 1..3, 8."""
    spans = []
    for number in sorted(numbers):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(low) if low == high else f"{low}..{high}" for low, high in spans)


def _test_sets(file: h5py.File) -> Iterator[str]:
    headers = provenance_of(file).get("features")
    headers = headers if isinstance(headers, dict) else {}
    for name in json.loads(file.attrs["test_sets"]):
        counts = file[f"tests/{name}/status_counts"][()]
        yield (
            f"tested on {name}: {len(file[f'tests/{name}/row']):,} rows, {covered(counts, headers.get(name, {}))} of "
            f"{counts.sum():,} listed images"
        )


def _left_out(file: h5py.File) -> Iterator[str]:
    left_out = provenance_of(file).get("left_out")
    for family, reason in left_out.items() if isinstance(left_out, dict) else ():
        yield f"left out: {family}, {reason}"
