"""What is refused of somebody else's features: by row, in one line, before anything is written; and nothing is
unpickled."""

import pickle
import zipfile

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from click.testing import CliRunner

from data.emotions import EMOTIONS
from data.frames.imported_caches import import_features
from data.runtime.failures import Refused
from embed.cli import main
from tests.data.frames.own_features import FORMS, ROWS, WIDTH, arrays, npz, parquet_lists, table, write


def refusal(path, workdir):
    """What is said of a file; nothing is written for it."""
    with pytest.raises(Refused) as refused:
        import_features(path, "clip", workdir)
    said = str(refused.value)
    assert "\n" not in said and "allow_pickle" not in said and not (workdir / "features").exists()
    return said


def at(name, row, value, dtype=None):
    """The arrays with one cell changed."""

    def change(made):
        column = made[name].astype(dtype) if dtype else made[name].copy()
        column[row] = value
        return {**made, name: column}

    return change


def with_column(**columns):
    return lambda made: {**made, **columns}


def without(name):
    return lambda made: {key: array for key, array in made.items() if key != name}


# what was done, and what is said of it in every form
BY_ROW = [
    (at("features", (5, 2), np.nan), "{5}, feature_2: nan is not a finite number"),
    (at("features", (5, 0), -np.inf), "{5}, feature_0: -inf is not a finite number"),
    (at("features", (7, 1), 1e300, np.float64), "{7}, feature_1: "),
    (at("label", 3, "joyful", object), "{3}, label: unknown emotion 'joyful'; known are neutral, happiness"),
    (at("label", 3, "7", object), "{3}, label: '7'; expected 0 to 6, places among neutral"),
    (at("label", 3, "-2", object), "{3}, label: '-2'; expected 0 to 6"),
    (at("label", 3, "1.5", object), "{3}, label: unknown emotion '1.5'"),
    (at("split", 4, "dev", object), "{4}, split: 'dev' is unknown; expected train, validation or test"),
    (at("split", 4, "", object), "{4}, split: '' is unknown"),
    (at("valence", 2, 1.5), "{2}, valence: '1.5' lies outside -1..1"),
    (at("arousal", 2, np.inf), "{2}, arousal: 'inf' is not a finite number"),
    (at("domain", 9, "a/b", object), "{9}, domain: 'a/b' holds /"),
    (at("domain", 9, "..", object), "{9}, domain: '..' begins with a dot"),
    (at("domain", 9, "", object), "{9}, domain: a name of no characters"),
    (at("path", 1, "a\nb", object), "{1}, path: 'a\\nb' holds a line break"),
    (with_column(row=np.full(ROWS, 3)), "{2}, row: 3 stands in train a second time"),
    (with_column(row=np.arange(ROWS) + 0.5), "{0}, row: '0.5'; expected a whole number from 0 on"),
    (with_column(toy=np.full(ROWS, "perhaps")), "{0}, toy: 'perhaps'; expected 0 or 1"),
    (with_column(groups=np.full(ROWS, "[1]")), "{0}, groups: '[1]'; expected JSON"),
    (with_column(predicted_valence=np.full(ROWS, np.nan), predicted_arousal=np.zeros(ROWS)), "{0}, predicted_valence"),
]  # fmt: skip


@pytest.mark.parametrize("form", ["npz", "csv", "npy", "parquet of lists"])
@pytest.mark.parametrize("case", range(len(BY_ROW)))
def test_a_cell_that_is_wrong_is_refused_by_its_row(tmp_path, form, case):
    change, said = BY_ROW[case]
    made = {name: array.astype(str) if array.dtype == object else array for name, array in change(arrays()).items()}
    place = int(said[said.index("{") + 1 : said.index("}")])
    where = f"row {place}" if form.startswith(("npz", "parquet")) else f"line {place + 2}"
    assert where + said[said.index("}") + 1 :] in refusal(write(tmp_path, made, form), tmp_path)


# what was done, and what is said of the whole
OF_ALL = [
    (without("split"), "split missing"),
    (without("label"), "label missing (leave the cells of label empty where there is none)"),
    (without("features"), "has no "),
    (without("arousal"), "has valence and not both of valence and arousal"),
    (with_column(predicted_arousal=np.zeros(ROWS)), "not both of predicted_valence and predicted_arousal"),
    (with_column(toy=np.arange(ROWS) % 2), "holds rows of toy data beside others"),
    (with_column(SPLIT=np.full(ROWS, "train")), "has split more than once"),
    (lambda made: {name: array[:0] for name, array in made.items()}, "holds no row"),
    (with_column(features=np.zeros((ROWS, WIDTH), int)), "int64, expected float16, float32 or float64"),
    (with_column(features=np.zeros((ROWS, WIDTH), complex)), "complex128, expected float16"),
    (with_column(features=np.full((ROWS, WIDTH), "0.5")), "expected float16"),
    (with_column(features=np.zeros((ROWS, 0), np.float32)), "expected (N, F)"),
    (with_column(features=np.zeros((ROWS, 2, 2), np.float32)), "shape (24, 2, 2), expected (N, F)"),
    (with_column(features=np.zeros(ROWS, np.float32)), "shape (24,), expected (N, F)"),
    (with_column(features=np.zeros((ROWS - 1, WIDTH), np.float32)), "24 rows of label and 23 of features"),
    (with_column(label=np.zeros((ROWS, 2))), "label is of type float64 and shape (24, 2)"),
    (with_column(label=np.zeros(ROWS, "M8[s]")), "label is of type datetime64"),
    (with_column(label=np.array(["happiness"] * ROWS, object)), "holds Python objects, which are never read"),
    (with_column(valence_arousal=np.zeros((ROWS, 2))), "neither valence nor arousal beside it"),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(OF_ALL)))
def test_arrays_that_do_not_go_together_are_refused(tmp_path, case):
    change, said = OF_ALL[case]
    npz(tmp_path / "clip.npz", change(arrays()))
    assert said in refusal(tmp_path / "clip.npz", tmp_path)


def test_both_values_in_one_array_are_two_columns(tmp_path):
    values = np.stack([arrays()["valence"], arrays()["arousal"]], 1)
    one, _ = import_features(write(tmp_path, arrays()), "clip", tmp_path)
    made = arrays(valence=None, arousal=None, valence_arousal=values)
    assert import_features(write(tmp_path, made), "clip", tmp_path)[0][0][1]  # there already


def test_of_many_rows_the_first_are_named_and_all_counted(tmp_path):
    made = arrays()
    made["features"][2:22, 1] = np.nan
    said = refusal(write(tmp_path, made), tmp_path)
    assert (
        ": 20 of 24 rows cannot be read (" in said and "row 2, " in said and "row 4, " in said and "row 5" not in said
    )


def test_ragged_lists_are_refused_by_row(tmp_path):
    frame = table(arrays(), wide=False)
    frame.at[0, "features"], frame.at[5, "features"] = np.zeros(4, np.float32), None
    frame.to_parquet(tmp_path / "clip.parquet")
    said = refusal(tmp_path / "clip.parquet", tmp_path)
    assert "2 of 24 rows" in said and "row 0, features: 4 numbers; expected 5, as in most rows" in said
    assert "row 5, features: there is none" in said


@pytest.mark.parametrize(
    "columns, said",
    [
        ({"features": [["a"], ["b"]]}, "features of type string, expected float16"),
        ({"features": [[1], [2]]}, "features of type int64, expected float16"),
        ({"features": [1.0, 2.0]}, "features of type double, expected lists of numbers"),
        ({"features": [[], []]}, "expected float16"),
        ({"features": pyarrow.array([None, None], pyarrow.list_(pyarrow.float32()))}, "shape (2, 0), expected (N, F)"),
        ({"features": [[1.0], [None]]}, "row 1, feature_0: nan is not a finite number"),
        ({"feature_0": [1.0, 2.0], "feature_2": [1.0, 2.0]}, "has no feature_1 among 2"),
        ({"feature_0": ["x", "y"]}, "feature_0 of type string, expected float16"),
        ({"feature_0": [1.0, 2.0], "Feature_0": [1.0, 2.0]}, "has feature_0 more than once"),
        ({"feature_0": [1.0, None]}, "row 1, feature_0: nan is not a finite number"),
        ({"x": [1.0, 2.0]}, "has no features; expected a column features, or feature_0, feature_1"),
    ],
)
def test_columns_of_parquet_that_are_no_features_are_refused(tmp_path, columns, said):
    own = {"label": ["fear", "anger"], "split": ["train", "test"], **columns}
    pyarrow.parquet.write_table(pyarrow.table(own), tmp_path / "clip.parquet")
    assert said in refusal(tmp_path / "clip.parquet", tmp_path)


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "is empty; expected the columns split,label"),
        ("split,label,feature_0\n", "holds no row"),
        ("split,label\ntrain,fear\n", "has no features; expected"),
        ("split,label,feature_0\ntrain,fear,\n", "line 2, feature_0: '' is not a number"),
        ("split,label,feature_0\ntrain,fear,one\n", "line 2, feature_0: 'one' is not a number"),
        ("split,label,feature_0,feature_1\ntrain,fear,1\n", "line 2, row: faulty row of 3 cells"),
        ("split,label,feature_0,feature_0\ntrain,fear,1,2\n", "has feature_0 more than once"),
        ("split,label,feature_0\r\n\r\ntrain,joyless,1\r\n", "line 3, label: unknown emotion 'joyless'"),
    ],
)
def test_a_csv_that_is_no_table_of_features_is_refused(tmp_path, text, said):
    (tmp_path / "clip.csv").write_text(text)
    assert said in refusal(tmp_path / "clip.csv", tmp_path)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_and_orders_of_columns_are_read(tmp_path, separator):
    frame = table(arrays())
    shuffled = frame[[*reversed(frame.columns)]].rename(columns={"label": "Label"})
    shuffled.to_csv(tmp_path / "clip.csv", sep=separator, index=False)
    import_features(tmp_path / "clip.csv", "clip", tmp_path)
    assert import_features(write(tmp_path, arrays()), "clip", tmp_path)[0][0][1]


def test_an_array_without_its_table_or_with_fewer_rows_is_refused(tmp_path):
    path = write(tmp_path, arrays(), "npy")
    np.save(path, arrays()["features"][:20])
    assert "24 rows of clip.csv and 20 of features" in refusal(path, tmp_path)
    path.with_suffix(".csv").unlink()
    assert "clip.csv is missing; clip.npy has numbers alone" in refusal(path, tmp_path)


@pytest.mark.parametrize("name", ["clip.txt", "clip", "clip.pkl", "clip.h5"])
def test_other_endings_are_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    assert "expected .npz, .npy, .parquet, .csv" in refusal(tmp_path / name, tmp_path)


@pytest.mark.parametrize("form", ["npz", "npy", "parquet"])
@pytest.mark.parametrize("size", [0, 3, 100, 600])
def test_a_file_that_was_cut_is_refused(tmp_path, form, size):
    path = write(tmp_path, arrays(), form)
    path.write_bytes(path.read_bytes()[:size])
    assert path.name in refusal(path, tmp_path)


def test_a_damaged_member_and_one_that_is_no_array_are_refused(tmp_path):
    path = write(tmp_path, arrays())
    data = bytearray(path.read_bytes())
    data[data.index(b"features.npy") + 200] ^= 1
    path.write_bytes(data)
    assert "the array features is damaged" in refusal(path, tmp_path)
    with zipfile.ZipFile(path, "w") as file:
        for name in ("features", "label", "split"):
            file.writestr(name, "text")
    assert "is no array" in refusal(path, tmp_path)


class Bomb:
    """Whoever unpickles it creates a file."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return open, (str(self.target), "w")


def hidden(folder, target):
    """Files that hold a pickle, each in a way of its own."""
    data, objects = pickle.dumps(Bomb(target)), np.array([Bomb(target)] * ROWS, object)
    for name in ("bare.npz", "bare.npy", "bare.parquet", "bare.csv"):
        (folder / name).write_bytes(data)
    (folder / "array.csv").write_text("split,label\n" + "train,fear\n" * ROWS)
    (folder / "bare.csv").write_bytes(b"split,label,feature_0\ntrain,fear," + data)
    np.save(folder / "array.npy", objects, allow_pickle=True)
    for place, made in enumerate((arrays(features=objects), arrays(label=objects), arrays(path=objects))):
        np.savez(folder / f"member{place}.npz", allow_pickle=True, **made)
    told = {"ARROW:extension:name": "arrow.py_extension_type", "ARROW:extension:metadata": data}
    types = [pyarrow.field("feature_0", pyarrow.string(), metadata=told), ("split", "string"), ("label", "string")]
    columns = pyarrow.table([["x"], ["train"], ["fear"]], schema=pyarrow.schema(types))
    pyarrow.parquet.write_table(columns, folder / "typed.parquet")
    return sorted(path for path in folder.iterdir() if path.name != "array.csv")


def test_nothing_is_unpickled(tmp_path):
    target, folder = tmp_path / "created", tmp_path / "files"
    folder.mkdir()
    paths = hidden(folder, target)
    assert len(paths) == 9
    for path in paths:
        refusal(path, tmp_path)
        assert not target.exists(), path
    np.load(folder / "array.npy", allow_pickle=True)[0].close()  # the control
    assert target.exists()


def test_an_object_beside_what_is_read_stays_unread(tmp_path):
    target = tmp_path / "created"
    made = arrays(notes=np.array([Bomb(target)], object))
    np.savez(tmp_path / "clip.npz", allow_pickle=True, **made)
    _, notes = import_features(tmp_path / "clip.npz", "clip", tmp_path)
    assert "clip.npz: not read: notes" in notes and not target.exists()


@pytest.mark.parametrize(
    "text, said",
    [
        ("one\n", "names 1 classes, expected 2 to 127"),
        ("", "names 0 classes"),
        ("\n".join(f"c{number}" for number in range(128)), "names 128 classes, expected 2 to 127"),
        ("fear\njoy\n\nfear\n", "line 4: 'fear' stands in line 1, too"),
        ("fear\njo\x07y\n", "line 2: 'jo\\x07y' holds characters that cannot be printed"),
        ("\n".join(EMOTIONS[::-1]), "the seven emotions in another order"),
        ("fear\n\xff".encode("latin-1"), "line 2 is not UTF-8 text"),
    ],
)
def test_lists_of_classes_that_are_none_are_refused(tmp_path, text, said):
    path = tmp_path / "classes.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(Refused) as refused:
        import_features(write(tmp_path, arrays()), "clip", tmp_path, path)
    assert said in str(refused.value) and not (tmp_path / "features").exists()


@pytest.mark.parametrize(
    "names, label, said",
    [
        (("sad", "glad"), "happiness", "row 0, label: 'happiness' is unknown; known are sad, glad"),
        (("sad", "glad"), "Sad", "'Sad' is unknown"),
        (("sad", "glad"), 2, "'2'; expected 0 to 1, places among sad, glad"),
        (("10", "20"), 1, "'1' is unknown; known are 10, 20"),
    ],
)
def test_classes_of_a_file_are_named_exactly(tmp_path, names, label, said):
    (tmp_path / "classes.txt").write_text("\n".join(names))
    source = write(tmp_path, arrays(label=np.full(ROWS, label)))
    with pytest.raises(Refused, match=said):
        import_features(source, "clip", tmp_path, tmp_path / "classes.txt")
    labels = np.array(names)[np.arange(ROWS) % 2]
    assert import_features(write(tmp_path, arrays(label=labels)), "clip", tmp_path, tmp_path / "classes.txt")


@pytest.mark.parametrize("form", FORMS)
def test_the_command_refuses_in_one_line(tmp_path, form):
    source = write(tmp_path, arrays(label=np.full(ROWS, "joyful")), form)
    result = CliRunner().invoke(main, ["import", str(source), "--name", "clip", "--workdir", str(tmp_path)])
    assert result.exit_code == 1 and len(result.output.strip().splitlines()) == 1 and "Traceback" not in result.output
    assert f"{ROWS} of {ROWS} rows cannot be read" in result.output and not (tmp_path / "features").exists()


@pytest.mark.parametrize(
    "arguments, code, said",
    [
        (("clip.npz",), 2, "Missing option '--name'"),
        (("clip.npz", "--name", "../clip"), 2, "a name is no path"),
        (("absent.npz", "--name", "clip"), 1, "absent.npz is missing; name a file with features"),
        (("clip.npz", "--name", "clip", "--classes", "absent.txt"), 1, "absent.txt is missing; expected a text file"),
    ],
)
def test_wrong_calls(tmp_path, arguments, code, said, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, arrays())
    result = CliRunner().invoke(main, ["import", *arguments])
    assert result.exit_code == code and said in result.output


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    source = tmp_path / "clip.parquet"
    parquet_lists(source, arrays())
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    result = CliRunner().invoke(main, ["import", str(source), "--name", "clip", "--workdir", str(tmp_path)])
    assert result.exit_code == 1 and "pip install 'cake-emotion[frames]'" in result.output
