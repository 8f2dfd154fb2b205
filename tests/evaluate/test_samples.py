"""Test rows read back from the caches that were swept, others refused."""

import shutil

import h5py
import numpy as np
import pytest

from data.heads import AV, AV_TRUE, CAKE
from evaluate.samples import read_samples
from tests.evaluate.made_up_study import make_study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    runs = make_study(folder)
    return runs, read_samples(runs, folder / "features")[0], folder


def test_caches_that_were_not_swept_are_left_out_with_the_reason(study, tmp_path):
    runs, _, folder = study
    make_study(tmp_path, sizes=(150, 91, 60))
    (tmp_path / "features" / "sfew.h5").unlink()
    found, gaps = read_samples(runs, tmp_path / "features")
    assert list(found) == ["affectnet"]
    assert "rafdb.h5 is not the one that was swept" in gaps["rafdb"] and "no feature cache sfew.h5" in gaps["sfew"]


def test_a_cache_without_test_rows_is_a_gap_and_no_crash(study, tmp_path):
    runs, _, folder = study
    shutil.copytree(folder / "features", tmp_path / "features")
    with h5py.File(tmp_path / "features" / "sfew.h5", "r+") as file:
        del file["test"]
    found, gaps = read_samples(runs, tmp_path / "features")
    assert list(found) == ["affectnet", "rafdb"] and "sfew.h5 lacks a part" in gaps["sfew"]


def test_a_family_is_given_the_arousal_valence_it_stands_on(study):
    samples = study[1]["affectnet"]
    assert samples.arousal_valence(AV) is samples.predicted and samples.arousal_valence(AV_TRUE) is samples.annotated
    assert samples.arousal_valence(CAKE) is None
    assert np.isfinite(samples.predicted).all()
