"""The rotating view: its points and axes by the head's coordinates, canonical where it has these."""

from dataclasses import replace

import numpy as np
import pytest

from data.canonical import Canonical
from data.files.runs import Head
from evaluate.page.view import view
from evaluate.samples import read_samples
from tests.evaluate.made_up_study import make_study

FORM = Canonical(
    np.float32([[2, 1, 0], [0, 1, 0], [0, 3, 1]]),
    np.float32([1, 2, 3]),
    ("along_valence", "along_arousal", "along_anger"),
)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    runs = make_study(folder, runs=1, ks=(3,))
    return runs, read_samples(runs, folder / "features")[0]


def test_axes_are_named_and_points_lie_by_them(study):
    runs, samples = study
    head = Head("cake", 3, 0)
    turned = replace(runs, outcomes={**runs.outcomes, head: replace(runs.outcomes[head], canonical=FORM)})
    raw, canonical = view(runs, samples), view(turned, samples)
    assert raw.figure["axes"] == ["k₁", "k₂", "k₃"] and "no coordinate has a name of its own" in raw.caption
    assert canonical.figure["axes"] == ["along valence", "along arousal", "along anger"]
    assert "so that runs can be compared" in canonical.caption
    before, after = (np.reshape(each.figure["z"], (-1, 3)) for each in (raw, canonical))
    np.testing.assert_allclose(after, FORM.of(before), atol=5e-3)
    assert list(canonical.records[0])[-3:] == list(FORM.axes)
    assert [row["predicted"] for row in raw.records] == [row["predicted"] for row in canonical.records]
    assert view(turned.raw(), samples).figure == raw.figure
