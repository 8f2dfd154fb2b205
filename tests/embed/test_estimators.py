"""The estimators: scikit-learn's own checks, the heads of a sweep to the bit, LogisticRegression, labels of any
kind."""

import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from data.emotions import EMOTIONS
from data.files.runs import Head
from data.runtime.device import own_threads
from embed.estimators import CakeClassifier, CakeSweep
from embed.rows.feature_caches import read_cache
from embed.rows.feature_store import read
from embed.rows.loss_weights import sample_weights
from embed.settings import HeadSettings
from embed.strength import STATED, STRENGTHS
from embed.sweep import Place, Request, sweep
from tests.embed.made_up import planted
from tests.embed.made_up_caches import write_cache
from tests.places import ROOT

QUICK = {"epochs": 1, "steps": 80}


def rows(count=300, seed=0, features=12):
    """(X, valence and arousal, emotion)."""
    return planted(count, seed=seed, features=features)


@pytest.mark.parametrize(
    "estimator",
    [CakeClassifier(**QUICK), CakeClassifier(family="baseline", **QUICK), CakeSweep([1, 2], runs=2, epochs=1, steps=9)],
    ids=["cake", "baseline", "sweep"],
)
def test_scikit_learns_own_checks(estimator):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = check_estimator(estimator, on_fail=None, on_skip=None)
    failed = {each["check_name"]: each["exception"] for each in found if each["status"] == "failed"}
    assert len(found) > 35 and not failed


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """(Runs of a sweep over two domains, the caches)."""
    folder = tmp_path_factory.mktemp("swept")
    made = {"big": {"train": 260, "seed": 3}, "small": {"train": 120, "seed": 5}}
    paths = [write_cache(folder / f"{name}.h5", features=16, **own) for name, own in made.items()]
    settings = HeadSettings(seed=4, **QUICK, penalty=STATED)
    place = Place(threads=own_threads())
    runs, _ = sweep(
        paths, folder / "runs.h5", Request([3, 8], ["cake", "av"], 2, keep_weights=True), settings, place=place
    )
    return runs, [read_cache(path) for path in paths]


def given(caches, names=None):
    """What fit takes of the rows of caches, shuffled over the domains; the order within each stays."""
    x = np.concatenate([read([cache.train]).numpy() for cache in caches]).astype(np.float32)
    y = np.concatenate([cache.train.emotion for cache in caches]).astype(np.int64)
    domain = np.repeat([cache.name for cache in caches], [len(cache.train) for cache in caches])
    v = np.concatenate([cache.train.predicted[:, 0] for cache in caches])
    mixed = np.argsort(np.random.default_rng(0).permutation(domain), kind="stable").argsort()
    told = {"domain": domain[mixed], "valence_arousal": v[mixed]}
    return (x[mixed], (np.array(names)[y] if names else y)[mixed]), told


@pytest.mark.parametrize(
    "names", [None, EMOTIONS, ("calm", "Happy", "sad", "surprised", "scared", "disgusted", "angry")]
)
def test_heads_are_those_of_a_sweep_to_the_bit(swept, names):
    runs, caches = swept
    rows, told = given(caches, names)
    made = CakeSweep([3, 8], families=("cake", "av"), runs=2, random_state=4, **QUICK).fit(*rows, **told)
    assert made.outcomes_.keys() == runs.outcomes.keys() and made.penalty_ == STATED
    for head, outcome in runs.outcomes.items():
        own = made.outcomes_[head]
        assert own.loss == outcome.loss and own.seed == outcome.seed
        assert all(np.array_equal(own.weights[name], value) for name, value in outcome.weights.items())
    if names:  # axes follow classes by their names
        np.testing.assert_array_equal(
            made.outcomes_[Head("cake", 3, 1)].canonical.T, runs.outcomes[Head("cake", 3, 1)].canonical.T
        )


def test_a_classifier_is_a_sweep_of_one_size(swept):
    runs, caches = swept
    rows, told = given(caches)
    alone = CakeClassifier(8, family="av", runs=2, random_state=4, **QUICK).fit(*rows, **told)
    beside = CakeSweep([8], families=("av",), runs=2, random_state=4, **QUICK).fit(*rows, **told).classifier(8, "av")
    assert alone.head_ == beside.head_ and alone.outcome_.loss == min(alone.losses_) < max(alone.losses_)
    X, v = rows[0][:20], told["valence_arousal"][:20]
    for name in ("predict", "predict_proba", "decision_function", "transform"):
        np.testing.assert_array_equal(
            getattr(alone, name)(X, valence_arousal=v), getattr(beside, name)(X, valence_arousal=v)
        )
    other = CakeClassifier(8, family="av", runs=2, random_state=5, **QUICK).fit(*rows, **told)
    assert other.outcome_.loss != alone.outcome_.loss  # the control


def test_answers_are_by_the_classifier_of_the_domain(swept):
    _, caches = swept
    (X, y), told = given(caches)
    made = CakeClassifier(**QUICK).fit(X, y, domain=told["domain"])
    big, small = (made.decision_function(X, domain=name) for name in ("big", "small"))
    own = made.decision_function(X, domain=told["domain"])
    assert not np.allclose(big, small) and np.array_equal(made.decision_function(X), big)
    np.testing.assert_array_equal(own, np.where((told["domain"] == "big")[:, None], big, small))
    z, weights = made.set_params(coordinates="raw").transform(X), made.outcome_.weights
    np.testing.assert_allclose(big, z @ weights["B"][0].T + weights["b"][0], rtol=1e-5, atol=1e-5)
    with pytest.raises(ValueError, match="no classifier of the domain other; trained were those of big, small"):
        made.predict(X, domain="other")


def test_the_baseline_is_logistic_regression_at_convergence():
    X, _, y = rows(400, features=6)
    penalty, found = 1e-2, {}
    scale = StandardScaler().fit(X)
    weights = sample_weights(y, np.zeros(len(y), np.int64))[0, y]
    # |W|^2 / 2 + C sum w loss there, penalty |W|^2 + sum w loss / N here
    oracle = LogisticRegression(C=1 / (2 * penalty * len(y)), max_iter=10_000, tol=1e-10)
    expected = oracle.fit(scale.transform(X), y, weights).predict_proba(scale.transform(X))
    settings = {"converged": {"batch": 400, "steps": 1000}, "default": {}, "short": {"steps": 60}}
    for name, own in settings.items():
        made = CakeClassifier(family="baseline", penalty=penalty, epochs=1, **own).fit(X, y)
        found[name] = abs(made.predict_proba(X) - expected).max()
    assert found["converged"] < 1e-3
    # batches of 12 rows leave a step's noise; fewer steps have not arrived
    assert found["converged"] < found["default"] < 2e-2 < found["short"]


def test_pipelines_searches_and_copies():
    X, _, y = rows()
    labels = np.array(["a", "b", "c", "d", "e", "f", "g"])[y]
    pipe = make_pipeline(StandardScaler(), CakeClassifier(2, **QUICK))
    assert cross_val_score(pipe, X, labels, cv=2).mean() > 0.4
    search = GridSearchCV(CakeClassifier(**QUICK), {"k": [1, 4]}, cv=2).fit(X, labels)
    assert search.best_params_ == {"k": 4} and set(search.predict(X)) <= set(labels)
    stacked = make_pipeline(CakeClassifier(3, **QUICK), LogisticRegression()).fit(X, labels)
    assert stacked.score(X, labels) > 0.5
    made = CakeClassifier(3, **QUICK).fit(X, labels)
    again = pickle.loads(pickle.dumps(made))
    np.testing.assert_array_equal(again.predict_proba(X), made.predict_proba(X))
    np.testing.assert_array_equal(clone(made).fit(X, labels).predict_proba(X), made.predict_proba(X))


def test_predictions_need_no_torch(tmp_path):
    X, _, y = rows(60)
    (tmp_path / "made.pickle").write_bytes(pickle.dumps(CakeClassifier(2, **QUICK).fit(X, y)))
    code = "import pickle, sys, numpy, embed.estimators\n"
    code += f"made = pickle.load(open({str(tmp_path / 'made.pickle')!r}, 'rb'))\n"
    code += "X = numpy.zeros((3, 12)); print(made.predict(X).shape, made.transform(X).shape, 'torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert found.stdout == "(3,) (3, 2) False\n", found.stderr


def test_names_of_the_coordinates():
    X, v, y = rows()
    labels = np.array(EMOTIONS)[y]
    made = CakeClassifier(**QUICK).fit(X, labels)
    assert made.get_feature_names_out().tolist() == ["along_happiness", "along_surprise", "along_anger"]
    made.fit(X, labels, valence_arousal=v)
    assert made.get_feature_names_out().tolist() == ["along_valence", "along_arousal", "along_anger"]
    z = made.transform(X)
    np.testing.assert_allclose(np.cov(z.T), np.eye(3), atol=0.02)
    assert np.corrcoef(z[:, 0], v[:, 0])[0, 1] > 0.8 > abs(np.corrcoef(z[:, 2], v[:, 0])[0, 1])
    assert made.set_params(coordinates="raw").get_feature_names_out().tolist() == ["k1", "k2", "k3"]


def test_rows_held_out_choose_the_penalty():
    X, _, y = rows(900)
    held_out = np.arange(900) % 5 == 0
    made = CakeClassifier(**QUICK).fit(X, y, held_out=held_out)
    assert made.penalty_ in STRENGTHS
    assert CakeClassifier(**QUICK).fit(X, y).penalty_ == STATED
    assert CakeClassifier(penalty=0, **QUICK).fit(X, y, held_out=held_out).penalty_ == 0
    with pytest.raises(ValueError, match="held_out leaves no training row"):
        CakeClassifier(**QUICK).fit(X, y, held_out=np.ones(900, bool))


def test_the_table_scores_every_head():
    X, _, y = rows()
    made = CakeSweep([2, 5], runs=3, **QUICK).fit(X[:200], y[:200])
    table = made.table(X[200:], y[200:])
    own = table[(table.family == "cake") & (table.k == 5)]
    assert len(own) == 3 and {"cake", "baseline", "cake-norm"} == set(table.family)
    best = made.classifier(5)
    assert own.loss.min() == best.outcome_.loss
    assert own.accuracy[own.loss.idxmin()] == best.score(X[200:], y[200:])
    assert list(made.table().columns) == ["family", "k", "run", "loss", "failure"]
    with pytest.raises(ValueError, match="y holds 9, which is none of the classes in training"):
        made.table(X[:2], [0, 9])
    with pytest.raises(ValueError, match="no head of cake, k = 9, was trained"):
        made.classifier(9)


@pytest.mark.parametrize(
    "estimator, change, match",
    [
        (CakeClassifier(0), {}, "k is 0, expected a whole number, for cake from 1"),
        (CakeClassifier(2.5), {}, "k is 2.5, expected a whole number"),
        (CakeClassifier(family="none"), {}, "unknown family 'none'; known are cake"),
        (CakeClassifier(coordinates="z"), {}, "coordinates is 'z', expected 'canonical' or 'raw'"),
        (CakeClassifier(1, family="av"), {}, "av stands on arousal-valence of every row"),
        (CakeClassifier(), {"y": np.zeros(300)}, "y has one class alone: 0.0"),
        (CakeClassifier(), {"domain": ["a"] * 299}, "inconsistent numbers of samples"),
        (CakeClassifier(), {"domain": ["a"] * 299 + ["b"]}, "at least 2 training rows, found 1"),
        (CakeClassifier(), {"valence_arousal": np.zeros((300, 3))}, r"of shape \(300, 3\), expected \(n, 2\)"),
    ],
)
def test_what_cannot_be_fitted_is_refused(estimator, change, match):
    X, _, y = rows()
    with pytest.raises(ValueError, match=match):
        estimator.fit(**{"X": X, "y": y, **change})


def test_heads_that_stand_on_arousal_valence_ask_for_it():
    X, v, y = rows()
    made = CakeClassifier(1, family="av", **QUICK).fit(X, y, valence_arousal=v)
    z = made.transform(X, v)
    assert z.shape == (300, 3) and np.array_equal(z[:, :2], v)
    with pytest.raises(ValueError, match="av stands on arousal-valence; give valence_arousal"):
        made.predict(X)
