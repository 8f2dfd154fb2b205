"""Name to reader: the data sets this project knows."""

import contextlib
import dataclasses
import gc
import importlib

from data.runtime.failures import Refused

READERS = ("affectnet", "rafdb", "sfew", "fer2013", "manifest", "folder")
# Asked for by name often enough to be told what is there instead.
OUT_OF_SCOPE = {
    "affectnet8": "the 8-class task is out of scope: affectnet reads its seven classes and leaves contempt out",
    "rafdb-compound": "compound emotions are out of scope: rafdb reads the basic part",
    "ferplus": "FER+ votes are read with fer2013, where fer2013new.csv lies beside its images",
    "expw": "ExpW has no reader; list its faces in a manifest",
}
TOY_MARK = "toy.json"


def reader(name):
    """The module that reads a data set. Raises ValueError that lists the known names."""
    if name in OUT_OF_SCOPE:
        raise Refused(f"{name}: {OUT_OF_SCOPE[name]}")
    if name not in READERS:
        raise Refused(f"{name!r} is not a data set that this project reads; known are {', '.join(READERS)}")
    return importlib.import_module(f"data.readers.{name}")


def read(name, root, **options):
    """The Listing of a data set; marked toy where the toy corpus left its mark at the root."""
    with _without_garbage_collection():
        listing = reader(name).read(root, **options)
    return dataclasses.replace(listing, toy=(listing.root / TOY_MARK).exists())


@contextlib.contextmanager
def _without_garbage_collection():
    """Hundreds of thousands of samples, none of them garbage, are gone over again and again otherwise: a third of the
    time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def official(listing):
    """Dict split -> (7,) official counts for the layout that was found; empty where none are known, and for toys."""
    return {} if listing.toy else reader(listing.dataset).OFFICIAL.get(listing.release, {})
