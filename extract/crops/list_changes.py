"""How the list of images that is asked for differs from the one that a cache was made from."""

from collections import Counter
from collections.abc import Iterable

import h5py
import numpy as np

from data.emotions import EMOTIONS, UNLABELLED
from data.files.cache import read_split
from data.runtime.failures import Refused
from data.sample import SPLITS, Listing
from extract.crops.earlier import keys
from extract.crops.people import PEOPLE

SHOWN = 3
NEW, GONE = "new", "no longer listed"


def changes(file: h5py.File, listing: Listing) -> str:
    """One line: how many images differ, and how the first three do.

    Raises Refused where the two lists have no image in common."""
    before, now = _numbered(_cached(file)), _numbered(_listed(listing))
    if not before.keys() & now.keys():
        raise Refused(
            f"{file.filename} was made from a list that has no image in common with this one; use another --name or "
            "--workdir, or move the file away"
        )
    differ = {image: _change(before.get(image), row) for image, row in now.items() if before.get(image) != row}
    differ |= dict.fromkeys((image for image in before if image not in now), GONE)
    if not differ:
        return f"{file.filename} was made from the same images in another order"
    shown = "; ".join(f"{path}: {change}" for (path, _), change in list(differ.items())[:SHOWN])
    rest = f"; and {len(differ) - SHOWN:,} more" if len(differ) > SHOWN else ""
    return (
        f"{len(differ):,} of {len(now):,} images differ from the list that {file.filename} was made from: {shown}{rest}"
    )


def _numbered(rows: Iterable[tuple]) -> dict:
    """(path, how often it came before) -> what the list says of it: a list may name a file several times."""
    seen, found = Counter(), {}
    for path, *row in rows:
        found[path, seen[path]] = row
        seen[path] += 1
    return found


def _cached(file):
    for split in (split for split in SPLITS if split in file):
        manifest = read_split(file[split], "manifest")
        untold = np.full(len(manifest["path"]), "", object)
        names = ("path", "emotion", "left_out", "valence_arousal", *PEOPLE, "key")
        for path, emotion, left_out, annotated, *people, key in zip(*(manifest.get(name, untold) for name in names)):
            yield path, split, int(emotion), left_out, str(annotated), *people, key.tobytes()


def _listed(listing):
    for split in SPLITS:
        samples = listing.of(split)
        for sample, key in zip(samples, keys(samples)):
            annotated = np.array((sample.valence, sample.arousal), np.float32)
            people = (text(sample) for text in PEOPLE.values())
            yield sample.path, split, sample.emotion, sample.left_out, str(annotated), *people, key.tobytes()


def _change(before, now):
    if before is None:
        return NEW
    split, emotion, left_out, annotated, cluster, groups, _ = range(7)
    if before[split] != now[split]:
        return f"{before[split]}, now {now[split]}"
    if before[emotion : left_out + 1] != now[emotion : left_out + 1]:
        return f"{_label(before)}, now {_label(now)}"
    if before[annotated] != now[annotated]:
        return f"valence and arousal {before[annotated]}, now {now[annotated]}"
    for name, place in (("person or clip", cluster), ("groups", groups)):
        if before[place] != now[place]:
            return f"{name} {before[place] or 'unknown'}, now {now[place] or 'unknown'}"
    return "another box, or other landmarks"


def _label(row):
    _, emotion, left_out, *_ = row
    return left_out or ("no label" if emotion == UNLABELLED else EMOTIONS[emotion])
