"""docs/python.md: its example runs on a swept working folder, and the columns are those of its table."""

import functools
import re
import shutil
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from click.testing import CliRunner

from data.emotions import EMOTIONS
from data.readers.registry import TOY_MARK
from embed import settings
from embed.cli import main
from embed.fitted import head_estimator
from embed.settings import HeadSettings
from tests.data.made_up_files import write
from tests.embed.made_up import planted
from tests.embed.made_up_caches import write_cache
from tests.places import ROOT

matplotlib.use("Agg")
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")


def example(name):
    """The source of one of the page's examples."""
    return re.search(rf"<!-- run: {name} -->\n```python\n(.*?)```", PAGE, re.S)[1]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The names that the example leaves."""
    folder = tmp_path_factory.mktemp("swept")
    for name in ("a", "photos"):
        write_cache(folder / "features" / f"{name}.h5", seed=len(name), train=120)
    (folder / "aligned").mkdir()
    write(folder / "aligned", "aligned").rename(folder / "aligned" / "photos.h5")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "HeadSettings", functools.partial(settings.HeadSettings, steps=30, epochs=1))
        call = ["sweep", "--workdir", str(folder), "--k", "3", "--runs", "1", "--datasets", "a"]
        result = CliRunner().invoke(main, call)
        assert result.exit_code == 0, result.output
        patch.chdir(folder)
        names = {}
        exec(compile(example("frames"), "python.md", "exec"), names)
        yield {**names, "csv": (folder / "photos.csv").read_text(encoding="utf-8")}


def columns(row):
    """Names in the last cell of the table's row that begins so; those in words are left out."""
    cell = next(line for line in PAGE.splitlines() if line.startswith(f"| `{row}")).split(" | ")[-1]
    return set(re.findall(r"\b[a-z][a-z_0-9]*\b", re.sub(r"[A-Z]+:\w+", "", cell)))


@pytest.mark.parametrize(
    ("name", "row", "rows"),
    [
        ("frame", "apply", 180),
        ("crops", "features", 180),
        ("listed", "manifest", 22),
        ("scores", "heads", 7),
        ("answers", "rows_tested", 60),
    ],
)
def test_the_example_gives_the_columns_of_the_table(found, name, row, rows):
    plain = [column for column in found[name].columns if ":" not in column and not column.startswith("along_")]
    assert {column for column in plain if not re.fullmatch(r"feature_[2-9]\d*|feature_1\d+", column)} <= columns(row)
    assert len(found[name]) == rows


def test_the_csv_is_that_of_the_frame(found):
    assert found["csv"].splitlines()[0].split(",") == list(found["frame"].columns)
    assert len(found["csv"].splitlines()) == 1 + len(found["frame"])


@pytest.fixture(scope="module")
def photographed(tmp_path_factory):
    """A working folder with a network trained on the smallest toy corpus, a head of each, and toy photographs."""
    pytest.importorskip("torchvision")
    from extract.cli import main as extract
    from extract.toy import toy_corpus

    folder = tmp_path_factory.mktemp("photographed") / "toy"
    toy_corpus.draw(folder, size=70)
    train = "train --dataset rafdb --task emotion --epochs 1 --image-size 32 --batch 16"
    for words in ("align --dataset rafdb", train, "run --dataset rafdb"):
        extract([*words.split(), "--workdir", str(folder)], standalone_mode=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "HeadSettings", functools.partial(settings.HeadSettings, steps=30, epochs=1))
        main(["sweep", "--workdir", str(folder), "--k", "3", "--runs", "1"], standalone_mode=False)
    (folder / "photos").mkdir()
    shutil.copy(folder / "datasets" / "rafdb" / TOY_MARK, folder / "photos")
    for image in sorted((folder / "datasets" / "sfew" / "Val").rglob("*.png"))[:12]:
        shutil.copy(image, folder / "photos")
    ratings = [f"{path.name},{place % 7}" for place, path in enumerate(sorted((folder / "photos").glob("*.png")))]
    (folder / "ratings.csv").write_text("\n".join(["path,pleasant", *ratings]))
    return folder


def test_photographs_become_a_plot_and_are_correlated_with_ratings(photographed, monkeypatch, capsys):
    monkeypatch.chdir(photographed)
    names = {}
    exec(compile(example("photographs"), "python.md", "exec"), names)
    assert len(names["faces"]) > 5 and Path("photos.png").read_bytes().startswith(b"\x89PNG")
    shown = names["axes"].collections[0].get_offsets()
    assert shown.shape == (len(names["faces"]), 2)
    exec(compile(example("ratings"), "python.md", "exec"), names)
    printed = capsys.readouterr().out
    assert len(names["both"]) == len(names["faces"]) and printed.count("along_") == 3 and "NaN" not in printed


def test_own_features_and_the_sweep_of_them(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    X, _, y = planted(240, seed=0, features=20)
    split = np.where(np.arange(240) % 3, "train", "test")
    np.savez("clip.npz", features=X, label=np.array(EMOTIONS)[y], split=split)
    names = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(head_estimator, "HeadSettings", lambda **own: HeadSettings(**{**own, "steps": 60, "epochs": 1}))
        for name in ("features", "sweep"):
            exec(compile(example(name), "python.md", "exec"), names)
    assert names["made"].score(X[split == "test"], np.array(EMOTIONS)[y][split == "test"]) > 0.4
    assert names["eight"].head_.k == 8 and "baseline" in capsys.readouterr().out


@pytest.mark.parametrize("name, lines", [("photographs", 10), ("ratings", 4), ("features", 6)])
def test_the_examples_are_as_short_as_they_say(name, lines):
    assert len([line for line in example(name).splitlines() if line]) == lines


def test_a_column_that_the_table_does_not_name_is_found():
    assert "predicted" in columns("apply") and "emotion" not in columns("apply")
