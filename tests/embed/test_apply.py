"""embed apply: what the sweep predicted comes back row by row; what does not fit is refused in one line."""

import csv
import functools
import io

import numpy as np
import pandas
import pytest
from click.testing import CliRunner

from data.emotions import EMOTIONS
from data.files.runs import Head, read_runs, write_runs
from data.heads import CAKE
from embed import settings
from embed.apply import apply
from embed.cli import main
from embed.rows.feature_caches import read_cache
from tests.embed.made_up_caches import write_cache

FOLLOWED = ["along_valence", "along_arousal", "along_anger"]


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("swept")

    def annotated(split, arrays):
        return {**arrays, "valence_arousal": arrays["valence_arousal_predicted"][:, 0]}

    for name, seed, train in (("a", 0, 200), ("b", 7, 100)):
        write_cache(folder / "features" / f"{name}.h5", seed=seed, train=train, change=annotated)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "HeadSettings", functools.partial(settings.HeadSettings, steps=30, epochs=1))
        result = CliRunner().invoke(main, ["sweep", "--workdir", str(folder), "--k", "1,8", "--runs", "2"])
    assert result.exit_code == 0, result.output
    return folder


def call(workdir, *arguments, cache="a"):
    return CliRunner().invoke(
        main, ["apply", "--workdir", str(workdir), str(workdir / "features" / f"{cache}.h5"), *arguments]
    )


def rows(result):
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(io.StringIO(result.stdout)))


@pytest.mark.parametrize(
    "family, k, names, canonical",
    [
        ("cake", 3, ["k1", "k2", "k3"], FOLLOWED),
        ("av", 1, ["valence", "arousal", "k1"], ["valence", "arousal", "along_anger"]),
        ("cake-norm", 3, ["k1", "k2", "k3"], FOLLOWED),
        ("baseline", 3, [], []),
        ("av", 0, ["valence", "arousal"], ["valence", "arousal"]),
        ("av-true", 0, ["valence", "arousal"], ["valence", "arousal"]),
    ],
)
@pytest.mark.parametrize("raw", [True, False])
def test_the_emotions_are_those_the_sweep_predicted(workdir, family, k, names, canonical, raw):
    arguments = ("--family", family, "--k", str(k), "--run", "1", *(("--coordinates", "raw") if raw else ()))
    found = [row for row in rows(call(workdir, *arguments)) if row["split"] == "test"]
    names = names if raw else canonical
    runs = read_runs(workdir / "results" / "runs.h5")
    outcome = runs.outcomes[Head(family, k * (family != "baseline"), 1)]
    assert [row["predicted"] for row in found] == [EMOTIONS[index] for index in outcome.predicted[0, runs.span("a")]]
    assert list(found[0])[7 : 7 + len(names)] == names
    ends = outcome.canonical.range if outcome.canonical and not raw else outcome.range
    if ends is not None:
        z = np.array([[float(row[name]) for name in names] for row in found])
        assert (z >= ends[0] - 1e-3).all() and (z <= ends[1] + 1e-3).all()


def test_canonical_coordinates_change_no_probability(workdir):
    raw, canonical = rows(call(workdir, "--coordinates", "raw")), rows(call(workdir))
    shared = [name for name in raw[0] if name not in ("k1", "k2", "k3")]
    assert [[row[name] for name in shared] for row in raw] == [[row[name] for name in shared] for row in canonical]
    coordinates = [
        [[float(row[name]) for name in names] for row in found]
        for found, names in ((raw, ["k1", "k2", "k3"]), (canonical, FOLLOWED))
    ]
    assert np.abs(np.subtract(*coordinates)).max() > 0.1  # the control


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_in_a_file_holds_every_row(workdir, tmp_path, ending):
    path = tmp_path / f"rows.{ending}"
    result = call(workdir, "--output", str(path))
    assert result.exit_code == 0 and result.stdout == "", result.output
    runs = read_runs(workdir / "results" / "runs.h5")
    expected = apply(runs, workdir / "features" / "a.h5", CAKE, 3).frame()
    types = {name: column.dtype for name, column in expected.items()}
    found = pandas.read_csv(path, dtype=types, keep_default_na=False, na_values={"label": [""], "predicted": [""]}) \
        if ending == "csv" else pandas.read_parquet(path)  # fmt: skip
    pandas.testing.assert_frame_equal(found, expected, check_exact=True)
    assert len(found) == 260 and found["along_valence"].dtype == np.float32
    cache = read_cache(workdir / "features" / "a.h5")
    labels = [EMOTIONS[index] for index in cache.test.emotion]
    assert found.loc[found["split"] == "test", "label"].tolist() == labels


def test_a_label_is_empty_where_nobody_gave_one(workdir):
    found = rows(call(workdir))
    assert all(row["label"] in EMOTIONS for row in found) and "emotion" not in found[0]
    unlabelled = lambda split, arrays: {**arrays, "emotion": arrays["emotion"] * 0 - 1}
    write_cache(workdir / "features" / "bare.h5", change=unlabelled, splits=("test",), seed=3)
    assert {row["label"] for row in rows(call(workdir, cache="bare"))} == {""}


def test_another_ending_is_a_wrong_call(workdir, tmp_path):
    result = call(workdir, "--output", str(tmp_path / "rows.xlsx"))
    assert result.exit_code == 2 and "expected .csv or .parquet" in result.output


def test_results_from_before_canonical_forms_give_raw_coordinates(workdir, tmp_path):
    write_runs(tmp_path / "old.h5", read_runs(workdir / "results" / "runs.h5").raw())
    result = call(workdir, "--results", str(tmp_path / "old.h5"))
    assert list(rows(result)[0])[7:10] == ["k1", "k2", "k3"] and "coordinates: k1, k2, k3" in result.stderr


def test_every_row_has_probabilities_of_every_classifier(workdir):
    found = rows(call(workdir))
    assert len(found) == 200 + 60 and [row["split"] for row in found].count("test") == 60
    for row in found:
        for name in "ab":
            assert sum(float(row[f"{name}:{emotion}"]) for emotion in EMOTIONS) == pytest.approx(1, abs=1e-5)
        assert row["predicted"] == max(EMOTIONS, key=lambda emotion: float(row[f"a:{emotion}"]))
    other = rows(call(workdir, "--classifier", "b"))
    assert [row["predicted"] for row in other] != [row["predicted"] for row in found]


def test_a_folder_without_labels_and_with_several_faces_an_image(workdir):
    def photographs(split, arrays):
        return {
            **arrays,
            "emotion": arrays["emotion"] * 0 - 1,
            "face": arrays["row"].astype(np.int16) % 2,
            "row": arrays["row"] // 2,
        }

    write_cache(workdir / "features" / "photos.h5", change=photographs, splits=("test",), seed=3)
    found = rows(call(workdir, cache="photos"))
    assert [(row["row"], row["face"]) for row in found[:4]] == [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")]


@pytest.mark.parametrize(
    "arguments, match",
    [
        (("--k", "8"), "--keep-weights"),
        (("--k", "5"), "embed sweep --family cake --k 5"),
        (("--run", "7"), "run 7"),
        (("--classifier", "z"), "there are a, b"),
        (("--results", "none.h5"), "none.h5 is missing"),
    ],
)
def test_what_cannot_be_applied_ends_in_one_line(workdir, arguments, match):
    result = call(workdir, *arguments)
    assert result.exit_code == 1 and match in result.output and result.output.count("\n") == 1


@pytest.mark.parametrize(
    "change, match",
    [
        ({"header": {"emotion_sha256": "f" * 64}}, "emotion sha256"),
        ({"header": {"image_size": 96}}, "image size 96"),
        ({"toy": True}, "toy data"),
        ({"kind": "aligned"}, "expected kind features"),
    ],
)
def test_a_cache_of_other_networks_is_refused(workdir, change, match):
    write_cache(workdir / "features" / "other.h5", **change)
    result = call(workdir, cache="other")
    assert result.exit_code == 1 and match in result.output and result.output.count("\n") == 1


def test_av_needs_arousal_valence_in_the_cache(workdir):
    write_cache(workdir / "features" / "plain.h5", predicts=False)
    result = call(workdir, "--family", "av", "--k", "1", cache="plain")
    assert result.exit_code == 1 and "no arousal-valence" in result.output


def test_a_row_without_annotation_has_no_emotion_by_av_true(workdir):
    write_cache(workdir / "features" / "partly.h5", annotated=True)  # every seventh row has none
    found = rows(call(workdir, "--family", "av-true", "--k", "0", cache="partly"))
    blank = [row["predicted"] == row["valence"] == row["a:anger"] == "" for row in found if row["split"] == "test"]
    assert blank[:8] == [True, *[False] * 6, True] and all(
        row["predicted"] in EMOTIONS for row in found if row["valence"]
    )


def test_a_wrong_call_exits_2(workdir):
    assert call(workdir, "--family", "pie").exit_code == 2 and call(workdir, "--k", "-1").exit_code == 2


def test_shipped_results_are_those_of_their_file(workdir, monkeypatch):
    path = workdir / "results" / "runs.h5"
    monkeypatch.setattr("embed.training_options.shipped_results", lambda: path)
    assert call(workdir, "--results", "shipped").stdout == call(workdir).stdout
    monkeypatch.undo()
    result = call(workdir, "--results", "shipping")
    assert result.exit_code == 1 and "shipping" in result.output
