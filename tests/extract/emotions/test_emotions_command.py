"""`extract emotions` as a user calls it, and the function for notebooks: the same rows in every form."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from data.emotions import EMOTIONS
from data.runtime.failures import Refused
from extract.cli import main
from extract.emotions.notebook import emotions
from extract.emotions.written_table import TEXT, WHOLE, number
from extract.faces import detectors
from tests.extract.emotions.made_up import SIZE, Squares, exported, picture, write_image, write_video
from tests.places import ROOT

pytest.importorskip("onnx", reason="the package onnx is not installed (extra `export`)")
pytest.importorskip("onnxruntime", reason="the package onnxruntime is not installed (extra `export`)")

RED, BLUE = (250, 20, 20), (20, 20, 250)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "made-up.onnx"
    exported(path)
    return path


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a photograph of two, one of nobody, a broken one and a video."""
    monkeypatch.setattr(detectors, "detector_named", lambda name: Squares())
    folder = tmp_path / "trip"
    folder.mkdir()
    write_image(folder / "two.png", picture((20, 20, 60, RED), (200, 100, 80, BLUE)))
    write_image(folder / "nobody.png", picture())
    (folder / "broken.jpg").write_bytes(b"no image")
    write_video(folder / "clip.avi", [picture((20 + step, 20, 60, RED)) for step in range(10)])
    return folder


def call(*arguments):
    return CliRunner().invoke(main, ["emotions", *map(str, arguments)])


def table(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_folder_becomes_a_table(folder, model, tmp_path):
    result = call(folder, "--model", model, "--output", tmp_path / "out.csv")
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(tmp_path / "out.csv")
    rows = table(tmp_path / "out.csv")
    names = ["trip/broken.jpg", *["trip/clip.avi"] * 5, "trip/nobody.png", "trip/two.png", "trip/two.png"]
    assert [row["path"] for row in rows] == names
    assert [row["time"] for row in rows[1:6]] == ["0.0", "0.2", "0.4", "0.6", "0.8"]
    assert rows[0]["note"].startswith("cannot be read") and rows[6]["note"] == "no face"
    assert rows[7]["predicted"] in EMOTIONS and rows[7]["toy"] == "1"
    assert list(rows[0])[:9] == ["path", "time", "face", "id", "x", "y", "width", "height", "score"]
    assert "TOY DATA: 7 faces in 7 pictures of 4 files, 1 of them not to be read" in result.stderr
    assert "by the classifier of first" in result.stderr


def test_what_the_model_says_is_by_hand_what_its_weights_say(folder, model, tmp_path):
    from extract.emotions.pictures import seen_image

    weights = exported(tmp_path / "again.onnx")
    call(folder / "two.png", "--model", model, "--output", tmp_path / "out.csv", "--classifier", "second")
    rows = table(tmp_path / "out.csv")
    seen = seen_image("", picture((20, 20, 60, RED), (200, 100, 80, BLUE)), Squares(), SIZE)
    for row, face in zip(rows, seen.faces):
        colour = face.crop.astype(float).mean((0, 1)) / 255
        logits = (colour @ weights)[7:]
        expected = np.exp(logits) / np.exp(logits).sum()
        np.testing.assert_allclose([float(row[name]) for name in EMOTIONS], expected, atol=1e-5)
        assert row["predicted"] == EMOTIONS[expected.argmax()]
        axes = ("along_valence", "along_arousal", "along_anger")
        np.testing.assert_allclose([float(row[axis]) for axis in axes], colour, atol=1e-5)


def test_every_form_and_the_notebook_have_the_same_rows(folder, model, tmp_path):
    pandas = pytest.importorskip("pandas", reason="the package pandas is not installed (extra `frames`)")
    for ending in ("csv", "jsonl", "parquet"):
        assert call(folder, "--model", model, "--output", tmp_path / f"out.{ending}").exit_code == 0
    rows = table(tmp_path / "out.csv")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    frames = pandas.read_parquet(tmp_path / "out.parquet"), emotions([folder], model=model)
    for name in rows[0]:
        texts = [row[name] for row in rows]
        assert [cell(name, line[name]) for line in lines] == texts
        for frame in frames:
            assert [cell(name, None if pandas.isna(value) else value) for value in frame[name]] == texts


def cell(name, value):
    """As the CSV has it."""
    if value is None:
        return ""
    if name in TEXT:
        return value
    return str(int(value)) if name in WHOLE else number(value)


def test_the_screen_shows_a_table_that_can_be_read(folder, model):
    result = call(folder, "--model", model)
    assert result.exit_code == 0
    head, rule, *lines = result.stdout.splitlines()
    assert head.split()[:4] == ["path", "time,", "s", "id"] and set(rule) == {"─", " "} and len(lines) == 9
    assert "0.20" in lines[2] and "no face" in lines[6] and lines[0].endswith("TIFF")
    places = [head.index("emotion"), head.index("prob.")]
    assert all(line[place - 1] == " " for line in lines for place in places)


def test_images_in_memory_are_called_by_their_number(folder, model):
    pytest.importorskip("pandas", reason="the package pandas is not installed (extra `frames`)")
    image = picture((20, 20, 60, RED))
    frame = emotions((each for each in (image, picture())), model=model)
    assert list(frame.path) == ["0", "1"] and list(frame.note) == ["", "no face"]
    assert emotions(image, model=model).predicted[0] == frame.predicted[0]
    with pytest.raises(Refused, match="expected \\(H, W, 3\\) of uint8"):
        emotions([image.astype(float)], model=model)


def test_where_nothing_can_be_read_it_says_so_and_the_table_says_why(folder, model, tmp_path):
    result = call(folder / "broken.jpg", "--model", model, "--output", tmp_path / "out.csv")
    assert result.exit_code == 1 and "nothing of it could be read" in result.output
    assert table(tmp_path / "out.csv")[0]["note"].startswith("cannot be read")


@pytest.mark.parametrize(
    ("arguments", "code", "match"),
    [
        (("nowhere",), 2, "does not exist"),
        ((), 2, "Missing argument"),
        (("--every", "often"), 2, "seconds such as 0.2 or 0.2s"),
        (("--every", "-1"), 2, "seconds such as 0.2 or 0.2s"),
        (("--output", "table.xls"), 1, "expected .csv, .jsonl, .parquet"),
        (("--classifier", "third"), 1, "no classifier of 'third'; there are first, second"),
        (("--model", "nowhere.onnx"), 1, "nowhere.onnx is missing"),
    ],
)
def test_wrong_calls_are_one_line(folder, model, arguments, code, match):
    named = [] if arguments in (("nowhere",), ()) else [folder]
    given = [] if "--model" in arguments else ["--model", model]
    result = call(*named, *arguments, *given)
    assert result.exit_code == code and match in result.output and "Traceback" not in result.output


def test_an_empty_folder_and_other_files_are_refused(folder, model, tmp_path):
    (tmp_path / "empty").mkdir()
    result = call(tmp_path / "empty", "--model", model)
    assert result.exit_code == 1 and "no photograph and no video" in result.output
    for name, written in (("text.onnx", b"text"), ("other.onnx", None)):
        if written:
            (tmp_path / name).write_bytes(written)
        else:
            exported(tmp_path / name, kind="backbone")
        result = call(folder, "--model", tmp_path / name)
        assert result.exit_code == 1 and result.output.count("\n") == 1 and "embed export" in result.output


def test_a_model_for_other_crops_is_refused(folder, tmp_path):
    exported(tmp_path / "old.onnx", alignment_version=1)
    result = call(folder, "--model", tmp_path / "old.onnx")
    assert result.exit_code == 1 and "expects crops of alignment version 1" in result.output


def test_an_earlier_table_stays_where_a_call_is_stopped(folder, model, tmp_path, monkeypatch):
    (tmp_path / "out.csv").write_text("earlier")

    def stopped(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("extract.emotions.answers._asked", stopped)
    result = call(folder, "--model", model, "--output", tmp_path / "out.csv")
    assert result.exit_code == 130 and (tmp_path / "out.csv").read_text() == "earlier"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "trip"]


def test_an_exported_file_runs_without_torch(folder, model, tmp_path):
    code = (
        "import sys; sys.modules.update(dict.fromkeys(('torch', 'torchvision', 'onnx', 'h5py', 'pandas')));"
        "from extract.cli import main; main()"
    )
    arguments = ["emotions", str(folder / "nobody.png"), "--model", str(model), "--output", str(tmp_path / "out.csv")]
    found = subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert table(tmp_path / "out.csv")[0]["note"] == "no face"
