"""Who is in an image, as aligned crops and their features keep it: where a list tells it of any image at all."""

from collections.abc import Callable, Sequence

import numpy as np

from data.groups import as_text
from data.sample import Sample

# name of the column -> its text for a listed image
PEOPLE: dict[str, Callable[[Sample], str]] = {
    "cluster": lambda sample: sample.cluster,
    "groups": lambda sample: as_text(sample.groups),
}


def people_told(samples: Sequence[Sample]) -> tuple[str, ...]:
    """The columns that a list has a text for; caches of other lists go without them, and are as they always were."""
    return tuple(name for name in PEOPLE if any(getattr(sample, name) for sample in samples))


def people_arrays(samples: Sequence[Sample], told: Sequence[str]) -> dict[str, np.ndarray]:
    """Dict of (n,) text, one array for each column that is told."""
    return {name: np.array([PEOPLE[name](sample) for sample in samples], object) for name in told}
