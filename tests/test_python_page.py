"""docs/python.md: its example runs on a swept working folder, and the columns are those of its table."""

import functools
import re

import pytest
from click.testing import CliRunner

from embed import settings
from embed.cli import main
from tests.data.made_up_files import write
from tests.embed.made_up_caches import write_cache
from tests.places import ROOT

PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")


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
        exec(compile(re.search(r"```python\n(.*?)```", PAGE, re.S)[1], "python.md", "exec"), names)
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


def test_a_column_that_the_table_does_not_name_is_found():
    assert "predicted" in columns("apply") and "emotion" not in columns("apply")
