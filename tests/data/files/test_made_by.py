"""The command that makes a file again, as its folder, its name and its provenance tell it."""

from pathlib import Path

import pytest

from data.files.made_by import MADE_BY, commands


@pytest.mark.parametrize(
    "path, kinds, dataset, said",
    [
        ("features/faces.h5", ["features"], "", "`extract run --dataset faces`"),
        ("w/features/faces.h5", ["features"], "", "`extract run --dataset faces --workdir w`"),
        ("my work/features/a b.h5", ["features"], "", "`extract run --dataset 'a b' --workdir 'my work'`"),
        ("elsewhere/faces.h5", ["features"], "", "`extract run --dataset NAME`"),
        ("results/runs.h5", ["runs"], "", "`embed sweep`"),
        ("w/results/runs.h5", MADE_BY, "", "`embed sweep --workdir w`"),
        ("w/results/seed1.h5", ["runs"], "", "`embed sweep --results w/results/seed1.h5`"),
        ("w/aligned/sfew.h5", ["aligned"], "sfew", "`extract align --dataset sfew --workdir w`"),
        ("aligned/mine.h5", ["aligned"], "manifest", "`extract align --dataset manifest --name mine` and the other"),
        ("aligned/mine.h5", ["aligned"], "", "the call of `extract align` that made it"),
        ("a.h5", ["aligned", "features"], "", "the call of `extract align` that made it or `extract run"),
    ],
)
def test_the_command_can_be_called_as_it_stands(path, kinds, dataset, said):
    assert commands(Path(path), kinds, dataset).startswith(said)
