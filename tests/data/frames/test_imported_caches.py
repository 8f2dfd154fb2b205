"""Features of any network as feature caches: every value to the bit, from every form, there and back; what lies there
already stays."""

import hashlib

import h5py
import numpy as np
import pandas
import pytest

from data.coverage import STATUSES
from data.emotions import EMOTIONS
from data.files.cache import classes_of, damaged, header_of, open_cache, provenance_of
from data.files.publish import Mismatch
from data.frames.file_frames import features
from data.frames.imported_caches import ADVICE, import_features
from data.frames.named_columns import Words, write_csv
from data.runtime.failures import Refused
from tests.data.frames.own_features import FORMS, ROWS, WIDTH, arrays, write


def digests(caches):
    found = {}
    for cache, _ in caches:
        with open_cache(cache.path, "features") as file:
            assert not damaged(file)
            found[cache.path.name] = file.attrs["digest"]
    return found


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_caches_to_the_bit(tmp_path, form):
    made = arrays()
    found, notes = import_features(write(tmp_path, made, form), "clip", tmp_path / form)
    plain, _ = import_features(write(tmp_path, made), "clip", tmp_path / "plain")
    assert digests(found) == digests(plain) and digests(found).keys() == {"a.h5", "b.h5"}
    assert not any(already for _, already in found) and notes[-1].endswith("clip has seen is not known")
    for name, rows in (("a", slice(0, 12)), ("b", slice(12, 24))):
        with open_cache(tmp_path / form / "features" / "clip" / f"{name}.h5", "features") as file:
            for split in ("train", "test"):
                own = np.flatnonzero(made["split"][rows] == split) + rows.start
                group = file[split]
                assert group["feature"].dtype == np.float32 and group["feature"].shape == (len(own), 1, WIDTH)
                assert group["feature"][()].tobytes() == made["features"][own].tobytes()
                assert group["emotion"][()].tolist() == (own % 7).tolist()
                values = np.stack([made["valence"][own], made["arousal"][own]], 1)
                assert group["valence_arousal"][()].tobytes() == values.tobytes()
                assert group["path"].asstr()[()].tolist() == made["path"][own].tolist()
                assert group["cluster"].asstr()[()].tolist() == made["person"][own].tolist()
                assert group["row"][()].tolist() == list(range(len(own))) and not group["face"][()].any()
                assert group["status_counts"][()].sum(0).tolist() == [len(own), *[0] * (len(STATUSES) - 1)]


def test_a_cache_says_where_it_comes_from(tmp_path):
    source = write(tmp_path, arrays(domain=None))
    [(cache, _)], _ = import_features(source, "clip", tmp_path)
    assert cache.path == tmp_path / "features" / "clip" / "clip.h5"
    with open_cache(cache.path, "features") as file:
        assert header_of(file) == {"imported": True, "network": "clip", "feature_size": WIDTH, "dtype": "float32"}
        told = provenance_of(file)
        assert told["imported_from"] == {"clip.npz": hashlib.sha256(source.read_bytes()).hexdigest()}
        assert told["emotion"]["domains"] == {} and told["dataset"] == told["network"] == "clip"
        assert classes_of(file) == EMOTIONS and not file.attrs["toy"]


def everything(**changes):
    """Whatever a frame of features has a column for."""
    flags, rows = np.arange(ROWS) % 4 == 0, np.arange(ROWS)
    more = {
        "row": rows * 10, "face": rows % 2, "toy": np.ones(ROWS, int), "held_out": flags & (rows % 3 > 0),
        "predicted_valence": np.linspace(-2, 2, ROWS, dtype=np.float32),
        "predicted_arousal": np.linspace(0, 1, ROWS, dtype=np.float32),
        "groups": np.where(flags, '{"gender": "female"}', ""),
    }  # fmt: skip
    made = arrays(**more, **changes)
    made["label"] = np.where(rows % 5, made["label"], "")
    made["valence"][::6] = np.nan
    made["features"][0] = [-0.0, 1e-45, 3.4e38, 1 / 3, -1e-20]
    return made


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_cache_to_frame_to_file_to_cache_is_the_same_to_the_bit(tmp_path, ending):
    first, _ = import_features(write(tmp_path, everything()), "clip", tmp_path)
    parts = [features(cache.path).assign(domain=cache.path.stem) for cache, _ in first]
    frame, target = pandas.concat(parts), tmp_path / f"again.{ending}"
    frame.to_parquet(target) if ending == "parquet" else frame.to_csv(target, index=False)
    again, notes = import_features(target, "clip", tmp_path / "again")
    assert digests(again) == digests(first) and not any("not read" in note for note in notes)
    with h5py.File(again[0][0].path) as file:
        assert file.attrs["toy"] and file["train/held_out"][()].any() and "held_out" not in file["test"]
        assert file["test/feature"][0, 0].tobytes() == everything()["features"][0].tobytes()


def test_the_tables_that_this_project_writes_are_read(tmp_path):
    """Of one cache, written without pandas; the rows of each split come back under the domain's own name."""
    made = everything(domain=None)
    [(cache, _)], _ = import_features(write(tmp_path, made), "clip", tmp_path)
    frame = features(cache.path)
    columns = {name: np.array(frame[name], object if frame[name].dtype == "str" else None) for name in frame}
    columns["label"] = Words(np.asarray(frame["label"].cat.codes), EMOTIONS)
    with open(tmp_path / "again.csv", "w", newline="") as file:
        write_csv(columns, file)
    again, _ = import_features(tmp_path / "again.csv", "clip", tmp_path / "again")
    assert digests(again) == digests([(cache, False)])


@pytest.mark.parametrize("dtype, told", [("float16", False), ("float64", True)])
def test_other_widths_of_numbers_are_stored_as_float32(tmp_path, dtype, told):
    wide = np.random.default_rng(3).normal(size=(ROWS, WIDTH)).astype(dtype)
    found, notes = import_features(write(tmp_path, arrays(features=wide, domain=None)), "clip", tmp_path)
    with h5py.File(found[0][0].path) as file:
        first = file["test/feature"][0, 0]
    np.testing.assert_array_equal(first, wide[0].astype(np.float32))
    assert ("features of float64 are rounded to float32" in notes) == told


@pytest.mark.parametrize("kind", ["numbers", "numbers with gaps", "synonyms", "bytes"])
def test_classes_by_name_or_place(tmp_path, kind):
    places = np.arange(ROWS) % 7
    gaps = np.where(np.arange(ROWS) % 6, places, -1)
    labels = {
        "numbers": gaps,
        "numbers with gaps": np.where(gaps < 0, np.nan, gaps),
        "synonyms": np.array(["Calm", "happy", "sad", "Surprised", "scared", "disgusted", "angry", ""])[gaps],
        "bytes": np.array([*EMOTIONS, ""]).astype("S")[gaps],
    }
    found, notes = import_features(write(tmp_path, arrays(label=labels[kind], domain=None)), "clip", tmp_path)
    with h5py.File(found[0][0].path) as file:
        emotion = {split: file[split]["emotion"][()] for split in ("train", "test")}
    assert emotion["test"].tolist() == gaps[::3].tolist()
    assert "4 rows have no label: they are neither trained nor tested on" in notes


def test_rows_of_none_of_the_classes_are_counted_and_left_out(tmp_path):
    labels = np.array([*EMOTIONS, "contempt", "none", "None"])[np.arange(ROWS) % 10]
    found, notes = import_features(write(tmp_path, arrays(label=labels, domain=None)), "clip", tmp_path)
    assert "left out: contempt 2, none 2" in notes and any(note.startswith("2 rows have no label") for note in notes)
    with h5py.File(found[0][0].path) as file:
        left_out = sum(file[split]["status_counts"][-1, STATUSES.index("left_out")] for split in file)
        assert left_out == 4 and sum(len(file[split]["row"]) for split in file) == ROWS - 4


def test_classes_of_a_file_in_their_order(tmp_path):
    names = ("negative", "neutral", "positive", "contempt")
    (tmp_path / "classes.txt").write_text("\n".join(names) + "\n\n")
    labels = np.array(names)[np.arange(ROWS) % 4]
    source = write(tmp_path, arrays(label=labels, domain=None))
    [(cache, _)], _ = import_features(source, "clip", tmp_path, tmp_path / "classes.txt")
    with open_cache(cache.path, "features") as file:
        assert classes_of(file) == names and file["test/status_counts"].shape == (5, len(STATUSES))
        assert file["test/emotion"][()].tolist() == (np.arange(ROWS) % 4)[::3].tolist()
    assert features(cache.path)["label"].cat.categories.tolist() == list(names)


def test_the_same_again_leaves_what_is_there(tmp_path):
    first, _ = import_features(write(tmp_path, arrays()), "clip", tmp_path)
    before = {cache.path: cache.path.stat().st_mtime_ns for cache, _ in first}
    again, _ = import_features(write(tmp_path, arrays(), "csv"), "clip", tmp_path)  # whatever form it has now
    assert [already for _, already in again] == [True, True]
    assert {cache.path: cache.path.stat().st_mtime_ns for cache, _ in again} == before
    first[1][0].path.unlink()
    assert [already for _, already in import_features(write(tmp_path, arrays()), "clip", tmp_path)[0]] == [True, False]


def other_bit(made):
    features = made["features"].copy()
    features[-1, -1] = np.nextafter(features[-1, -1], np.float32(9))
    return {"features": features}


@pytest.mark.parametrize(
    "change, match",
    [
        (other_bit, "b.h5 is there already and holds other values of feature in train"),
        (lambda made: {"label": made["label"][::-1]}, "holds other values of emotion in"),
        (lambda made: {"features": made["features"][:, :4]}, "feature size 5, what is imported has 4"),
        (lambda made: {"person": None}, "other columns of t"),
        (lambda made: {"split": np.full(ROWS, "train")}, "other splits"),
        (lambda made: {"toy": np.ones(ROWS, bool)}, "toy"),
    ],
)
def test_other_content_is_refused_and_nothing_is_written(tmp_path, change, match):
    made = arrays()
    first, _ = import_features(write(tmp_path, made), "clip", tmp_path)
    first[0][0].path.unlink()  # a, which would be written
    with pytest.raises(Mismatch, match=match) as refused:
        import_features(write(tmp_path, {**arrays(**change(made))}), "clip", tmp_path)
    assert ADVICE in str(refused.value)
    assert [path.name for path in (tmp_path / "features" / "clip").iterdir()] == ["b.h5"]


def test_other_classes_than_those_there_are_refused(tmp_path):
    (tmp_path / "classes.txt").write_text("\n".join((*EMOTIONS, "contempt")))
    source = write(tmp_path, arrays())
    import_features(source, "clip", tmp_path)
    with pytest.raises(Mismatch, match="classes"):
        import_features(source, "clip", tmp_path, tmp_path / "classes.txt")


def test_an_interrupt_leaves_whole_caches_and_the_same_call_goes_on(tmp_path, monkeypatch):
    from data.frames.imported_caches import ImportedCache

    plain, calls = ImportedCache.publish, []

    def interrupted(self):
        calls.append(self)
        if len(calls) == 2:
            raise KeyboardInterrupt
        plain(self)

    monkeypatch.setattr(ImportedCache, "publish", interrupted)
    with pytest.raises(KeyboardInterrupt):
        import_features(write(tmp_path, arrays()), "clip", tmp_path)
    assert [path.name for path in (tmp_path / "features" / "clip").iterdir()] == ["a.h5"]
    monkeypatch.setattr(ImportedCache, "publish", plain)
    found, _ = import_features(write(tmp_path, arrays()), "clip", tmp_path)
    assert [already for _, already in found] == [True, False]


def test_a_file_of_ours_in_its_place_is_not_overwritten(tmp_path):
    (tmp_path / "features" / "clip").mkdir(parents=True)
    (tmp_path / "features" / "clip" / "a.h5").write_bytes(b"notes")
    with pytest.raises(Refused, match="a.h5 is not a readable HDF5 file"):
        import_features(write(tmp_path, arrays()), "clip", tmp_path)
    assert (tmp_path / "features" / "clip" / "a.h5").read_bytes() == b"notes"
