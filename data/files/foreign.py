"""HDF5 files that somebody else may have made: held against the schema before anything is read from them.

A link or dataset that leads to another file is refused unopened, and so is one that claims more than the file has bytes
for. Only small columns whose values serve as indices are read. Every refusal is a ValueError that names the field."""

import json
import math

import h5py
import numpy as np

from data.files.schema import ATTRIBUTES, TEXT, field, groups, missing, place
from data.runtime.failures import Refused

UNPACKED_BYTES = (
    2**30
)  # what a packed dataset may unfold to; confusion counts of 100,000 heads, three domains, take a sixth of it
LONGEST_PATH = 200  # the longest part of one is the name of a data set
PIECE_BYTES = 2**24
_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}


def check(file, kind, **sizes):
    """Raise ValueError where an open file does not hold what its kind does. sizes: of the schema's words (statuses,
    tries)."""
    sizes = {("", name): size for name, size in sizes.items()}
    sizes |= _check_attributes(file, kind)
    scopes, file_bytes = {"": {}}, file.id.get_filesize()
    for path, dataset in _datasets(file, kind, scopes):
        pattern, scope = place(kind, path)
        own = field(kind, path)
        _check_dataset(dataset, path, own, file_bytes)
        if own.shape is not None:
            _fix(sizes, scope, path, dataset.shape, tuple(sizes.get(("", side), side) for side in own.shape))
        scopes.setdefault(scope, {})[pattern] = path
    for scope, present in scopes.items():
        _check_scope(file, kind, scope, present, sizes)
    rows = sum(size for (scope, letter), size in sizes.items() if scope.startswith("tests/") and letter == "n")
    if sizes.get(("", "R"), rows) != rows:
        raise Refused(f"holds predictions of {sizes['', 'R']} rows, its test sets have {rows}")


def _check_scope(file, kind, scope, present, sizes):
    absent = missing(kind, scope, present)
    if absent:
        raise Refused(f"lacks a part of a file of kind {kind}: {scope}{'/' * bool(scope)}{absent.rsplit('*/', 1)[-1]}")
    for path in present.values():
        _check_values(file, path, field(kind, path), sizes)


def not_finite(file, kind):
    """Paths of the datasets of an open file that must be finite and are not, read in pieces."""
    found = sorted(path for path, _ in _datasets(file, kind, {}) if field(kind, path).finite)
    return [path for path in found if not all(np.isfinite(piece).all() for piece in _pieces(file[path]))]


def _pieces(dataset):
    rows = max(1, PIECE_BYTES // max(1, math.prod(dataset.shape[1:]) * dataset.dtype.itemsize))
    return (dataset[start : start + rows] for start in range(0, len(dataset), rows))


def attribute(file, name, type):
    """An attribute of the file as str, int or bool. Raises ValueError where it is missing or of another type."""
    if name not in file.attrs:
        raise Refused(f"lacks a part: its attribute {name}")
    found = file.attrs.get_id(name)
    text = h5py.check_string_dtype(found.dtype) is not None
    if found.shape != () or (not text if type is str else found.dtype.kind not in {int: "iu", bool: "b"}[type]):
        raise Refused(f"has an attribute {name} that is not of type {type.__name__}")
    value = file.attrs[name]
    return value.decode() if isinstance(value, bytes) else type(value)  # bytes: text of a fixed length


def parsed(file, name, type):
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
    sizes = {}
    for name, (type, keys) in ATTRIBUTES[kind].items():
        value = parsed(file, name, type)
        for key, expected in keys.items():
            if not isinstance(_nested(value, key), expected):
                raise Refused(f"has a {name} without {key}")
        if kind == "features" and name == "header" and isinstance(value.get("feature_size"), int):
            sizes["", "F"] = value["feature_size"]
        if type is list:
            sizes["", {"classifiers": "D", "test_sets": "T"}[name]] = len(value)
    return sizes


def _nested(value, key):
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _datasets(file, kind, scopes):
    """Yield (path, low-level dataset) of all there are; groups that have a star of their own are noted in `scopes`."""
    allowed, seen, waiting = groups(kind), {h5py.h5o.get_info(file.id).addr}, [("", file.id)]
    while waiting:
        above, group = waiting.pop()
        for name in group:
            path = above + name.decode("ascii", "backslashreplace")
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
            if isinstance(item, h5py.h5d.DatasetID) and field(kind, path):
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
    if found != field.type:
        raise Refused(f"holds {path} of type {found}, expected {field.type}")
    if dataset.shape is None or (field.shape is not None and len(dataset.shape) != len(field.shape)):
        raise Refused(f"holds {path} of shape {dataset.shape}, expected {_shown(field.shape)}")
    claimed = math.prod(map(int, dataset.shape)) * dataset.get_type().get_size()
    stored = dataset.get_storage_size()
    if stored > file_bytes or claimed > (UNPACKED_BYTES if filters else stored):
        raise Refused(f"holds {path} of {claimed:,} bytes, of which {stored:,} are stored in a file of {file_bytes:,}")


def _shown(shape):
    return f"({', '.join(map(str, shape))})"


def _fix(sizes, scope, path, shape, expected):
    """Letters get their numbers from the first dataset that has them; the others must agree."""
    for side, name in zip(shape, expected):
        letter, more = str(name).removesuffix("+1"), str(name).endswith("+1")
        own = scope if letter.islower() else ""
        wanted = name if isinstance(name, int) else sizes.setdefault((own, letter), side - more) + more
        if side != wanted:
            raise Refused(f"holds {path} of shape {shape}, expected {_shown(expected)} with {wanted} instead of {side}")


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
