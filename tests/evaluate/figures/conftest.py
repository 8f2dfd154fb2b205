"""One made-up study for all figures, drawn in their style."""

import pytest

from evaluate.figures.plate import drawing
from evaluate.samples import read_samples
from tests.evaluate.made_up_study import make_study


@pytest.fixture(scope="package")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    runs = make_study(folder)
    return runs, read_samples(runs, folder / "features")[0]


@pytest.fixture(autouse=True)
def in_style():
    with drawing():
        yield
