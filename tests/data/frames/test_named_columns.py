"""Tables out: CSV and Parquet give back what was written, and CSV needs no further package."""

import io
import sys

import numpy as np
import pandas
import pytest

from data.emotions import EMOTIONS
from data.frames.named_columns import Words, frame, write, write_csv
from data.runtime.failures import Refused, explained

TABLE = {
    "row": np.array([5, 6, 2**40]),
    "path": np.array(["a, b.jpg", 'c "d"\n.jpg', "é.jpg"], object),
    "held_out": np.array([True, False, True]),
    "label": Words(np.array([6, -1, 0], np.int8)),
    "along_valence": np.array([0.1, np.nan, -1e-7], np.float32),
    "loss": np.array([1 / 3, 2, np.nan]),
}


def test_types_are_those_stated():
    found = frame(TABLE)
    assert [str(found[name].dtype) for name in ("row", "held_out", "label", "along_valence", "loss")] == [
        "int64",
        "bool",
        "category",
        "float32",
        "float64",
    ]
    assert list(found["label"].cat.categories) == list(EMOTIONS)
    assert list(found["label"].astype(object).fillna("")) == ["anger", "", "neutral"]
    assert found["path"].tolist() == TABLE["path"].tolist()


def test_parquet_gives_back_the_frame(tmp_path):
    write(TABLE, tmp_path / "new" / "rows.parquet")
    pandas.testing.assert_frame_equal(pandas.read_parquet(tmp_path / "new" / "rows.parquet"), frame(TABLE))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["rows.parquet"]


def test_csv_gives_back_the_frame_to_the_last_bit(tmp_path):
    write(TABLE, tmp_path / "rows.csv")
    types = {name: column.dtype for name, column in frame(TABLE).items()}
    found = pandas.read_csv(tmp_path / "rows.csv", dtype=types)
    pandas.testing.assert_frame_equal(found, frame(TABLE), check_exact=True)
    assert (tmp_path / "rows.csv").read_text(encoding="utf-8").splitlines()[
        1
    ] == '5,"a, b.jpg",True,anger,0.1,0.3333333333333333'
    random = {"z": np.random.default_rng(0).normal(size=2000).astype(np.float32)}
    write(random, tmp_path / "z.csv")
    np.testing.assert_array_equal(np.loadtxt(tmp_path / "z.csv", np.float32, skiprows=1), random["z"])


def test_a_name_that_is_not_utf_8_keeps_its_row(tmp_path):
    table = {"path": np.array([b"\xff.jpg".decode("utf-8", "surrogateescape"), "b.jpg"], object)}
    write(table, tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_bytes() == b"path\n\xff.jpg\nb.jpg\n"
    write(table, tmp_path / "rows.parquet")
    assert pandas.read_parquet(tmp_path / "rows.parquet")["path"].tolist() == ["\\xff.jpg", "b.jpg"]


def test_csv_needs_no_package_and_the_others_name_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    write(TABLE, tmp_path / "rows.csv")
    write_csv(TABLE, io.StringIO())
    assert (tmp_path / "rows.csv").read_text().startswith("row,path,")
    with pytest.raises(ModuleNotFoundError, match=r"pandas is missing; .*pip install 'cake-emotion\[frames\]'"):
        frame(TABLE)
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(
        ModuleNotFoundError, match=r"pyarrow is missing; .*pip install 'cake-emotion\[frames\]'"
    ) as error:
        write(TABLE, tmp_path / "rows.parquet")
    assert explained(error.value) == str(error.value)  # what a command says, in one line
    assert not (tmp_path / "rows.parquet").exists()


@pytest.mark.parametrize("name", ["rows.xlsx", "rows"])
def test_another_ending_is_refused(tmp_path, name):
    with pytest.raises(Refused, match=r"expected .csv or .parquet"):
        write(TABLE, tmp_path / name)
