"""Feature caches of a network that is not of this project, from one file of its features."""

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from data.coverage import STATUSES, status_counts
from data.emotions import EMOTIONS
from data.files.cache import classes_of, header_of, open_cache, seal
from data.files.hdf5 import PIECE_BYTES, publish_hdf5, read_array, write_array
from data.files.lock import lock
from data.files.provenance import code_version, versions
from data.files.publish import Mismatch, refuse_difference
from data.frames.class_list import read_classes
from data.frames.csv_features import from_csv
from data.frames.numpy_features import from_npy, from_npz
from data.frames.own_rows import OwnRows, read_rows
from data.frames.own_table import OwnTable
from data.frames.parquet_features import from_parquet
from data.networks import features_of
from data.runtime.failures import Refused
from data.sample import SPLITS

READ_BY = {".npz": from_npz, ".npy": from_npy, ".parquet": from_parquet, ".csv": from_csv}
STORED = np.dtype(np.float32)
ADVICE = "move or delete it, or import under another --name"


@dataclass
class ImportedCache:
    """One features/NETWORK/DOMAIN.h5 that is to be."""

    path: Path
    splits: dict  # split -> function without arguments that gives its arrays
    rows: dict  # split -> number of its rows
    header: dict
    provenance: dict
    classes: tuple
    toy: bool

    def __str__(self):
        counts = ", ".join(f"{split} {rows:,}" for split, rows in self.rows.items())
        size = f"{self.header['feature_size']:,} dimensions, {len(self.classes)} classes"
        return f"{'toy data: ' if self.toy else ''}{sum(self.rows.values()):,} rows ({counts}), {size}"

    def publish(self) -> None:
        """Write it, whole or not at all."""

        def fill(file):
            for split, arrays in self.splits.items():
                group = file.create_group(split)
                for name, array in arrays().items():
                    write_array(group, name, array)
            told = {"header": self.header, "provenance": self.provenance, "classes": self.classes, "toy": self.toy}
            seal(file, "features", **told)

        publish_hdf5(self.path, fill)

    def is_there(self) -> bool:
        """Whether a cache of the same content lies at its place. Raises Mismatch where one of other content does."""
        if not self.path.exists():
            return False
        with open_cache(self.path, "features") as file:
            found = {**header_of(file), "classes": list(classes_of(file)), "toy": bool(file.attrs["toy"])}
            own = {**self.header, "classes": list(self.classes), "toy": self.toy}
            refuse_difference(self.path, found, own, this="what is imported", advice=ADVICE)
            differs = next(self._differences(file), None)
        if differs:
            raise Mismatch(f"{self.path} is there already and holds other {differs} than what is imported; {ADVICE}")
        return True

    def _differences(self, file):
        if file.keys() != self.splits.keys():
            yield f"splits ({', '.join(file)})"
        for split, arrays in self.splits.items():
            own = arrays()
            if file[split].keys() != own.keys():
                yield f"columns of {split}"
            yield from (
                f"values of {name} in {split}" for name, array in own.items() if not _equal(file[split][name], array)
            )


def import_features(source: Path, network: str, workdir: Path, classes: Path | None = None) -> tuple[list, tuple]:
    """Make the feature caches of the rows in `source`, one for each domain: ([(ImportedCache, whether it was there
    already)], notes on what was read). classes: the file that names them, the seven emotions without one.

    Nothing is written where anything is refused. Raises Refused, and Mismatch where caches of other content are
    there."""
    names = read_classes(classes) if classes else EMOTIONS
    table = read_table(Path(source))
    rows = read_rows(table, names, network)
    caches = imported(table, rows, network, workdir, names)
    notes = (*rows.notes, f"which of these faces the network {network} has seen is not known")
    if table.feature.dtype.itemsize > STORED.itemsize:
        notes += (f"features of {table.feature.dtype} are rounded to {STORED}",)
    with contextlib.ExitStack() as stack:
        for cache in caches:
            stack.enter_context(lock(cache.path))
        there = [cache.is_there() for cache in caches]
        for cache, already in zip(caches, there):
            if not already:
                cache.publish()
    return list(zip(caches, there)), notes


def read_table(path: Path) -> OwnTable:
    """The table in a file, read as its ending says. Raises Refused."""
    read: Callable | None = READ_BY.get(path.suffix.lower())
    if read is None:
        raise Refused(f"{path} ends in {path.suffix or 'nothing'}, expected {', '.join(READ_BY)}")
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; name a file with features")
    return read(path)


def imported(table: OwnTable, rows: OwnRows, network: str, workdir: Path, classes: tuple) -> list[ImportedCache]:
    """The caches of a table's rows, by domain."""
    header = {"imported": True, "network": network, "feature_size": table.feature.shape[1], "dtype": str(STORED)}
    read_from = {file.name: _sha256(file) for file in table.files}
    caches = []
    for domain in sorted(set(rows.domain)):
        places = {split: np.flatnonzero((rows.domain == domain) & (rows.split == split)) for split in SPLITS}
        places = {split: own for split, own in places.items() if len(own)}
        provenance = {
            "dataset": domain,
            "network": network,
            "imported_from": read_from,
            "emotion": {"domains": {}},  # what the network was trained on is not known
            "code_version": code_version(),
            "versions": versions(),
        }
        splits = {split: _arrays_of(table, rows, split, own, len(classes)) for split, own in places.items()}
        counts = {split: int((rows.left_out[own] == "").sum()) for split, own in places.items()}
        path = features_of(workdir, network) / f"{domain}.h5"
        caches.append(ImportedCache(path, splits, counts, header, provenance, classes, rows.toy))
    return caches


def _arrays_of(table, rows, split, listed, classes):
    """The function that gives the arrays of one split, made when they are needed: they are as large as the file."""

    def arrays():
        left_out = rows.left_out[listed] != ""
        status = np.where(left_out, STATUSES.index("left_out"), STATUSES.index("ok"))
        counts = {
            "status_counts": status_counts(rows.emotion[listed], status, classes),
            "try_counts": np.zeros(1, np.int64),  # no image was looked at
        }
        kept = listed[~left_out]
        if not len(kept):
            return counts
        more = {name: array[kept] for name, array in rows.more.items()}
        if split != "train" or not more.get("held_out", np.zeros(1)).any():
            more.pop("held_out", None)
        feature = table.feature[kept].astype(STORED, copy=False)[:, None]
        return {"feature": feature, "emotion": rows.emotion[kept], **more, **counts}

    return arrays


def _equal(dataset: h5py.Dataset, array: np.ndarray) -> bool:
    """Whether a dataset holds these values to the bit."""
    if dataset.shape != array.shape:
        return False
    stored = read_array(dataset)
    if array.dtype == object:
        return bool((stored == array).all())
    return stored.dtype == array.dtype and np.array_equal(*(_bytes(side) for side in (stored, array)))


def _bytes(array):
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def _sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()
