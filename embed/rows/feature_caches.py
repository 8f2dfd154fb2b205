"""Feature caches as stage two reads them: their labelled rows, and whether they fit each other."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from data.files.cache import classes_of, header_of, open_cache, provenance_of, read_split
from data.files.fields import people
from data.files.publish import refuse_difference
from data.runtime.failures import Refused

MUST_AGREE = (
    "emotion_sha256",
    "valence_arousal_sha256",
    "image_size",
    "alignment_version",
    "precision",
    "feature_size",
    "views",
    "network",  # of imported features, and their type
    "dtype",
)


@dataclass
class CacheSplit:
    """The labelled rows of one split of a cache. n rows, V views; their features stay on disk."""

    path: Path
    split: str
    position: np.ndarray  # (n,) int64, ascending: where these rows lie in the datasets of the split
    emotion: np.ndarray  # (n,) int8
    row: np.ndarray  # (n,) int64, row in the source list
    views: int  # V
    feature_size: int  # F
    predicted: np.ndarray | None  # (n, V, 2) float32 valence and arousal as the regression network gives them
    annotated: np.ndarray  # (n, 2) float32, NaN where missing
    status_counts: np.ndarray
    paths: np.ndarray | None  # (n,) str, of the test images as the source list spells them
    people: dict  # cluster and groups -> (n,) str, of the test images, where the cache tells them
    held_out: np.ndarray | None = None  # (n,) bool, training rows that the networks have not seen
    dtype: np.dtype = np.dtype(np.float16)  # of the features as cached

    def __len__(self):
        return len(self.emotion)

    def at(self, rows: np.ndarray) -> "CacheSplit":
        """Some of the rows, by a mask or by places in ascending order."""
        names = ("position", "emotion", "row", "predicted", "annotated", "paths", "held_out")
        own = {name: getattr(self, name) for name in names}
        return replace(self, **{name: None if value is None else value[rows] for name, value in own.items()})

    def has_annotations(self) -> np.ndarray:
        """(n,) whether both values are there."""
        return np.isfinite(self.annotated).all(1)


@dataclass
class SweptCache:
    """One features/NAME.h5."""

    name: str
    digest: str
    toy: bool
    classes: tuple  # names of the C classes
    header: dict
    provenance: dict
    train: CacheSplit
    test: CacheSplit
    validation: CacheSplit | None = None


def read_cache(path: Path) -> SweptCache:
    """The SweptCache at `path`. Raises CacheError, FileNotFoundError; ValueError for content that cannot be trained
    on."""
    with open_cache(path, "features") as file:
        return SweptCache(
            Path(path).stem,
            file.attrs["digest"],
            bool(file.attrs["toy"]),
            classes_of(file),
            header_of(file),
            provenance_of(file),
            *(_read_part(file, split, Path(path)) for split in ("train", "test")),
            _read_part(file, "validation", Path(path)) if _has_rows(file, "validation") else None,
        )


def is_labelled(path: Path) -> bool:
    """Whether a feature cache has labelled rows at all: those of a folder of photographs have none."""
    with open_cache(path, "features") as file:
        return any("emotion" in file[split] and (file[split]["emotion"][()] >= 0).any() for split in file)


def _has_rows(file, split):
    return split in file and "feature" in file[split] and bool((file[split]["emotion"][()] >= 0).any())


def _read_part(file, split, path):
    if not _has_rows(file, split):
        raise Refused(f"{path} has no labelled {split} rows; a domain needs both a train and a test split")
    _, views, feature_size = file[split]["feature"].shape
    names = ["emotion", "row", "valence_arousal", "valence_arousal_predicted", "status_counts"]
    told = tuple(people("crop"))
    names += ["held_out"] if split == "train" else []
    names += ["path", *told] if split == "test" else []  # hundreds of thousands of training rows nobody asks for
    arrays = read_split(file, split, [name for name in names if name in file[split]])
    position = np.flatnonzero(arrays["emotion"] >= 0)
    predicted = arrays.get("valence_arousal_predicted")
    if predicted is not None and not np.isfinite(predicted[position]).all():
        raise Refused(f"{path} holds predicted arousal-valence that is not finite in {split}; run `extract run` again")
    return CacheSplit(
        path,
        split,
        position,
        arrays["emotion"][position].astype(np.int8),
        arrays["row"][position],
        views,
        feature_size,
        None if predicted is None else predicted[position],
        arrays["valence_arousal"][position],
        arrays["status_counts"],
        arrays["path"][position] if "path" in arrays else None,
        {name: arrays[name][position] for name in told if name in arrays},
        arrays["held_out"][position] > 0 if "held_out" in arrays else None,
        file[split]["feature"].dtype,
    )


def refuse_misfit(caches: list[SweptCache]) -> None:
    """Raise ValueError where caches must not be swept together, naming the file and the field."""
    first = caches[0]
    for cache in caches:
        if len(np.unique(cache.train.emotion)) < 2:
            only = cache.classes[int(cache.train.emotion[0])]
            raise Refused(f"{cache.name} has training rows of one class alone ({only}); a classifier needs two")
        if cache.toy != first.toy:
            raise Refused(
                f"{cache.name} is {'toy' if cache.toy else 'real'} data, {first.name} is not; sweep them apart "
                "(--datasets)"
            )
        if cache.train.feature_size != first.train.feature_size:
            raise Refused(
                f"{cache.name} has features of {cache.train.feature_size} dimensions, {first.name} of "
                f"{first.train.feature_size}; heads need those of one network, sweep them apart (--datasets)"
            )
        for part in (cache.train, cache.test):
            if part.dtype != first.train.dtype:
                raise Refused(
                    f"{cache.name} has features of type {part.dtype} in {part.split}, {first.name} of "
                    f"{first.train.dtype}; sweep them apart (--datasets), or import all in one type"
                )
        refuse_difference(
            f"features/{first.name}.h5",
            _agreed(first),
            _agreed(cache),
            this=f"features/{cache.name}.h5",
            advice="sweep them apart (--datasets), or run `extract run` again with the same networks and options",
        )


def refuse_copies(caches: list[SweptCache]) -> None:
    """Raise Refused where one cache stands among them twice: its rows would count twice, and be scored as another
    domain's."""
    first = {}
    for cache in caches:
        other = first.setdefault(cache.digest, cache)
        if other is cache:
            continue
        if other.name == cache.name:
            raise Refused(f"{cache.name} is named twice; name each cache once (--datasets)")
        raise Refused(
            f"features/{other.name}.h5 and features/{cache.name}.h5 hold the same rows (content digest "
            f"{cache.digest[:12]}): one is a copy of the other; name one of them (--datasets), or move one away"
        )


def _agreed(cache):
    return {"classes": ", ".join(cache.classes), **{name: cache.header.get(name) for name in MUST_AGREE}}
