"""Probabilities from kept weights: those of a plain softmax, and priors put back as Bayes has it."""

import numpy as np
import pytest

from evaluate.representations import AV, BASELINE, CAKE_3
from evaluate.samples import read_samples
from evaluate.statistics.trust.probabilities import AS_TRAINED, PUT_BACK, by_priors, own_probabilities, with_priors
from tests.evaluate.made_up_study import make_study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    runs = make_study(folder, runs=2, ks=(1,), sizes=(60, 50, 40))
    return runs, read_samples(runs, folder / "features")[0]


@pytest.mark.parametrize("representation", [CAKE_3, AV, BASELINE])
def test_the_most_probable_class_is_the_stored_prediction(study, representation):
    runs, samples = study
    for place, (name, own) in enumerate(samples.items()):
        found = own_probabilities(runs, representation, name, own)
        for run, probabilities in enumerate(found):
            outcome = next(
                one
                for head, one in runs.outcomes.items()
                if (head.family, head.k, head.run) == (*representation.key, run)
            )
            np.testing.assert_allclose(probabilities.sum(1), 1)
            assert (probabilities.argmax(1) == outcome.predicted[place, runs.span(name)]).mean() > 0.99
        assert len(found) == 2


def test_class_weights_and_priors_cancel():
    """Of a posterior under true priors, training with class weights finds the one under equal priors."""
    generator = np.random.default_rng(0)
    likelihood, shares = generator.random((20, 7)), np.array([0.4, 0.3, 0.1, 0.1, 0.05, 0.03, 0.02])
    posterior = likelihood * shares / (likelihood * shares).sum(1, keepdims=True)
    balanced = likelihood / likelihood.sum(1, keepdims=True)
    np.testing.assert_allclose(with_priors(balanced, shares), posterior)
    np.testing.assert_allclose(with_priors(balanced, np.full(7, 1 / 7)), balanced)
    certain = np.eye(7)[:1]
    np.testing.assert_array_equal(with_priors(certain, np.array([0, 1, 0, 0, 0, 0, 0.0])), certain)


def test_files_that_do_not_tell_the_classes_have_no_priors(study):
    runs, samples = study
    assert set(by_priors(runs, CAKE_3, "rafdb", samples["rafdb"])) == {AS_TRAINED, PUT_BACK}
    classes = runs.provenance.pop("training_classes")
    assert set(by_priors(runs, CAKE_3, "rafdb", samples["rafdb"])) == {AS_TRAINED}
    runs.provenance["training_classes"] = classes


def test_without_weights_or_arousal_valence_there_are_none(study):
    runs, samples = study
    lacking = samples["rafdb"].__class__(**{**vars(samples["rafdb"]), "predicted": None})
    assert own_probabilities(runs, AV, "rafdb", lacking) == []
    assert by_priors(runs, AV, "rafdb", lacking) == {}
