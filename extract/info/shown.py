"""What `extract show` puts on a sheet: aligned crops by class or by how they were found, or what has no face."""

from pathlib import Path

import h5py
import numpy as np

from data.coverage import STATUSES, TRIES
from data.emotions import EMOTIONS
from data.files.cache import open_cache, provenance_of, read_split
from data.runtime.failures import Refused
from data.sample import SPLITS
from extract.crops.stored import pixels
from extract.faces.alignment import CROP_SIZE
from extract.images.decode import load
from extract.images.limits import Undecodable
from extract.info.sheet import Group


def crops(cache: Path, split: str | None, *, by: str, count: int, seed: int) -> tuple[str, list[Group]]:
    """(title, groups) of up to `count` crops of one split, spread over the classes, or over the tries (by="try").

    Without a split, of the first that has crops. Raises Refused where there is none."""
    with open_cache(cache, "aligned") as file:
        split = _split(file, split, "row")
        arrays = read_split(file, split, ("emotion", "row", "found_by", "jpeg_offset"))
        kind = arrays["found_by" if by == "try" else "emotion"]
        chosen = choose(kind, count=count, generator=np.random.default_rng(seed))
        spans = [arrays["jpeg_offset"][[index, index + 1]] for index in chosen]
        pictures = [pixels(file[split]["jpeg"][start:end], CROP_SIZE) for start, end in spans]
        title = _title(file, cache, split, f"{len(chosen)} of {len(kind):,} aligned crops")
    captions = [_caption(arrays["emotion"][index], arrays["row"][index]) for index in chosen]
    if by != "try":
        return title, [Group("", pictures, captions)]
    groups = []
    for found_by in np.unique(kind[chosen]):
        own = np.flatnonzero(kind[chosen] == found_by)
        heading = f"{TRIES[found_by]}: {len(own)} of {(kind == found_by).sum():,}"
        groups.append(Group(heading, [pictures[at] for at in own], [captions[at] for at in own]))
    return title, groups


def undetected(cache: Path, split: str | None, root: Path | None, *, count: int, seed: int) -> tuple[str, list[Group]]:
    """(title, groups) of up to `count` photographs of one split in which no face was found, from below `root`, by
    default where they lay when they were aligned. Raises Refused where there is none, or none can be opened."""
    with open_cache(cache, "aligned") as file:
        split = _split(file, split, "manifest/row")
        manifest = read_split(file, split, [f"manifest/{name}" for name in ("emotion", "row", "path", "status")])
        root = Path(root or provenance_of(file).get("root", "."))
        without = np.flatnonzero(manifest["manifest/status"] == STATUSES.index("no_face"))
        chosen = np.sort(np.random.default_rng(seed).permutation(without)[:count])
        opened = [(index, _photograph(root, manifest["manifest/path"][index])) for index in chosen]
        opened = [(index, photograph) for index, photograph in opened if photograph is not None]
        title = _title(file, cache, split, f"{len(opened)} of {len(without):,} photographs without a face")
    if not opened:
        raise Refused(
            f"{cache} has no photograph without a face in {split}" if not len(without) else
            f"none of the {len(without):,} photographs without a face can be opened below {root}; --root names the "
            "folder that the paths of the list start from"
        )  # fmt: skip
    captions = [_caption(manifest["manifest/emotion"][index], manifest["manifest/row"][index]) for index, _ in opened]
    return title, [Group("", [photograph for _, photograph in opened], captions)]


def _split(file: h5py.File, asked, needed):
    """The split asked for, or the first that has rows."""
    there = [split for split in SPLITS if split in file and needed in file[split] and len(file[split][needed])]
    if not there or (asked and asked not in there):
        raise Refused(f"{file.filename} has nothing to show in {asked or 'any split'}; it has {', '.join(file)}")
    return asked or there[0]


def _title(file, cache, split, what):
    return f"{Path(cache).stem}, {split}: {what}{'  -  TOY DATA' if file.attrs['toy'] else ''}"


def _photograph(root, path):
    try:
        return load(root, path)[1]
    except Undecodable:
        return None


def _caption(emotion, row):
    return f"{EMOTIONS[emotion] if emotion >= 0 else 'no label'}  {row}"


def choose(kind: np.ndarray, *, count: int, generator: np.random.Generator) -> np.ndarray:
    """Indices of up to `count` rows, drawn kind by kind in turn, in the order of their kind (N,)."""
    queues = [list(generator.permutation(np.flatnonzero(kind == each))) for each in np.unique(kind)]
    chosen = []
    while len(chosen) < count and any(queues):
        chosen += [queue.pop() for queue in queues if queue]
    chosen = np.array(chosen[:count], int)
    return chosen[np.lexsort((chosen, kind[chosen]))]
