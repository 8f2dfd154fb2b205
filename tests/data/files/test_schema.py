"""Files explain themselves, hold features of any one width, and keep of a head what its family says."""

import json
import logging
import shutil
from dataclasses import dataclass

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

from data import heads
from data.files.cache import CacheError, content_digest, damaged, open_cache
from data.files.hdf5 import dataset_names, write_array
from data.files.runs import Head, HeadOutcome, Runs, read_runs, write_runs
from data.files.runs import TestSet as Rows
from data.files.schema import FIRST_WIDTH, fields, groups
from data.heads import FAMILIES
from evaluate.cli import main as evaluate
from tests.data.files.test_version_1 import FOLDER
from tests.data.made_up_files import write
from tests.embed.made_up_caches import write_cache

KINDS = ("aligned", "features", "runs")


def runs_of(families=tuple(FAMILIES), *, width=512, k=3, stated=True):
    """Runs of two domains with one head of each family, whose weights and range are kept."""
    generator, counts = np.random.default_rng(0), np.zeros((2, 2, 7, 7), np.int64)
    tests = {name: Rows(np.zeros(4, np.int8), np.arange(4), np.zeros((8, 12), np.int64)) for name in ("a", "b")}
    outcomes = {}
    for name in families:
        family, size = FAMILIES[name], k if FAMILIES[name].has(k) else 0
        domains = 1 if family.arousal_valence == heads.ANNOTATED else 2
        shapes = family.shapes(size, features=width, classes=7, domains=domains)
        weights = {array: generator.normal(size=shape).astype(np.float32) for array, shape in shapes.items()}
        ends = np.zeros((2, family.size(size, width)), np.float32)
        predicted = np.zeros((2, 8), np.uint8)
        outcomes[Head(name, size, 0)] = HeadOutcome(1, 0.5, counts, "", predicted, weights, ends)
    provenance = {"features": {"a": {"feature_size": width}}} if stated else {}
    return Runs({}, ("a", "b"), tests, False, provenance, outcomes)


@pytest.fixture
def path(tmp_path):
    write_runs(tmp_path / "runs.h5", runs_of())
    return tmp_path / "runs.h5"


@pytest.mark.parametrize("kind", KINDS)
def test_everything_in_a_file_says_what_it_is_and_what_its_axes_are(tmp_path, path, kind):
    with h5py.File(path if kind == "runs" else write(tmp_path, kind)) as file:
        seen = []
        file.visititems(lambda name, item: seen.append((name, item)))
        assert len(seen) >= 20
        for name, item in seen:
            assert len(item.attrs["description"]) > 8, name
            if isinstance(item, h5py.Dataset):
                assert len(item.attrs["axes"].split(", ")) == item.ndim, name


def test_what_is_kept_of_a_head_is_explained_by_its_family(path):
    with h5py.File(path) as file:
        said = {name: dict(file[f"kept/{name}"].attrs) for name in ("cake/3/0/A", "av/3/0/B", "baseline/0/0/B")}
        assert "A of z = A x + a, logits = B z + b" in said["cake/3/0/A"]["description"]
        assert said["cake/3/0/A"]["axes"] == "dimension, feature"
        assert "z = [v; u], u = A x + a, logits = Bv v + B u + b" in said["av/3/0/B"]["description"]
        assert said["av/3/0/B"]["axes"] == "classifier, emotion, dimension"
        assert said["baseline/0/0/B"]["axes"] == "classifier, emotion, feature"
        assert "|A x + a|" in file["kept/cake-norm/3/0/A"].attrs["description"]


def test_every_group_of_a_field_is_described():
    for kind in KINDS:
        above = {
            pattern.rsplit("/", depth)[0] for pattern in fields(kind) for depth in range(1, pattern.count("/") + 1)
        }
        assert above == groups(kind)


def test_what_a_file_says_of_itself_is_in_no_digest(path):
    with h5py.File(path, "r+") as file:
        before = content_digest(file)
        for name in dataset_names(file):
            del file[name].attrs["description"], file[name].attrs["axes"]
        assert content_digest(file) == before == file.attrs["digest"] and damaged(file) == []


def narrow(width):
    """What makes a made-up cache one of features of another width."""

    def change(split, arrays):
        return {**arrays, "feature": arrays["feature"][..., :width]}

    return {"change": change, "header": {"feature_size": width}}


@pytest.mark.parametrize("width", [1, 20, 512])
def test_features_may_have_any_width(tmp_path, width):
    with open_cache(write_cache(tmp_path / "a.h5", **narrow(width)), "features") as file:
        assert file["train/feature"].shape[2] == width


def test_one_file_has_features_of_one_width_which_is_that_it_says(tmp_path):
    def one_split(split, arrays):
        return {**arrays, "feature": arrays["feature"][..., :20]} if split == "test" else arrays

    with pytest.raises(CacheError, match="test/feature of shape .*with 512 instead of 20"):
        open_cache(write_cache(tmp_path / "a.h5", change=one_split), "features")
    with pytest.raises(CacheError, match="with 512 instead of 20"):
        open_cache(write_cache(tmp_path / "b.h5", change=narrow(20)["change"]), "features")
    with pytest.raises(CacheError, match="features of 0 numbers"):
        open_cache(write_cache(tmp_path / "c.h5", **narrow(0)), "features")


@pytest.mark.parametrize("width", [7, 512])
@pytest.mark.parametrize("stated", [True, False])
def test_results_know_the_width_they_stand_on(tmp_path, width, stated):
    write_runs(tmp_path / "runs.h5", runs_of(width=width, stated=stated))
    assert read_runs(tmp_path / "runs.h5").features == width


def test_without_a_word_and_without_weights_the_width_is_that_of_the_first_files():
    runs = runs_of(stated=False)
    for outcome in runs.outcomes.values():
        outcome.weights = {}
    assert runs.features == FIRST_WIDTH == 512


def test_weights_of_two_widths_in_one_file_are_refused(tmp_path):
    runs = runs_of(width=20)
    runs.outcomes |= {Head("cake", 2, 0): runs_of(["cake"], k=2).outcomes[Head("cake", 2, 0)]}
    write_runs(tmp_path / "runs.h5", runs)
    with pytest.raises(CacheError, match=r"kept/cake/2/0/A of shape \(2, 512\), expected \(2, 20\)"):
        read_runs(tmp_path / "runs.h5")


def spoilt(path, spoil):
    with h5py.File(path, "r+") as file:
        spoil(file)
    return path


def put(name, shape):
    def spoil(file):
        if name in file:
            del file[name]
        file[name] = np.zeros(shape, np.float32)

    return spoil


@pytest.mark.parametrize(
    "spoil, match",
    [
        (put("kept/cake/3/0/A", (2, 512)), r"kept/cake/3/0/A of shape \(2, 512\), expected \(3, 512\)"),
        (put("kept/cake/3/0/B", (1, 7, 3)), r"kept/cake/3/0/B of shape \(1, 7, 3\), expected \(2, 7, 3\)"),
        (put("kept/av-true/3/0/B", (2, 7, 3)), r"kept/av-true/3/0/B of shape \(2, 7, 3\), expected \(1, 7, 3\)"),
        (put("kept/cake/3/0/Bv", (2, 7, 2)), "kept/cake/3/0/Bv, which a head of cake does not"),
        (put("kept/baseline/0/0/A", (3, 512)), "kept/baseline/0/0/A, which a head of baseline does not"),
        (put("kept/cake/3/0/range", (2, 4)), r"kept/cake/3/0/range of shape \(2, 4\), expected \(2, 3\)"),
        (put("kept/cake/three/0/A", (3, 512)), "kept/cake/three/0, expected kept/FAMILY/K/RUN"),
        (put("kept/cake/3/-1/A", (3, 512)), "kept/cake/3/-1, expected kept/FAMILY/K/RUN"),
        (put("kept/cake/03/0/A", (3, 512)), "kept/cake/03/0, expected kept/FAMILY/K/RUN"),
        (lambda file: file.__delitem__("kept/av/3/0/b"), "lacks a part of a head's weights: kept/av/3/0/b"),
    ],
)
def test_what_a_family_does_not_keep_is_refused(path, spoil, match):
    with pytest.raises(CacheError, match=match):
        read_runs(spoilt(path, spoil))


@dataclass(frozen=True)
class Distances(heads.Family):
    """Classes by the distance of x to a prototype each: a family of nobody here."""

    def shapes(self, k, *, features, classes, domains):
        return {"prototype": (domains, classes, features), "scale": ()}

    def describe(self, array):
        return (("classifier", "emotion", "feature") if array == "prototype" else ()), f"{array} of distances"


@pytest.fixture
def foreign(tmp_path, monkeypatch):
    """A results file with a head of the family distances beside those known here."""
    monkeypatch.setattr(heads, "FAMILIES", dict(FAMILIES))
    heads.register(Distances("distances", "Distances", module=lambda *arguments: None))
    runs = runs_of(width=20)
    head = runs_of(["cake"], width=20).outcomes[Head("cake", 3, 0)]
    head.weights = {"prototype": np.ones((2, 7, 20), np.float32), "scale": np.float32(3)}
    runs.outcomes[Head("distances", 3, 0)] = head
    write_runs(tmp_path / "runs.h5", runs)
    return tmp_path / "runs.h5"


def test_a_family_of_a_users_own_keeps_what_it_declares(foreign):
    found = read_runs(foreign).outcomes[Head("distances", 3, 0)]
    assert found.weights["prototype"].shape == (2, 7, 20) and found.weights["scale"] == 3
    with h5py.File(foreign) as file:
        assert file["kept/distances/3/0/prototype"].attrs["axes"] == "classifier, emotion, feature"
    with pytest.raises(CacheError, match="kept/distances/3/0/prototype of shape"):
        read_runs(spoilt(foreign, put("kept/distances/3/0/prototype", (2, 7, 21))))


def test_heads_of_a_family_that_is_not_known_are_refused_or_left_out(foreign, monkeypatch, caplog):
    heads.FAMILIES.pop("distances")
    with pytest.raises(CacheError, match="heads of the family 'distances', unknown here; .*CAKE_PLUGINS") as caught:
        read_runs(foreign)
    assert "\n" not in str(caught.value)
    with caplog.at_level(logging.WARNING):
        found = read_runs(foreign, partly=True)
    assert "distances" in caplog.text
    assert {head.family for head in found.outcomes} == set(FAMILIES) and found.features == 20
    with open_cache(foreign, "runs") as file:
        assert damaged(file) == []


def test_what_lies_of_an_unknown_family_is_still_held_against_the_file(foreign):
    heads.FAMILIES.pop("distances")
    with h5py.File(foreign, "r+") as file:
        del file["kept/distances/3/0/prototype"]
        write_array(file, "kept/distances/3/0/prototype", np.array(["text"], object))
    with pytest.raises(CacheError, match="prototype of type text, expected float32"):
        open_cache(foreign, "runs")


def test_a_file_that_states_no_sensible_width_is_refused(path):
    def say(file):
        file.attrs["provenance"] = json.dumps({"features": {"a": {"feature_size": -5}}})

    with pytest.raises(CacheError, match="features of -5 numbers"):
        read_runs(spoilt(path, say))


def test_tables_are_made_of_the_families_that_are_known_here(tmp_path, caplog):
    shutil.copy(FOLDER / "runs.h5", tmp_path / "runs.h5")
    with h5py.File(tmp_path / "runs.h5", "r+") as file:
        file["heads/family"][0] = "mine"
        file["heads/votes"] = np.arange(len(file["heads/k"]))
    result = CliRunner().invoke(evaluate, ["tables", "--results", str(tmp_path / "runs.h5")])
    assert result.exit_code == 0 and "CAKE-3" in result.output
    assert "heads of the family 'mine', the column 'votes', unknown here and left out" in caplog.text
