"""The groups that people in images belong to, such as ("gender", "female"): one text for each row of a file."""

import functools
import json
from collections.abc import Sequence

import numpy as np

UNKNOWN = ""


@functools.lru_cache(maxsize=4096)  # many rows, few combinations
def as_text(groups: tuple) -> str:
    """(attribute, value) pairs as JSON; empty where there are none."""
    return json.dumps(dict(groups), sort_keys=True, ensure_ascii=False) if groups else ""


def by_attribute(texts: Sequence[str]) -> dict[str, np.ndarray]:
    """{attribute: (n,) value of each row, UNKNOWN where it has none} of n texts, attributes by name."""
    distinct, place = np.unique(np.asarray(texts, str), return_inverse=True)
    told = [dict(json.loads(text)) if text else {} for text in distinct]
    names = sorted({name for each in told for name in each})
    return {name: np.array([str(each.get(name, UNKNOWN)) for each in told], object)[place] for name in names}
