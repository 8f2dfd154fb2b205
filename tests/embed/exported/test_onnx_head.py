"""embed export: one file from aligned crop to emotion, on a small toy corpus that went through both stages."""

import csv
import functools
import io
import json
import re
import subprocess
import sys

import numpy as np
import pytest
import torch

from data.emotions import EMOTIONS
from data.files.cache import open_cache
from data.files.runs import Head, read_runs
from data.heads import CAKE, FAMILIES, Family
from data.runtime.failures import Refused
from embed import settings
from embed.cli import main as embed
from embed.exported.onnx_head import export
from extract.cli import main as extract
from extract.crops.stored import StoredCrops
from extract.emotions.exported_file import ExportedFile
from extract.emotions.working_folder import WorkingFolder
from extract.network import backbone, checkpoint
from extract.toy import toy_corpus
from tests.commands import call, fine
from tests.places import ROOT

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed (extra `export`)")
pytest.importorskip("onnxscript", reason="the package onnxscript is not installed (extra `export`)")
runtime = pytest.importorskip("onnxruntime", reason="the package onnxruntime is not installed (extra `export`)")

SIZE = 32
WITHIN = 1e-4  # of float32 results whose sums run in another order
HEADS = [("cake", 3), ("cake", 1), ("av", 0), ("av", 1), ("cake-norm", 3), ("baseline", 0)]
ALONE = "import sys\nsys.modules.update(dict.fromkeys(('torch', 'onnx', 'h5py', 'data', 'extract', 'embed')))\n"


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    """The smallest toy corpus, from photographs to heads and to the backbone's file."""
    folder = tmp_path_factory.mktemp("whole") / "toy"
    toy_corpus.draw(folder, size=70)
    place = ("--workdir", folder)
    for name in ("affectnet", "sfew"):
        fine(extract, "align", *place, "--dataset", name)
    for task in ("emotion", "valence-arousal"):
        fine(extract, "train", *place, "--dataset", "affectnet", "--task", task, "--recipe", "paper", "--epochs", 1,
             "--image-size", SIZE, "--batch", 16, "--precision", "float32")  # fmt: skip
    for name in ("affectnet", "sfew"):
        fine(extract, "run", *place, "--dataset", name, "--precision", "float32")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "HeadSettings", functools.partial(settings.HeadSettings, steps=30, epochs=1))
        fine(embed, "sweep", *place, "--k", "1,8", "--runs", 2, "--penalty", 0)
    fine(extract, "export", *place)
    return folder


@pytest.fixture(scope="module")
def crops(workdir):
    """(n, SIZE, SIZE, 3) uint8: every test crop."""
    parts = [StoredCrops(workdir / "aligned" / f"{name}.h5", "test", SIZE) for name in ("affectnet", "sfew")]
    return np.stack([part.pixels(index) for part in parts for index in range(len(part))])


@pytest.fixture(scope="module")
def runs(workdir):
    return read_runs(workdir / "results" / "runs.h5")


@pytest.fixture(scope="module")
def features(workdir, crops):
    """(features, predicted arousal-valence) of the test crops, in float32."""
    images = backbone.normalise(torch.from_numpy(crops))
    networks = [
        backbone.Frozen(
            checkpoint.load(workdir / "checkpoints" / f"{task}.pt", task).network, torch.device("cpu"), torch.float32
        )(images)
        for task in ("emotion", "valence-arousal")
    ]
    return networks[0][0].numpy(), networks[1][1].numpy()


@pytest.fixture(scope="module")
def cake(workdir):
    return model(workdir, "cake", 3)


def model(workdir, family, k, *options):
    path = workdir / "models" / f"{family}-{k}-{len(options)}.onnx"
    result = fine(embed, "export", "--workdir", workdir, "--family", family, "--k", k, *options, path)
    assert result.stdout.strip() == str(path)
    return path


def outputs(path, images):
    """Name -> array that the file gives. What a runtime warns of fails the test."""
    session = runtime.InferenceSession(path)
    return dict(zip([each.name for each in session.get_outputs()], session.run(None, {"crop": images})))


def softmax(logits):
    return torch.softmax(torch.from_numpy(logits), -1).numpy()


def facts(path):
    return {entry.key: entry.value for entry in onnx.load(path).metadata_props}


@pytest.mark.parametrize("name, k", HEADS)
def test_it_gives_what_the_project_gives(workdir, crops, runs, features, name, k):
    family, path = FAMILIES[name], model(workdir, name, k, "--coordinates", "raw")
    found = outputs(path, crops)
    x, v = features
    weights = runs.outcomes[Head(name, k, 0)].weights
    z = family.representation(weights, x, v)
    probabilities = softmax(family.logits(weights, z).transpose(1, 0, 2))
    assert np.abs(found["probabilities"] - probabilities).max() < WITHIN
    assert (found["probabilities"].argmax(2) == probabilities.argmax(2)).all()
    assert np.abs(found["features"] - x).max() < WITHIN and np.abs(found["valence_arousal"] - v).max() < WITHIN
    assert ("coordinates" in found) == family.projects
    if family.projects:
        assert np.abs(found["coordinates"] - z).max() < WITHIN
    one = outputs(path, crops[5:6])
    assert all(np.abs(one[each] - found[each][5]).max() < WITHIN for each in found)


def test_its_coordinates_are_the_canonical_ones(workdir, crops, cake, runs, features):
    head, raw = runs.outcomes[Head("cake", 3, 0)], outputs(model(workdir, "cake", 3, "--coordinates", "raw"), crops)
    found, expected = outputs(cake, crops), head.canonical.of(CAKE.representation(head.weights, *features))
    assert np.abs(found["coordinates"] - expected).max() < WITHIN * np.abs(head.canonical.T).sum(1).max()
    assert np.abs(found["coordinates"] - raw["coordinates"]).max() > 0.1  # the control
    assert np.abs(found["probabilities"] - raw["probabilities"]).max() < WITHIN


def test_another_run_is_another_head(workdir, crops, cake):
    other = outputs(model(workdir, "cake", 3, "--run", 1), crops)
    found = outputs(cake, crops)
    assert np.abs(other["probabilities"] - found["probabilities"]).max() > 100 * WITHIN
    assert (other["features"] == found["features"]).all()


def test_it_says_what_embed_apply_says_of_the_cached_features(workdir, crops, cake):
    """These are float16, so the numbers agree less closely."""
    found = outputs(cake, crops)["probabilities"]
    paths = [workdir / "features" / f"{name}.h5" for name in ("affectnet", "sfew")]
    tables = [fine(embed, "apply", "--workdir", workdir, path).stdout for path in paths]
    rows = [row for table in tables for row in csv.DictReader(io.StringIO(table)) if row["split"] == "test"]
    for index, name in enumerate(json.loads(facts(cake)["classifiers"])):
        applied = np.array([[float(row[f"{name}:{emotion}"]) for emotion in EMOTIONS] for row in rows])
        assert np.abs(found[:, index] - applied).max() < 0.01
        assert np.abs(np.roll(found[:, index], 1, 0) - applied).max() > 0.1  # the rows are not all alike


def test_it_says_what_it_is(workdir, cake, runs):
    told = facts(cake)
    assert (told["kind"], told["family"], told["k"], told["run"]) == ("model", "cake", "3", "0")
    assert json.loads(told["toy"]) is True and json.loads(told["emotions"]) == list(EMOTIONS)
    assert json.loads(told["classifiers"]) == list(runs.classifiers)
    assert json.loads(told["coordinates"]) == list(runs.outcomes[Head("cake", 3, 0)].canonical.axes)
    assert told["features_precision"] == "float32"
    with open_cache(workdir / "results" / "runs.h5", "runs") as file:
        assert told["results_digest"] == file.attrs["digest"]
    before = facts(workdir / "exports" / "backbone.onnx")
    assert {name for name, _ in before.items() - told.items()} == {"kind", "weights_sha256"}


def test_calibrated_its_logits_are_divided_by_the_temperature(workdir, crops, cake, tmp_path, monkeypatch):
    monkeypatch.setattr("embed.rows.choosing_rows.FEWEST", 1)
    fine(embed, "export", "--workdir", workdir, "--calibrated", tmp_path / "mine.onnx")
    told = facts(tmp_path / "mine.onnx")
    value, rows = float(told["temperature"]), json.loads(told["temperature_rows"])
    assert not 0.97 < value < 1.03 and facts(cake)["temperature"] == "1.0"
    assert set(rows) == {"affectnet", "sfew"} and 0 < min(rows.values()) and max(rows.values()) < len(crops) / 4
    found, plain = (np.log(outputs(path, crops)["probabilities"]) for path in (tmp_path / "mine.onnx", cake))
    found, plain = (each - each.mean(2, keepdims=True) for each in (found, plain))
    np.testing.assert_allclose(found * value, plain, atol=1e-3 * np.abs(plain).max())


def test_another_classifier_comes_first(workdir, crops, cake, tmp_path):
    fine(embed, "export", "--workdir", workdir, "--classifier", "sfew", tmp_path / "mine.onnx")
    assert json.loads(facts(tmp_path / "mine.onnx")["classifiers"]) == json.loads(facts(cake)["classifiers"])[::-1]
    found, plain = (outputs(path, crops)["probabilities"] for path in (tmp_path / "mine.onnx", cake))
    np.testing.assert_allclose(found, plain[:, ::-1], atol=WITHIN)
    assert np.abs(found - plain).max() > 100 * WITHIN


def test_too_few_unseen_rows_calibrate_nothing(workdir, tmp_path):
    result = call(embed, "export", "--workdir", workdir, "--calibrated", tmp_path / "mine.onnx")
    assert result.exit_code == 1 and "fewer than 100 rows" in result.output and "--hold-out" in result.output
    assert not (tmp_path / "mine.onnx").exists()


PAGE = (ROOT / "docs" / "onnx.md").read_text(encoding="utf-8")


def test_the_page_names_every_fact_and_output(cake):
    """What stands in backticks in the first columns of its tables."""
    named = {name for row in re.findall(r"^\| (`.*?) \|", PAGE, re.M) for name in re.findall(r"`(\w+)`", row)}
    values = onnx.load(cake).graph
    assert named == {*facts(cake), *(value.name for value in (*values.input, *values.output))}


def test_the_page_for_browsers_has_the_order_of_the_classes():
    assert json.loads(re.search(r"const EMOTIONS = (\[.*?\]);", PAGE)[1]) == list(EMOTIONS)


def example():
    """The Python of the page on these files."""
    return re.search(r"```python\n(.*?)```", PAGE, re.S)[1]


def alone(code, folder):
    """What a process prints that has onnxruntime and NumPy, and neither torch nor this project."""
    found = subprocess.run([sys.executable, "-c", ALONE + code], cwd=folder, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    return found.stdout


def test_the_file_alone_suffices(cake, crops, tmp_path):
    """The page's own example, in a folder with the file and crops and nothing else."""
    (tmp_path / "cake-3.onnx").write_bytes(cake.read_bytes())
    np.save(tmp_path / "crops.npy", crops)
    lines = alone(example(), tmp_path).splitlines()
    best = outputs(cake, crops)["probabilities"][:, 0].argmax(1)
    assert [line.split()[0] for line in lines] == [EMOTIONS[index] for index in best]
    with pytest.raises(AssertionError, match="torch"):
        alone("import torch", tmp_path)


@pytest.mark.parametrize(
    "arguments, match",
    [
        (("--k", "8"), "--keep-weights"),
        (("--k", "5"), "embed sweep --family cake --k 5"),
        (("--run", "7"), "run 7"),
        (("--family", "av-true", "--k", "0"), "stands on annotated arousal-valence, which no image gives"),
        (("--classifier", "rafdb"), "no classifier of 'rafdb' in these results; there are affectnet, sfew"),
        (("--results", "none.h5"), "none.h5 is missing"),
        (("--backbone", "none.onnx"), "none.onnx is missing; make it with `extract export`"),
        (("--backbone", "{workdir}/results/runs.h5"), "is not a readable ONNX file"),
        (
            ("--backbone", "{workdir}/models/cake-3-0.onnx"),
            "is a backbone with its head already, expected the backbone",
        ),
        (("--backbone", "{workdir}/foreign.onnx"), "is no model of this project"),
    ],
)
def test_what_cannot_be_exported_ends_in_one_line(workdir, cake, tmp_path, arguments, match):
    foreign = onnx.load(cake)
    foreign.producer_name = "another"
    (workdir / "foreign.onnx").write_bytes(foreign.SerializeToString())
    arguments = [each.format(workdir=workdir) for each in arguments]
    result = call(embed, "export", "--workdir", workdir, *arguments, tmp_path / "mine.onnx")
    assert result.exit_code == 1 and match in result.output and result.output.count("\n") == 1
    assert not (tmp_path / "mine.onnx").exists()


def test_another_backbone_than_the_head_s_is_refused(workdir, tmp_path):
    """One bias of the checkpoint is another number; nothing else differs."""
    kept = checkpoint.load(workdir / "checkpoints" / "emotion.pt", "emotion")
    with torch.no_grad():
        kept.network.head.bias[0] += 1
    checkpoint.save(workdir / "checkpoints" / "other" / "emotion.pt", kept.network, kept.meta)
    fine(extract, "export", "--workdir", workdir, "--network", "other")
    path = workdir / "exports" / "other" / "backbone.onnx"
    result = call(embed, "export", "--workdir", workdir, "--backbone", path, tmp_path / "mine.onnx")
    assert result.exit_code == 1 and "was made with emotion sha256" in result.output
    assert "export the network that made it with `extract export`" in result.output


def test_without_the_regression_av_is_refused_and_cake_is_not(workdir, tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "emotion.pt").write_bytes((workdir / "checkpoints" / "emotion.pt").read_bytes())
    fine(extract, "export", "--workdir", tmp_path)
    place = ("--workdir", workdir, "--backbone", tmp_path / "exports" / "backbone.onnx", tmp_path / "mine.onnx")
    result = call(embed, "export", *place, "--family", "av", "--k", 1)
    assert result.exit_code == 1 and "valence arousal sha256 none" in result.output
    fine(embed, "export", *place)
    assert [each.name for each in onnx.load(tmp_path / "mine.onnx").graph.output] == [
        "features",
        "coordinates",
        "probabilities",
    ]


def test_a_working_folder_says_of_crops_what_its_file_says(workdir, crops, cake):
    """The two kinds of model that `extract emotions` asks, one by PyTorch and one by ONNX Runtime."""
    folder, file = WorkingFolder(workdir), ExportedFile(cake, 1)
    for fact in ("size", "emotions", "classifiers", "axes", "toy"):
        assert getattr(folder, fact) == getattr(file, fact)
    ours, theirs = folder(crops), file(crops)
    assert np.abs(ours.probabilities - theirs.probabilities).max() < WITHIN
    assert np.abs(ours.coordinates - theirs.coordinates).max() < 100 * WITHIN  # they are divided by small deviations
    assert np.ptp(ours.probabilities, axis=0).max() > 100 * WITHIN and theirs.valence_arousal.shape == (len(crops), 2)


def test_a_head_stands_on_a_backbone_of_8_bit_integers_too(workdir, crops, cake, tmp_path):
    backbone_file = tmp_path / "int8.onnx"
    fine(extract, "export", "--workdir", workdir, "--output", backbone_file, "--quantize")
    fine(embed, "export", "--workdir", workdir, "--backbone", backbone_file, tmp_path / "mine.onnx")
    found, plain = (outputs(path, crops)["probabilities"] for path in (tmp_path / "mine.onnx", cake))
    assert 0 < np.abs(found - plain).mean() < 0.02 and (found.argmax(2) == plain.argmax(2)).mean() > 0.9
    assert facts(tmp_path / "mine.onnx")["precision"] == "int8" and facts(cake)["precision"] == "float32"


def test_a_family_that_is_not_linear_is_refused(workdir, tmp_path):
    bent = Family("bent", "Bent-{k}", module=lambda *sizes: None)
    with pytest.raises(Refused, match="bent is no linear family"):
        export(tmp_path / "mine.onnx", workdir / "results" / "runs.h5", workdir / "exports" / "backbone.onnx", bent, 3)


def test_a_missing_package_is_named_with_its_extra(workdir, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    result = call(embed, "export", "--workdir", workdir, tmp_path / "mine.onnx")
    assert result.exit_code == 1 and result.output.count("\n") == 1
    assert "the package onnx is missing; install it with: pip install 'cake-emotion[export]'" in result.output
