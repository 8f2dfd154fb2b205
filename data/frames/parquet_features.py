"""Features in Parquet: a column of lists, or one for each feature. Takes the extra `frames`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from data.frames.own_table import (
    FEATURES,
    OwnTable,
    columns,
    feature_columns,
    is_wide,
    refuse_other_lengths,
    refuse_type,
    texts,
    unread,
)
from data.readers.tables.cells import BadCell
from data.runtime.failures import Refused, missing_package

if TYPE_CHECKING:
    import pyarrow

FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}  # Arrow's names -> NumPy's
INDEX = "__index_level_"  # what pandas calls a column of row numbers


def from_parquet(path: Path) -> OwnTable:
    """The columns of a Parquet file by their names. Raises Refused; ModuleNotFoundError without pyarrow."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise missing_package(error) from error
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            names = [name for name in file.schema_arrow.names if not name.startswith(INDEX)]
            found = columns(path, names)
            table = file.read(columns=list(found.values()))
            cells = {column: _texts(path, column, table[name]) for column, name in found.items() if _is_cell(column)}
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path} cannot be read as Parquet ({str(error).splitlines()[0]})") from error
    feature, faults = _lists(path, table[found[FEATURES]]) if FEATURES in found else _wide(path, table, found)
    refuse_other_lengths(path, len(feature), cells)
    return OwnTable(path, feature, cells, lambda row: f"row {row}", (path,), faults, unread(path, names, found))


def _is_cell(column):
    return column != FEATURES and not is_wide(column)


def _texts(path, name, column: pyarrow.ChunkedArray):
    from pyarrow import types

    if types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if types.is_string(column.type) or types.is_large_string(column.type) or types.is_null(column.type):
        return [text or "" for text in column.to_pylist()]
    if column.null_count and not types.is_floating(column.type):
        return ["" if value is None else str(value) for value in column.to_pylist()]
    return texts(path, name, column.to_numpy())


def _lists(path, column: pyarrow.ChunkedArray):
    """((N, F) of a column of lists, {place of a row: BadCell} of those that are of another length than most)."""
    from pyarrow import compute, types

    kind = column.type
    if not (types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)):
        raise Refused(f"{path}: {FEATURES} of type {kind}, expected lists of numbers")
    dtype = FLOATS.get(str(kind.value_type), kind.value_type)
    refuse_type(path, FEATURES, dtype)
    lengths = compute.list_value_length(column).fill_null(-1).to_numpy()
    width = int(np.bincount(lengths + 1).argmax()) - 1 if len(lengths) else 1
    refuse_type(path, FEATURES, dtype, (len(lengths), max(width, 0)))
    good = lengths == width
    faults = {int(place): _of_length(int(lengths[place]), width) for place in np.flatnonzero(~good)}
    rows = column.filter(good) if faults else column
    numbers = compute.list_flatten(rows).to_numpy().reshape(-1, width)
    if not faults:
        return numbers, {}
    feature = np.zeros((len(good), width), dtype)
    feature[good] = numbers
    return feature, faults


def _of_length(found, expected):
    there = "there is none" if found < 0 else f"{found:,} numbers"
    return BadCell(FEATURES, f"{there}; expected {expected:,}, as in most rows")


def _wide(path, table: pyarrow.Table, found):
    names = feature_columns(path, found)
    types = {name: FLOATS.get(str(table[found[name]].type), table[found[name]].type) for name in names}
    for name, type in types.items():
        refuse_type(path, name, type)
    feature = np.empty((table.num_rows, len(names)), np.result_type(*types.values()))
    for place, name in enumerate(names):
        feature[:, place] = table[found[name]].to_numpy()
    return feature, {}
