"""The model that comes with the project: what it says of real photographs, and that its two files belong together."""

import csv

import numpy as np
import pytest
from click.testing import CliRunner

from data.emotions import EMOTIONS
from data.exported_model import MODEL, read_model
from data.files.runs import Head, read_runs
from data.shipped_model import SUMS, shipped_model, shipped_results
from embed.cli import main as embed
from extract.cli import main as extract
from extract.crops.stored import StoredCrops
from extract.emotions.exported_file import ExportedFile
from extract.emotions.notebook import emotions
from tests.places import FACES

pytest.importorskip("onnx", reason="the package onnx is not installed (extra `export`)")
pytest.importorskip("onnxruntime", reason="the package onnxruntime is not installed (extra `export`)")

if not SUMS.is_file():
    pytest.skip("this copy of the project comes without its model", allow_module_level=True)
if not FACES.is_dir():
    pytest.skip(f"no photographs in {FACES}", allow_module_level=True)

COUNT = 25  # photographs of an emotion


def photographs(emotion):
    """Test rows of two of the tables."""
    rows = []
    for name in ("a", "c"):
        with open(FACES / f"{name}.csv", newline="", encoding="utf-8") as file:
            of_table = [row for row in csv.DictReader(file) if (row["split"], row["emotion"]) == ("test", emotion)]
        rows += of_table[:COUNT]
    return rows


def test_smiles_are_told_from_still_faces():
    """In colour and with a margin, as photographs are; its largest training set has neither."""
    pytest.importorskip("pandas", reason="pandas is not installed (extra `frames`)")
    said = {
        emotion: emotions([FACES / row["path"] for row in photographs(emotion)]).query("face == 0").predicted
        for emotion in ("happiness", "neutral")
    }
    happy = {emotion: (own == "happiness").mean() for emotion, own in said.items()}
    assert happy["happiness"] > 0.85 and happy["neutral"] < 0.1


def test_its_heads_are_those_of_its_file(tmp_path):
    """`extract run` and `embed apply` with what is shipped say what the file says, but for its temperature."""
    with open(tmp_path / "mine.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, ["path", "emotion", "split"])
        writer.writeheader()
        writer.writerows(
            {**row, "split": "test"} for row in photographs("happiness")[::5] + photographs("neutral")[::5]
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


def fine(command, *arguments):
    result = CliRunner().invoke(command, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
