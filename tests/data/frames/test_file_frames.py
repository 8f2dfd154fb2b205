"""DataFrames of the project's files, held against the files themselves: every row once, under its own values."""

import h5py
import numpy as np
import pytest

from data.coverage import STATUSES
from data.emotions import EMOTIONS
from data.files import columns
from data.files.columns import HEAD, Column, register
from data.files.fields import Field
from data.files.runs import UNSCORED, Head, read_runs, write_runs
from data.frames.file_frames import features, heads, manifest, rows_tested
from data.metrics import accuracy_score, macro_f1_score
from tests.data.made_up_files import LISTED, write
from tests.embed.made_up_caches import write_cache


def named(codes):
    return [EMOTIONS[code] if code >= 0 else "" for code in codes]


def words(column):
    return column.astype(object).fillna("").tolist()


def test_features_have_a_row_for_every_crop(tmp_path):
    def told(split, arrays):
        arrays["emotion"][3] = -1
        rows = len(arrays["row"])
        if split == "train":
            return {**arrays, "held_out": (np.arange(rows) % 5 == 0).astype(np.uint8)}
        return {**arrays, "cluster": np.array([f"p{row}" for row in range(rows)], object)}

    path = write_cache(tmp_path / "a.h5", train=40, test=12, features=20, annotated=True, change=told)
    found = features(path)
    assert len(found) == 52 and found["split"].value_counts().to_dict() == {"train": 40, "test": 12}
    with h5py.File(path) as file:
        for split in ("train", "test"):
            own, group = found[found["split"] == split], file[split]
            np.testing.assert_array_equal(own["row"], group["row"])
            assert words(own["label"]) == named(group["emotion"])
            assert own["path"].tolist() == group["path"].asstr()[()].tolist()
            values = [f"feature_{place}" for place in range(20)]
            np.testing.assert_array_equal(own[values], group["feature"][:, 0].astype(np.float32))
            np.testing.assert_array_equal(own[["valence", "arousal"]], group["valence_arousal"])
            predicted = own[["predicted_valence", "predicted_arousal"]]
            np.testing.assert_array_equal(predicted, group["valence_arousal_predicted"][:, 0])
    assert found["held_out"].sum() == 8 and found["held_out"].dtype == bool
    assert (found["cluster"] == "").sum() == 40 and found["feature_0"].dtype == np.float32
    assert not any(name.startswith("feature_") for name in features(path, values=False))


def test_a_manifest_has_a_row_for_every_listed_image(tmp_path):
    path = write(tmp_path, "aligned")
    found = manifest(path)
    assert len(found) == 2 * LISTED and found["split"].unique().tolist() == ["test", "train"]
    with h5py.File(path) as file:
        own, group = found[found["split"] == "train"], file["train/manifest"]
        assert words(own["status"]) == [STATUSES[code] for code in group["status"]]
        assert words(own["label"]) == named(group["emotion"])
        assert own["reason"].tolist() == group["reason"].asstr()[()].tolist()


@pytest.fixture
def runs(tmp_path):
    made = read_runs(write(tmp_path, "runs"))
    head, outcome = next(iter(made.outcomes.items()))
    outcome.confusion[:, 1] = 0  # of one test set alone, as av-true is scored
    outcome.predicted[:, made.span("rafdb")] = UNSCORED
    return made, head


def test_heads_are_one_row_each(runs):
    made, first = runs
    found = heads(made)
    assert len(found) == len(made.outcomes) > 2
    for (head, outcome), (_, row) in zip(made.outcomes.items(), found.iterrows()):
        assert (row["family"], row["k"], row["run"], row["seed"]) == (head.family, head.k, head.run, outcome.seed)
        assert row["affectnet:macro_f1"] == pytest.approx(macro_f1_score(outcome.confusion[0, 0]))
        if head != first:
            assert row["rafdb:accuracy"] == pytest.approx(accuracy_score(outcome.confusion[1, 1]))
    assert found["rafdb:macro_f1"].isna().sum() == 1 == found["rafdb:accuracy"].isna().sum()


def test_a_column_of_your_own_is_among_them(tmp_path, monkeypatch):
    monkeypatch.setattr(columns, "COLUMNS", dict(columns.COLUMNS))
    register(Column("rank", HEAD, Field("int64", ("head",), "made up", needed=False), default=0))
    made = read_runs(write(tmp_path, "runs"))
    for place, outcome in enumerate(made.outcomes.values()):
        outcome.more["rank"] = place
    write_runs(tmp_path / "more.h5", made)
    assert heads(read_runs(tmp_path / "more.h5"))["rank"].tolist() == list(range(len(made.outcomes)))


def test_rows_are_one_row_each_and_say_what_a_head_predicts(runs):
    made, head = runs
    found = rows_tested(made, head)
    assert len(found) == made.rows == len(rows_tested(made))
    assert found["test"].tolist() == ["affectnet"] * 20 + ["rafdb"] * 9
    assert words(found["label"]) == named(np.concatenate([test.emotion for test in made.tests.values()]))
    predicted = made.outcomes[head].predicted
    for place, name in enumerate(made.classifiers):
        assert words(found[f"{name}:predicted"])[:20] == named(predicted[place, :20])
        assert words(found[f"{name}:predicted"])[20:] == [""] * 9
    assert "affectnet:predicted" not in rows_tested(made)


def test_a_head_that_is_not_there_or_keeps_no_predictions_is_refused(runs):
    made, head = runs
    with pytest.raises(ValueError, match="hold no head of cake, k = 99, run 0"):
        rows_tested(made, Head("cake", 99, 0))
    made.outcomes[head].predicted = None
    with pytest.raises(ValueError, match="predictions of .* were not kept"):
        rows_tested(made, head)
