"""What the three kinds of files hold: of every dataset its type, its shape, and which rows go together.

Paths are as in the file, a star for a split, a test set, or the family, k and run of a head. Letters in a shape stand
for one number each, small ones within one split, test set or head, capitals within the file: n crops, m listed images,
b bytes of all crops, s shards they were made in, v views, k dimensions of a head, c its classifiers, z what these see;
F features, H heads, D classifiers, T test sets, R rows of all test sets."""

from dataclasses import dataclass

from data.emotions import EMOTIONS, UNLABELLED
from data.heads import FAMILIES
from data.sample import SPLITS

C = len(EMOTIONS)
TEXT = "text"


@dataclass(frozen=True)
class Field:
    """One dataset. "n+1" is one more than n; words stand for sizes that are known beforehand: statuses, tries. A
    shape of None may be any."""

    type: str
    shape: tuple
    needed: bool = True
    packed: bool = False
    within: tuple = (None, None)  # lowest value, first one beyond the highest: of columns that serve as indices
    finite: bool = False


_COUNTS = {
    "status_counts": Field("int64", (C + 1, "statuses"), within=(0, None)),
    "try_counts": Field("int64", ("tries",), within=(0, None)),
    "official_counts": Field("int64", (C,), needed=False, within=(0, None)),
}
_EMOTION = Field("int8", ("n",), within=(UNLABELLED, C))
_CROPS = {
    "row": Field("int64", ("n",)),
    "path": Field(TEXT, ("n",)),
    "face": Field("int16", ("n",)),
    "emotion": _EMOTION,
    "valence_arousal": Field("float32", ("n", 2)),
}
_MANIFEST = {
    "row": Field("int64", ("m",)),
    "path": Field(TEXT, ("m",)),
    "emotion": Field("int8", ("m",), within=(UNLABELLED, C)),
    "status": Field("uint8", ("m",), within=(0, "statuses")),
    "found_by": Field("uint8", ("m",), within=(0, "tries")),
    "faces": Field("int32", ("m",)),
    "crops": Field("int32", ("m",)),
    "left_out": Field(TEXT, ("m",)),
    "reason": Field(TEXT, ("m",)),
}
_IMAGES = {
    "jpeg": Field("uint8", ("b",)),
    "jpeg_offset": Field("int64", ("n+1",)),
    "found_by": Field("uint8", ("n",), within=(0, "tries")),
    "box": Field("float32", ("n", 4)),
    "landmarks": Field("float32", ("n", 68, 2)),
    "shard_content": Field(TEXT, ("s",), needed=False),
}
_FEATURES = {
    "feature": Field("float16", ("n", "v", "F"), finite=True),
    "valence_arousal_predicted": Field("float32", ("n", "v", 2), needed=False, finite=True),
}
_HEADS = {"family": TEXT, "k": "int32", "run": "int32", "seed": "int64", "loss": "float64", "failure": TEXT}
_KEPT = {
    "A": ("float32", ("k", "F")),
    "a": ("float32", ("k",)),
    "B": ("float32", ("c", C, "z")),
    "b": ("float32", ("c", C)),
    "Bv": ("float32", ("c", C, 2)),
    "predicted": ("uint8", ("D", "R")),
    "range": ("float32", (2, "r")),
}


def _below(place, fields):
    return {f"{place}/{name}": field for name, field in fields.items()}


FIELDS = {
    "aligned": _below("*", {**_CROPS, **_IMAGES, **_COUNTS, **_below("manifest", _MANIFEST)}),
    "features": _below("*", {**_CROPS, **_FEATURES, **_COUNTS}),
    "runs": {
        **_below("heads", {name: Field(type, ("H",)) for name, type in _HEADS.items()}),
        "confusion": Field("int32", ("H", "D", "T", C, C), packed=True),
        **_below("tests/*", {"emotion": _EMOTION, "row": _CROPS["row"], "status_counts": _COUNTS["status_counts"]}),
        **_below("kept/*/*/*", {name: Field(*field, needed=False) for name, field in _KEPT.items()}),
    },
}
# What the attributes say in JSON, and what of it is relied on; a dot leads into what is nested.
ATTRIBUTES = {
    "aligned": {
        "header": (dict, {"alignment_version": int, "shard_rows": int}),
        "provenance": (dict, {"dataset": str}),
    },
    "features": {"header": (dict, {"image_size": int}), "provenance": (dict, {"emotion.domains": dict})},
    "runs": {"header": (dict, {}), "provenance": (dict, {}), "classifiers": (list, {}), "test_sets": (list, {})},
}
_STARS = {"aligned": {}, "features": {}, "runs": {"heads": (), "confusion": (), "tests": (1,), "kept": (1, 2, 3)}}


def place(kind, path):
    """(the path with its stars, the part of it up to the last star) of a dataset or group in a file of this kind."""
    parts = path.split("/")
    stars = _STARS[kind].get(parts[0], ()) if kind == "runs" else (0,) if parts[0] in SPLITS else ()
    pattern = ["*" if index in stars else part for index, part in enumerate(parts)]
    return "/".join(pattern), "/".join(parts[: max(stars, default=-1) + 1])


def field(kind, path):
    """The Field of a dataset; None where a file of this kind has none there."""
    pattern, _ = place(kind, path)
    if pattern not in FIELDS[kind] and pattern.startswith("kept/*/*/*/"):
        _, family, k, _, name = path.split("/", 4)
        known = FAMILIES[family].shapes(int(k), features=1, classes=C, domains=1) if family in FAMILIES else {name: ()}
        return Field("float32", None, needed=False) if name in known else None
    return FIELDS[kind].get(pattern)


def groups(kind):
    """Patterns of the groups that the fields of a kind lie in."""
    return {pattern.rsplit("/", depth)[0] for pattern in FIELDS[kind] for depth in range(1, pattern.count("/") + 1)}


def missing(kind, scope, present):
    """The first needed field that is not among the patterns `present` in one split, test set or head, or in none ("");
    else None.

    A split of features without any crop has its counts alone."""
    within = place(kind, scope)[0] if scope else ""
    needed = [
        pattern
        for pattern, field in FIELDS[kind].items()
        if field.needed and pattern[: pattern.rfind("*") + 1] == within
    ]
    if kind == "features" and scope and all(pattern in _below("*", _COUNTS) for pattern in present):
        needed = _below("*", {name: field for name, field in _COUNTS.items() if field.needed})
    return next((pattern for pattern in needed if pattern not in present), None)
