"""The model that comes with the project: what it says of real photographs, and that its two files belong together."""

import csv

import numpy as np
import pytest

from data.emotions import EMOTIONS
from data.exported_model import MODEL, read_model
from data.files.runs import Head, read_runs
from data.shipped_model import SUMS, shipped_model, shipped_results
from embed.cli import main as embed
from extract.cli import main as extract
from extract.crops.stored import StoredCrops
from extract.emotions.exported_file import ExportedFile
from extract.emotions.notebook import emotions
from tests.commands import fine
from tests.places import FACES

pytest.importorskip("onnx", reason="the package onnx is not installed (extra `export`)")
pytest.importorskip("onnxruntime", reason="the package onnxruntime is not installed (extra `export`)")

if not SUMS.is_file():
    pytest.skip("this copy of the project comes without its model", allow_module_level=True)
if not FACES.is_dir():
    pytest.skip(f"no photographs in {FACES}", allow_module_level=True)

EVERY = 4  # of the photographs of an emotion


def photographs(table, emotion):
    """Some of the test rows of a table."""
    with open(FACES / f"{table}.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if (row["split"], row["emotion"]) == ("test", emotion)]
    return rows[::EVERY]


@pytest.mark.parametrize(("table", "least"), [("a", 0.8), ("b", 0.8), ("c", 0.55)])
def test_smiles_are_told_from_still_faces(table, least):
    """Faces of films (c) are dark, turned and small, and fewer smiles are found there."""
    pytest.importorskip("pandas", reason="pandas is not installed (extra `frames`)")
    happy = {
        emotion: (emotions([FACES / row["path"] for row in photographs(table, emotion)]).predicted == "happiness")
        for emotion in ("happiness", "neutral")
    }
    assert happy["happiness"].mean() > least and happy["neutral"].mean() < 0.2


def test_its_heads_are_those_of_its_file(tmp_path):
    """`extract run` and `embed apply` with what is shipped say what the file says, but for its temperature."""
    with open(tmp_path / "mine.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, ["path", "emotion", "split"])
        writer.writeheader()
        writer.writerows(
            {**row, "split": "test"} for row in photographs("a", "happiness")[::3] + photographs("c", "neutral")[::3]
        )
    own = ("--workdir", tmp_path)
    where = ("--manifest", tmp_path / "mine.csv", "--root", FACES, "--name", "mine")
    fine(extract, "align", *own, "--dataset", "manifest", *where)
    fine(extract, "run", *own, "--dataset", "mine", "--network", "shipped")
    cache = tmp_path / "features" / "shipped" / "mine.h5"
    fine(embed, "apply", cache, "--results", "shipped", "--output", tmp_path / "said.csv")
    with open(tmp_path / "said.csv", newline="", encoding="utf-8") as file:
        applied = list(csv.DictReader(file))
    model = ExportedFile(shipped_model(), 1)
    crops = StoredCrops(tmp_path / "aligned" / "mine.h5", "test", model.size)
    found = model(np.stack([crops.pixels(index) for index in range(len(crops))])).probabilities
    temperature = float(read_model(shipped_model(), MODEL)[1]["temperature"])
    for place, name in enumerate(model.classifiers):
        theirs = np.array([[float(row[f"{name}:{emotion}"]) for emotion in EMOTIONS] for row in applied])
        warmed = theirs ** (1 / temperature)
        np.testing.assert_allclose(found[:, place], warmed / warmed.sum(1, keepdims=True), atol=0.03)
    assert np.ptp(found[:, 0], axis=0).max() > 0.5


def test_its_results_hold_the_heads_that_the_card_names():
    runs = read_runs(shipped_results())
    assert not runs.toy
    for family, k in (("cake", 2), ("cake", 3), ("cake", 8), ("baseline", 0)):
        assert all(runs.outcomes[Head(family, k, run)].weights for run in range(10))
