"""What the three kinds of files hold: the field of every dataset, what every group is, and which rows go together.

Paths are as in the file, a star for a split, a test set, or the family, k and run of a head. What lies there of a head
or a test set is declared in data.files.columns, the arrays of a head's weights by its family."""

from collections.abc import Iterable

from data import heads
from data.emotions import UNLABELLED
from data.files.columns import HEAD, TEST_SET, columns
from data.files.fields import TEXT, Field, people
from data.networks import is_imported
from data.sample import SPLITS

FIRST_WIDTH = 512  # of features in results files from before they said it

_COUNTS = {
    "status_counts": Field(
        "int64",
        ("emotion or none", "status"),
        "how many listed images of each emotion ended in which status; what coverage follows from",
        within=(0, None),
    ),
    "try_counts": Field(
        "int64", ("try",), "how many listed images had their face found by which try", within=(0, None)
    ),
    "official_counts": Field(
        "int64", ("emotion",), "rows of each emotion as its authors count them", needed=False, within=(0, None)
    ),
}
_CROPS = {
    "row": Field("int64", ("crop",), "row in the source list of the split, counted from 0"),
    "path": Field(TEXT, ("crop",), "path of the image as the source list spells it"),
    "face": Field("int16", ("crop",), "number of the face in its image; 0 is the one taken, or the largest"),
    "emotion": Field(
        "int8", ("crop",), "index into the attribute emotions; -1 where there is none", within=(UNLABELLED, "C")
    ),
    "valence_arousal": Field(
        "float32", ("crop", "valence and arousal"), "annotated, from -1 to 1; not a number where missing"
    ),
    **people("crop"),
}
_MANIFEST = {
    "row": Field("int64", ("listed image",), "row in the source list of the split, counted from 0"),
    "path": Field(TEXT, ("listed image",), "path of the image as the source list spells it"),
    "emotion": Field("int8", ("listed image",), "index into the attribute emotions, or -1", within=(UNLABELLED, "C")),
    "valence_arousal": Field(
        "float32",
        ("listed image", "valence and arousal"),
        "annotated, from -1 to 1; not a number where missing",
        needed=False,
    ),
    "key": Field(
        "uint8", ("listed image", "digest"), "digest of what its crop depends on: path, box and landmarks", needed=False
    ),
    "status": Field("uint8", ("listed image",), "what became of the image", within=(0, "statuses")),
    "found_by": Field("uint8", ("listed image",), "which try found the face", within=(0, "tries")),
    "faces": Field("int32", ("listed image",), "how many faces the detector found"),
    "crops": Field("int32", ("listed image",), "how many crops were taken"),
    "left_out": Field(TEXT, ("listed image",), "why the row is none of the seven classes; else empty"),
    "reason": Field(TEXT, ("listed image",), "what was wrong with the image, or with the search; else empty"),
    **people("listed image"),
}
_IMAGES = {
    "jpeg": Field("uint8", ("byte",), "the aligned crops as JPEG files, one after the other"),
    "jpeg_offset": Field("int64", ("bound",), "crop i lies in jpeg from offset i to offset i + 1"),
    "found_by": Field("uint8", ("crop",), "which try found the face", within=(0, "tries")),
    "box": Field(
        "float32", ("crop", "corner and size"), "of the face: x, y, width, height in pixels of the source image"
    ),
    "landmarks": Field(
        "float32", ("crop", "landmark", "x and y"), "in pixels of the source image; not a number where there is none"
    ),
    "scheme": Field(TEXT, ("crop",), "which points of a face the landmarks are; empty without any", needed=False),
    "shard_content": Field(TEXT, ("shard",), "sha256 of the content of each piece it was packed from", needed=False),
}
_FEATURES = {
    "feature": Field(
        "float16 or float32",
        ("crop", "view", "feature"),
        "what the frozen network gives for a crop; view 0 is the plain crop, the others are augmented",
        finite=True,
    ),
    "valence_arousal_predicted": Field(
        "float32",
        ("crop", "view", "valence and arousal"),
        "of the same view, as the regression network gives them",
        needed=False,
        finite=True,
    ),
}
_FEATURES["held_out"] = Field(
    "uint8",
    ("crop",),
    "1 for training crops that the networks were not trained on, though on others of this data set",
    needed=False,
    within=(0, 2),
)
_KEPT = {
    "predicted": Field(
        "uint8",
        ("classifier", "row of all test sets"),
        "index of the emotion each classifier names; 255 where it was not trained or the row was not scored",
        needed=False,
    ),
    "range": Field(
        "float32",
        ("lowest and highest", "dimension"),
        "ends of the coordinates z over all training and test rows",
        needed=False,
    ),
    "canonical_T": Field(
        "float32",
        ("dimension", "dimension"),
        "T of the canonical coordinates T z + t, by which runs can be compared",
        needed=False,
        finite=True,
    ),
    "canonical_t": Field(
        "float32", ("dimension",), "t of the canonical coordinates T z + t", needed=False, finite=True
    ),
    "canonical_axes": Field(TEXT, ("dimension",), "what each canonical coordinate is", needed=False),
    "canonical_range": Field(
        "float32",
        ("lowest and highest", "dimension"),
        "ends of the canonical coordinates over all test rows",
        needed=False,
    ),
}
_WEIGHTS = Field("float32", None, "weights of a head", needed=False)
_UNDECLARED = Field("", None, "", needed=False, packed=True)  # a column that somebody else declared

_GROUPS = {
    "aligned": {"*": "one split, a row for each crop", "*/manifest": "a row for every listed image of the split"},
    "features": {"*": "one split, a row for each crop"},
    "runs": {
        "heads": "a row for each trained head; family, k and run are its key",
        "tests": "the test rows of each data set",
        "tests/*": "the test rows of one data set, in the order of the predictions",
        "kept": "predictions, weights and ranges of the heads that keep them, by family, k and run",
        "kept/*": "heads of one family",
        "kept/*/*": "heads of one number of learned dimensions",
        "kept/*/*/*": "one run: what it predicts, its weights on features as cached, the range of its coordinates",
    },
}
# What the attributes say in JSON, and what of it is relied on; a dot leads into what is nested.
ATTRIBUTES = {
    "aligned": {"header": dict, "provenance": dict},
    "features": {"header": dict, "provenance": dict},
    "runs": {"header": dict, "provenance": dict, "classifiers": list, "test_sets": list},
}
_RELIED_ON = {
    ("aligned", "header"): {"alignment_version": int, "shard_rows": int},
    ("aligned", "provenance"): {"dataset": str},
    ("features", "header"): {"image_size": int},
    ("features", "provenance"): {"emotion.domains": dict},
}
_OF_IMPORTED = {"network": str, "feature_size": int}  # which say nothing of crops
_STARS = {"aligned": {}, "features": {}, "runs": {"heads": (), "confusion": (), "tests": (1,), "kept": (1, 2, 3)}}


def _below(place: str, fields: dict) -> dict:
    return {f"{place}/{name}": field for name, field in fields.items()}


def fields(kind: str) -> dict:
    """Pattern -> Field of every dataset that is declared for a kind, the weights of heads apart."""
    if kind == "aligned":
        return _below("*", {**_CROPS, **_IMAGES, **_COUNTS, **_below("manifest", _MANIFEST)})
    if kind == "features":
        return _below("*", {**_CROPS, **_FEATURES, **_COUNTS})
    declared = {column.path: column.field for column in (*columns(HEAD), *columns(TEST_SET))}
    return {**declared, **_below("kept/*/*/*", _KEPT)}


def field_of(kind: str, pattern: str, known: dict) -> Field | None:
    """The Field of one dataset; known: fields(kind). None where a file of this kind has no such dataset."""
    if pattern in known or kind != "runs":
        return known.get(pattern)
    above = pattern.rpartition("/")[0]
    if above in (HEAD, TEST_SET):
        return _UNDECLARED
    return _WEIGHTS if above == "kept/*/*/*" else None


def undeclared(kind: str, path: str) -> bool:
    """Whether a dataset stands where a column does, and none of that name is declared here."""
    return field_of(kind, place(kind, path)[0], fields(kind)) is _UNDECLARED


def describe(kind: str, path: str, known: dict) -> tuple[tuple, str]:
    """(names of its axes, what it holds) of a dataset or, without axes, a group; known: fields(kind)."""
    pattern, _ = place(kind, path)
    field = field_of(kind, pattern, known)
    if field is _WEIGHTS:
        _, family, _, _, array = path.split("/")
        return heads.FAMILIES[family].describe(array) if family in heads.FAMILIES else ((), field.description)
    return (field.axes or (), field.description) if field else ((), _GROUPS[kind].get(pattern, ""))


def relied_on(kind: str, name: str, said: dict | list) -> dict:
    """Key -> type of what is relied on in an attribute of JSON that says this."""
    if (kind, name) == ("features", "header") and is_imported(said):
        return _OF_IMPORTED
    return _RELIED_ON.get((kind, name), {})


def place(kind: str, path: str) -> tuple[str, str]:
    """(the path with its stars, the part of it up to the last star) of a dataset or group in a file of this kind."""
    parts = path.split("/")
    if kind == "runs":
        stars = _STARS[kind].get(parts[0], ())
    else:
        stars = (0,) if parts[0] in SPLITS else ()
    pattern = ["*" if index in stars else part for index, part in enumerate(parts)]
    return "/".join(pattern), "/".join(parts[: max(stars, default=-1) + 1])


def groups(kind: str) -> set:
    """Patterns of the groups that the fields of a kind lie in."""
    return set(_GROUPS[kind])


def missing(kind: str, scope: str, present: dict) -> str | None:
    """The first needed field that is not among the patterns `present` in one split, test set or head, or in none ("");
    else None.

    A split of features without any crop has its counts alone."""
    within = place(kind, scope)[0] if scope else ""
    needed = [
        pattern
        for pattern, field in fields(kind).items()
        if field.needed and pattern[: pattern.rfind("*") + 1] == within
    ]
    if kind == "features" and scope and all(pattern in _below("*", _COUNTS) for pattern in present):
        needed = _below("*", {name: field for name, field in _COUNTS.items() if field.needed})
    return next((pattern for pattern in needed if pattern not in present), None)


def stated_width(kind: str, header: dict, provenance: dict) -> int | None:
    """How wide a file of features, or of heads on them, says that features are; None where it does not.

    Caches that were swept together agree; results of before this was recorded say nothing."""
    headers = [header] if kind == "features" else []
    swept = provenance.get("features") if kind == "runs" else None
    if isinstance(swept, dict):
        headers = [each for each in swept.values() if isinstance(each, dict)]
    return next((each["feature_size"] for each in headers if type(each.get("feature_size")) is int), None)


def width_of_weights(kept: Iterable[tuple[str, dict]]) -> int:
    """How wide features are by the weights themselves, for a results file that does not say it. kept: (family, name ->
    shape) of heads."""
    for name, shapes in kept:
        family = heads.FAMILIES.get(name)
        for array, shape in shapes.items() if family else ():
            axes, _ = family.describe(array)
            if "feature" in axes and len(axes) == len(shape):
                return shape[axes.index("feature")]
    return FIRST_WIDTH


def weight_shapes(family: str, k: int, *, features: int, classes: int, domains: int) -> dict:
    """Name -> shape of what a head of this family may keep of its weights, of its ranges and its canonical form."""
    declared = heads.FAMILIES[family]
    alone = declared.arousal_valence == heads.ANNOTATED  # trained on one domain
    shapes = declared.shapes(k, features=features, classes=classes, domains=1 if alone else domains)
    return {**shapes, **kept_shapes(declared.size(k, features))}


def kept_shapes(size: int) -> dict:
    """Name -> shape of what is kept of a representation of this size beside weights and predictions."""
    return {
        name: tuple(size if axis == "dimension" else 2 for axis in field.axes)
        for name, field in _KEPT.items()
        if "dimension" in field.axes
    }
