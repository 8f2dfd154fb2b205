"""HDF5 files that somebody else may have made: held against the schema before anything is read from them.

A link or dataset that leads to another file is refused unopened, and so is one that claims more than the file has bytes
for. Only small columns whose values serve as indices are read. Every refusal is a ValueError that names the field."""

import json
import math
from collections.abc import Iterator

import h5py
import numpy as np

from data import heads
from data.files.fields import AXES, TEXT
from data.files.schema import (
    ATTRIBUTES,
    field_of,
    fields,
    groups,
    kept_shapes,
    missing,
    place,
    relied_on,
    stated_width,
    weight_shapes,
    width_of_weights,
)
from data.runtime.failures import Refused

# What a packed dataset may unfold to; confusion counts of 100,000 heads, three domains, take a sixth of it.
UNPACKED_BYTES = 2**30
LONGEST_PATH = 200  # the longest part of one is the name of a data set
PIECE_BYTES = 2**24
_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}


def check(file: h5py.File, kind: str, **sizes: int) -> None:
    """Raise Refused where an open file does not hold what its kind does. sizes: of the words in the lengths of axes
    (statuses, tries, C)."""
    sizes = {("", name): size for name, size in sizes.items()}
    sizes |= _check_attributes(file, kind)
    known, scopes, file_bytes = fields(kind), {"": {}}, file.id.get_filesize()
    kept = {}  # head, by its path -> name -> shape
    for path, dataset in _datasets(file, kind, known, scopes):
        pattern, scope = place(kind, path)
        field = field_of(kind, pattern, known)
        _check_dataset(dataset, path, field, file_bytes)
        if field.axes is not None:
            _fix(sizes, scope, path, dataset.shape, field)
        if scope.startswith("kept/"):
            kept.setdefault(scope, {})[path.rsplit("/", 1)[1]] = dataset.shape
        scopes.setdefault(scope, {})[pattern] = path
    for scope, present in scopes.items():
        _check_scope(file, kind, scope, present, known, sizes)
    rows = sum(size for (scope, letter), size in sizes.items() if scope.startswith("tests/") and letter == "n")
    if sizes.get(("", "R"), rows) != rows:
        raise Refused(f"holds predictions of {sizes['', 'R']} rows, its test sets have {rows}")
    width = sizes.get(("", "F"))
    if width is None:
        width = width_of_weights((scope.split("/")[1], shapes) for scope, shapes in kept.items())
    if width < 1:
        raise Refused(f"holds features of {width} numbers, expected at least one")
    for scope, shapes in kept.items():
        _check_kept(scope, shapes, width, sizes)


def _check_scope(file, kind, scope, present, known, sizes):
    absent = missing(kind, scope, present)
    if absent:
        raise Refused(f"lacks a part of a file of kind {kind}: {scope}{'/' * bool(scope)}{absent.rsplit('*/', 1)[-1]}")
    for pattern, path in present.items():
        _check_values(file, path, field_of(kind, pattern, known), sizes)


def _check_kept(scope, shapes, width, sizes):
    """The arrays of one head are those its family says; of a family that is not known here, whatever they are."""
    _, family, k, run = scope.split("/")
    if not all(part.isascii() and part.isdecimal() and str(int(part)) == part for part in (k, run)):
        raise Refused(f"holds {scope}, expected kept/FAMILY/K/RUN with two whole numbers")
    if family not in heads.FAMILIES:
        return
    expected = weight_shapes(family, int(k), features=width, classes=sizes["", "C"], domains=sizes["", "D"])
    found = {name: shape for name, shape in shapes.items() if name != "predicted"}
    for name, shape in found.items():
        if name not in expected:
            raise Refused(f"holds {scope}/{name}, which a head of {family} does not")
        if shape != expected[name]:
            raise Refused(f"holds {scope}/{name} of shape {shape}, expected {expected[name]}")
    weights = expected.keys() - kept_shapes(0).keys()
    if weights & found.keys() and not weights <= found.keys():
        raise Refused(f"lacks a part of a head's weights: {scope}/{min(weights - found.keys())}")


def not_finite(file: h5py.File, kind: str) -> list[str]:
    """Paths of the datasets of an open file that must be finite and are not, read in pieces."""
    known = fields(kind)
    paths = sorted(path for path, _ in _datasets(file, kind, known, {}))
    paths = [path for path in paths if field_of(kind, place(kind, path)[0], known).finite]
    return [path for path in paths if not all(np.isfinite(piece).all() for piece in _pieces(file[path]))]


def _pieces(dataset):
    rows = max(1, PIECE_BYTES // max(1, math.prod(dataset.shape[1:]) * dataset.dtype.itemsize))
    return (dataset[start : start + rows] for start in range(0, len(dataset), rows))


def attribute(file: h5py.File, name: str, type: type) -> str | int | bool:
    """An attribute of the file as str, int or bool. Raises ValueError where it is missing or of another type."""
    if name not in file.attrs:
        raise Refused(f"lacks a part: its attribute {name}")
    found = file.attrs.get_id(name)
    text = h5py.check_string_dtype(found.dtype) is not None
    if found.shape != () or (not text if type is str else found.dtype.kind not in {int: "iu", bool: "b"}[type]):
        raise Refused(f"has an attribute {name} that is not of type {type.__name__}")
    value = file.attrs[name]
    return value.decode() if isinstance(value, bytes) else type(value)  # bytes: text of a fixed length


def parsed(file: h5py.File, name: str, type: type) -> list | dict:
    """An attribute of JSON text as list or dict. Raises ValueError."""
    try:
        value = json.loads(attribute(file, name, str))
    except (json.JSONDecodeError, RecursionError):
        raise Refused(f"has an attribute {name} that is not JSON") from None
    if not isinstance(value, type):
        raise Refused(f"has an attribute {name} that is not of type {type.__name__} in JSON")
    return value


def _check_attributes(file, kind):
    """The sizes that attributes fix."""
    attribute(file, "digest", str)
    attribute(file, "toy", bool)
    sizes, said = {}, {}
    for name, type in ATTRIBUTES[kind].items():
        value = said[name] = parsed(file, name, type)
        for key, expected in relied_on(kind, name, value).items():
            if not isinstance(_nested(value, key), expected):
                raise Refused(f"has a {name} without {key}")
        if type is list:
            sizes["", {"classifiers": "D", "test_sets": "T"}[name]] = len(value)
    width = stated_width(kind, said["header"], said["provenance"])
    if width is not None:
        sizes["", AXES["feature"]] = width
    return sizes


def _nested(value, key):
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _datasets(file, kind, known, scopes) -> Iterator:
    """Yield (path, low-level dataset) of all there are; groups that have a star of their own are noted in `scopes`."""
    allowed, seen, waiting = groups(kind), {h5py.h5o.get_info(file.id).addr}, [("", file.id)]
    while waiting:
        above, group = waiting.pop()
        for name in group:
            path = above + name.decode("utf-8", "backslashreplace")
            if not path.isprintable():
                raise Refused(f"holds {ascii(path)[:LONGEST_PATH]}, a name that cannot be printed")
            if len(path) > LONGEST_PATH:
                raise Refused(f"holds {path[:LONGEST_PATH]}..., a name of {len(path):,} characters")
            if group.links.get_info(name).type != h5py.h5l.TYPE_HARD:
                raise Refused(f"holds a soft or external link at {path}; such files are refused")
            item = h5py.h5o.open(group, name)
            address = h5py.h5o.get_info(item).addr
            if address in seen:
                raise Refused(f"holds {path} a second time under another name")
            seen.add(address)
            pattern, scope = place(kind, path)
            if isinstance(item, h5py.h5d.DatasetID) and field_of(kind, pattern, known):
                yield path, item
            elif isinstance(item, h5py.h5g.GroupID) and pattern in allowed:
                waiting.append((path + "/", item))
                if scope == path:
                    scopes.setdefault(scope, {})
            else:
                raise Refused(f"holds {path}, which a file of kind {kind} does not, or not in this way")


def _check_dataset(dataset, path, field, file_bytes):
    storage = dataset.get_create_plist()
    if storage.get_layout() == h5py.h5d.VIRTUAL or storage.get_external_count():
        raise Refused(f"keeps {path} in another file; such files are refused")
    filters = {storage.get_filter(index)[0] for index in range(storage.get_nfilters())}
    if not filters <= (_FILTERS if field.packed else set()):
        raise Refused(f"holds {path} packed or filtered, expected plain storage")
    found = TEXT if h5py.check_string_dtype(dataset.dtype) is not None else str(dataset.dtype)
    plain = found == TEXT or dataset.dtype.kind in "biuf"
    if not plain or found not in (field.types or (found,)):
        raise Refused(f"holds {path} of type {found}, expected {field.type or 'numbers or text'}")
    if dataset.shape is None or (field.axes is not None and len(dataset.shape) != len(field.axes)):
        raise Refused(f"holds {path} of shape {dataset.shape}, expected {_shown(field.axes or ())}")
    claimed = math.prod(map(int, dataset.shape)) * dataset.get_type().get_size()
    stored = dataset.get_storage_size()
    if stored > file_bytes or claimed > (UNPACKED_BYTES if filters else stored):
        raise Refused(f"holds {path} of {claimed:,} bytes, of which {stored:,} are stored in a file of {file_bytes:,}")


def _shown(axes):
    return f"({', '.join(axes)})"


def _fix(sizes, scope, path, shape, field):
    """Letters get their numbers from the first dataset that has them; the others must agree."""
    for side, name in zip(shape, (sizes.get(("", side), side) for side in field.shape)):
        wanted = _length(sizes, scope, side, name)
        if side != wanted:
            raise Refused(
                f"holds {path} of shape {shape}, expected {_shown(field.axes)} with {wanted} instead of {side}"
            )


def _length(sizes, scope, side, name):
    """How long an axis of this name is to be, where one is `side` long."""
    if isinstance(name, int):
        return name
    if name.startswith("<"):
        return min(side, sizes["", name[1:]])
    letter, more = name.removesuffix("+1"), name.endswith("+1")
    return sizes.setdefault((scope if letter.islower() else "", letter), side - more) + more


def _check_values(file, path, field, sizes):
    if path.endswith("jpeg_offset"):
        offset, end = file[path][()], sizes[path.rsplit("/", 1)[0], "b"]
        if offset[0] != 0 or offset[-1] != end or (np.diff(offset) < 0).any():
            raise Refused(f"holds {path} that does not rise from 0 to {end:,}, the end of its images")
    low, high = (sizes.get(("", bound), bound) for bound in field.within)
    if low is None:
        return
    values = file[path][()]
    if values.size and (values.min() < low or (high is not None and values.max() >= high)):
        raise Refused(
            f"holds {path} with values from {values.min()} to {values.max()}, expected {low} to "
            f"{'any' if high is None else high - 1}"
        )
