"""Name to reader: the data sets that the commands know, those of this project and those that were registered."""

import contextlib
import dataclasses
import gc
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from data.readers.reader import Reader, WrongTree
from data.runtime.failures import Refused

if TYPE_CHECKING:  # numpy is not needed before a data set is read
    from data.sample import Listing

# modules here, each with its READER
BUILT_IN = ("affectnet", "rafdb", "sfew", "fer2013", "ckplus", "tree", "manifest", "folder")
TOY_MARK = "toy.json"

_registered = {}


def register(reader: Reader) -> Reader:
    """Make a reader known to every command. Raises ValueError where its name is taken by another."""
    if reader.name in BUILT_IN or _registered.setdefault(reader.name, reader) != reader:
        raise ValueError(f"there is a reader {reader.name!r} already; choose another name")
    return reader


def names() -> tuple:
    """The names of all known readers, those of this project first."""
    return (*BUILT_IN, *_registered)


def readers() -> tuple:
    """All known readers, in the order of `names`."""
    built_in = [importlib.import_module(f"data.readers.{name}").READER for name in BUILT_IN]
    return (*built_in, *_registered.values())


def reader_named(name: str) -> Reader:
    """The reader of a data set. Raises Refused that lists the known names."""
    if name in names():
        return next(reader for reader in readers() if reader.name == name)
    for reader in readers():
        if name in reader.not_read:
            raise Refused(f"{name}: {reader.not_read[name]}")
    raise Refused(f"{name!r} is not a data set that this project reads; known are {', '.join(names())}")


def read(name: str, root: Path | None, **options) -> "Listing":
    """The Listing of a data set; marked toy where the toy corpus left its mark at the root.

    Raises WrongTree that shows the expected tree, also where no image is listed; Refused for a table that cannot be
    read, and where every row is left out."""
    from data.readers.tables.listed import shared_files  # brings numpy, which --help does without

    reader = reader_named(name)
    try:
        with _without_garbage_collection():
            listing = reader.read(root if reader.own_root else _existing(root), **options)
        if listing.dataset != name:
            raise ValueError(f"the reader {name!r} returned a Listing of {listing.dataset!r}; its name is expected")
        _check_listed(listing)
    except WrongTree as error:
        raise WrongTree(f"{error}. Expected there:\n{reader.expected_tree}") from None
    notes = (*listing.notes, *shared_files(listing.samples))
    return dataclasses.replace(listing, notes=notes, toy=(listing.root / TOY_MARK).exists())


def _check_listed(listing: "Listing") -> None:
    """Nothing usable is never a data set; the notes say what was found instead."""
    found = "; ".join((listing.layout, *listing.notes))
    if not listing.samples:
        raise WrongTree(f"{listing.root} lists no image ({found})")
    if all(sample.left_out for sample in listing.samples):
        raise Refused(f"{listing.root}: all {len(listing.samples):,} rows are left out ({found})")


def _existing(root: Path) -> Path:
    root = Path(root)
    if not root.is_dir():
        raise WrongTree(f"{root} is not a folder; --root names another place")
    return root


@contextlib.contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Hundreds of thousands of samples, none of them garbage, are gone over again and again otherwise: a third of the
    time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def official(listing: "Listing") -> dict:
    """Dict split -> (7,) official counts for the layout that was found; empty where none are known, and for toys."""
    return {} if listing.toy else reader_named(listing.dataset).official.get(listing.release, {})
