"""Files of schema version 1 as the first release wrote them, in version_1/ with what its reader said of them: they are
read for ever, to the bit.

runs.h5: a sweep over made-up caches of two domains, all families, k up to 3, two runs; the weights of av with k = 2
kept on demand, of av and av-true with k = 3 not. features.h5: a cache that its heads go with. aligned.h5: made up."""

import hashlib
import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

from data.files.cache import damaged, open_cache
from data.files.hdf5 import dataset_digest, dataset_names
from data.files.runs import Head, read_runs, write_runs
from data.heads import PREDICTED, family_named
from embed.cli import main as embed
from evaluate.cli import main as evaluate

FOLDER = Path(__file__).parent / "version_1"
SAID = json.loads((FOLDER / "said.json").read_text())


@pytest.fixture(scope="module")
def runs():
    return read_runs(FOLDER / "runs.h5")


def sha256(array):
    return hashlib.sha256(f"{array.dtype.str} {array.shape} ".encode() + array.tobytes()).hexdigest()


@pytest.mark.parametrize("kind", ["aligned", "features", "runs"])
def test_the_file_is_whole_and_of_its_digest(kind):
    with open_cache(FOLDER / f"{kind}.h5", kind) as file:
        assert file.attrs["schema_version"] == 1 and file.attrs["digest"] == SAID[kind]["digest"]
        assert damaged(file) == []
        for name, digest in SAID[kind].get("datasets", {}).items():
            assert dataset_digest(file[name]) == digest


def test_everything_but_the_heads_is_read_as_before(runs):
    said = SAID["runs"]
    assert list(runs.classifiers) == said["classifiers"] and runs.toy is said["toy"]
    assert (runs.identity, runs.provenance) == (said["identity"], said["provenance"])
    assert list(runs.tests) == list(said["classifiers"]) and runs.tests.keys() == said["tests"].keys()
    for name, test in runs.tests.items():
        for field, values in said["tests"][name].items():
            np.testing.assert_array_equal(getattr(test, field), values)
    assert all(test.emotion.dtype == np.int8 and test.row.dtype == np.int64 for test in runs.tests.values())


def test_every_value_of_every_head_is_read_as_before(runs):
    assert len(runs.outcomes) == len(SAID["runs"]["heads"])
    for (head, one), said in zip(runs.outcomes.items(), SAID["runs"]["heads"]):
        assert head == Head(said["family"], said["k"], said["run"])
        assert (one.seed, one.loss, one.failure) == (said["seed"], said["loss"], said["failure"])
        assert sha256(one.confusion) == said["confusion"]
        assert {name: sha256(array) for name, array in one.weights.items()} == said["weights"]
        assert (None if one.predicted is None else sha256(one.predicted)) == said["predicted"]
        assert (None if one.range is None else one.range.tolist()) == said["range"]
        assert one.canonical is None


def test_all_families_and_heads_with_and_without_weights_are_among_them(runs):
    assert {head.family for head in runs.outcomes} == {"cake", "av", "cake-norm", "baseline", "av-true"}
    assert {bool(one.weights) for one in runs.outcomes.values()} == {True, False}
    assert runs.outcomes[Head("av", 2, 0)].weights and runs.outcomes[Head("av", 2, 0)].predicted is None


def test_written_again_it_has_the_same_content(runs, tmp_path):
    write_runs(tmp_path / "runs.h5", runs)
    with h5py.File(tmp_path / "runs.h5") as file:
        assert file.attrs["digest"] == SAID["runs"]["digest"]
        with h5py.File(FOLDER / "runs.h5") as old:
            assert dataset_names(file) == dataset_names(old)


def test_the_tables_are_made_of_it(tmp_path):
    shutil.copy(FOLDER / "runs.h5", tmp_path / "runs.h5")  # they are written beside it
    result = CliRunner().invoke(evaluate, ["tables", "--results", str(tmp_path / "runs.h5")])
    assert result.exit_code == 0, result.output
    assert "CAKE-3" in result.output and "affectnet" in result.output.lower()


@pytest.mark.parametrize("name", SAID["applied"])
def test_its_heads_say_the_same_of_features_of_the_same_version(runs, name):
    said, family = SAID["applied"][name], family_named(name)
    x, v = features(family.arousal_valence)
    weights = runs.outcomes[Head(name, said["k"], 1)].weights
    logits = family.logits(weights, family.representation(weights, x, v))
    for domain, found in zip(runs.classifiers, logits):  # av-true has a classifier of the first domain alone
        exponents = np.exp(found - found.max(1, keepdims=True))
        np.testing.assert_allclose(
            exponents / exponents.sum(1, keepdims=True), said["probabilities"][domain], atol=1e-5
        )


def features(arousal_valence):
    """Features and arousal-valence, as a family stands on them, of all rows of the kept cache."""
    with open_cache(FOLDER / "features.h5", "features") as file:
        x = np.concatenate([file[split]["feature"][:, 0] for split in file]).astype(np.float32)
        if arousal_valence == PREDICTED:
            return x, np.concatenate([file[split]["valence_arousal_predicted"][:, 0] for split in file])
        return x, np.concatenate([file[split]["valence_arousal"][()] for split in file])


def test_a_head_of_it_is_applied_by_the_command():
    arguments = ["apply", "--results", FOLDER / "runs.h5", "--family", "cake", "--k", 3, FOLDER / "features.h5"]
    result = CliRunner().invoke(embed, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    assert len(result.stdout.strip().splitlines()) == 1 + 12
