"""A family of heads that is no part of the project: a hidden layer of 16 units, declared and registered here alone.

It is swept, kept, evaluated and applied by the commands as the paper's families are."""

import csv
import functools
import io
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch import nn

from data.emotions import EMOTIONS
from data.files.runs import Head, read_runs
from data.heads import FAMILIES, Family, register
from embed import settings
from embed.cli import main
from embed.sizes import is_on_grid
from evaluate.cli import main as evaluate
from tests.embed.made_up_caches import write_cache
from tests.embed.test_shared import SHORT, call, digest

HIDDEN = 16


class Perceptron(nn.Module):
    """z = V relu(U x + u) + w and a classifier on it for each domain."""

    def __init__(self, k, features, classes, domains, generator):
        super().__init__()
        draw = lambda *shape: nn.Parameter(torch.randn(shape, generator=generator) / shape[-1] ** 0.5)
        self.U, self.V, self.B = draw(HIDDEN, features), draw(k, HIDDEN), draw(domains, classes, k)
        self.u, self.w, self.b = (nn.Parameter(torch.zeros(size)) for size in (HIDDEN, k, (domains, classes)))

    def representation(self, x, v):
        return torch.relu(x @ self.U.T + self.u) @ self.V.T + self.w

    def logits(self, z, domain):
        return z @ self.B[domain].T + self.b[domain]


@dataclass(frozen=True)
class MLP(Family):
    """The same in NumPy."""

    def shapes(self, k, *, features, classes, domains):
        layers = {"U": (HIDDEN, features), "u": (HIDDEN,), "V": (k, HIDDEN), "w": (k,)}
        classifiers = {"B": (domains, classes, k), "b": (domains, classes)}
        return {**layers, **classifiers, **super().shapes(k, features=features, classes=classes, domains=domains)}

    def representation(self, weights, x, v=None):
        x, _ = self.scaled(weights, x)
        return np.maximum(x @ weights["U"].T + weights["u"], 0) @ weights["V"].T + weights["w"]

    def logits(self, weights, z):
        return np.einsum("dck,nk->dnc", weights["B"], z) + weights["b"][:, None]


@pytest.fixture(scope="module")
def mlp():
    yield register(MLP("mlp", "MLP-{k}", module=Perceptron))
    del FAMILIES["mlp"]


@pytest.fixture(scope="module")
def workdir(mlp, tmp_path_factory):
    """Two domains and the results of `embed sweep --family mlp --k 2,3,8`."""
    folder = tmp_path_factory.mktemp("swept")
    for name, seed, train in (("a", 0, 200), ("b", 7, 100)):
        write_cache(folder / "features" / f"{name}.h5", seed=seed, train=train, change=moved)
    result = sweep(folder, "--family", "mlp", "--k", "2,3,8")
    assert result.exit_code == 0, result.output
    return folder


def moved(split, arrays):
    """Features far from mean 0 and deviation 1, so that the scaling counts."""
    return {**arrays, "feature": 3 * arrays["feature"] + np.float16(2)}


def sweep(folder, *arguments, results="runs.h5"):
    path = folder / "results" / results
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "HeadSettings", functools.partial(settings.HeadSettings, steps=150, epochs=1))
        call = ["sweep", "--workdir", str(folder), "--runs", "2", "--device", "cpu", "--results", str(path)]
        return CliRunner().invoke(main, [*call, *arguments])


def applied(folder, *arguments):
    """Rows of test samples of `embed apply`."""
    call = ["apply", "--workdir", str(folder), str(folder / "features" / "a.h5"), "--family", "mlp", *arguments]
    result = CliRunner().invoke(main, call)
    assert result.exit_code == 0, result.output
    return [row for row in csv.DictReader(io.StringIO(result.stdout)) if row["split"] == "test"]


def test_it_is_swept_beside_what_the_tables_need(workdir):
    runs = read_runs(workdir / "results" / "runs.h5")
    found = {(head.family, head.k) for head in runs.outcomes}
    assert {("mlp", 2), ("mlp", 3), ("mlp", 8), ("cake", 3), ("av", 1), ("baseline", 0)} <= found
    for head, outcome in runs.outcomes.items():
        assert not outcome.failure and outcome.confusion.sum((2, 3)).tolist() == [[60, 60], [60, 60]]
        if head.family == "mlp":
            assert bool(outcome.weights) == (head.k <= 3)
            assert (outcome.predicted is not None) == (head.k <= 3 or is_on_grid(head.k))
    learned = runs.outcomes[Head("mlp", 3, 0)].confusion[0, 0]
    assert np.trace(learned) > 0.4 * learned.sum()


def test_what_it_predicted_comes_back_row_by_row(workdir):
    runs = read_runs(workdir / "results" / "runs.h5")
    for run in (0, 1):
        outcome = runs.outcomes[Head("mlp", 3, run)]
        found = applied(workdir, "--k", "3", "--run", str(run))
        assert [row["predicted"] for row in found] == [
            EMOTIONS[index] for index in outcome.predicted[0, runs.span("a")]
        ]
        z = np.array([[float(row[name]) for name in outcome.canonical.axes] for row in found])
        low, high = outcome.canonical.range
        assert (z >= low - 1e-3).all() and (z <= high + 1e-3).all()
        for name in "ab":
            assert sum(float(found[0][f"{name}:{emotion}"]) for emotion in EMOTIONS) == pytest.approx(1, abs=1e-5)


def test_the_same_call_does_nothing_and_a_larger_one_the_rest(workdir):
    before = read_runs(workdir / "results" / "runs.h5").outcomes
    again = sweep(workdir, "--family", "mlp", "--k", "2,3,8")
    assert again.exit_code == 0 and "0 heads trained" in again.stderr
    more = sweep(workdir, "--family", "mlp", "--k", "2,4")
    assert more.exit_code == 0 and "2 heads trained" in more.stderr
    after = read_runs(workdir / "results" / "runs.h5").outcomes
    assert after.keys() - before.keys() == {Head("mlp", 4, 0), Head("mlp", 4, 1)}
    assert all(after[head].loss == outcome.loss for head, outcome in before.items())


def test_a_head_alone_is_that_among_others_in_a_file_of_its_own(workdir):
    assert sweep(workdir, "--family", "mlp", "--k", "3", results="alone.h5").exit_code == 0
    alone = read_runs(workdir / "results" / "alone.h5").outcomes
    among = read_runs(workdir / "results" / "runs.h5").outcomes
    for run in (0, 1):
        one, other = alone[Head("mlp", 3, run)], among[Head("mlp", 3, run)]
        assert one.loss == other.loss and all(
            (one.weights[name] == value).all() for name, value in other.weights.items()
        )
    assert alone[Head("mlp", 3, 0)].loss != alone[Head("mlp", 3, 1)].loss


def test_its_weights_are_kept_on_request(workdir):
    call = ("--family", "mlp", "--k", "8", "--keep-weights")
    assert sweep(workdir, *call, results="kept.h5").exit_code == 0
    kept = read_runs(workdir / "results" / "kept.h5").outcomes[Head("mlp", 8, 1)].weights
    assert {name: value.shape for name, value in kept.items()} == FAMILIES["mlp"].shapes(
        8, features=512, classes=7, domains=2
    )
    found = applied(workdir, "--k", "8", "--results", str(workdir / "results" / "kept.h5"))
    assert len(found) == 60 and "k8" in found[0]


def test_the_tables_are_made_of_a_file_that_holds_it(workdir):
    result = CliRunner().invoke(evaluate, ["tables", "--workdir", str(workdir)])
    assert result.exit_code == 0, result.output
    assert "CAKE-3" in result.stdout


def test_it_cannot_be_asked_for_where_nobody_registered_it(workdir, mlp):
    known = FAMILIES.pop("mlp")
    try:
        result = sweep(workdir, "--family", "mlp", "--k", "2")
        assert result.exit_code == 2 and "known are cake, av" in result.output
        beside = sweep(workdir, "--family", "cake", "--k", "2,9")  # would lose what it left in the file
        assert beside.exit_code == 1 and "CAKE_PLUGINS" in beside.output
    finally:
        FAMILIES["mlp"] = known
    assert Head("mlp", 3, 1) in read_runs(workdir / "results" / "runs.h5").outcomes


HERE = """
from data.heads import register
from tests.embed.test_mlp_family import MLP, Perceptron
register(MLP("mlp", "MLP-{k}", module=Perceptron))
"""


@pytest.mark.slow
def test_two_processes_divide_it_and_write_what_one_writes(tmp_path):
    write_cache(tmp_path / "features" / "a.h5")
    script = tmp_path / "with_mlp.py"
    script.write_text(f"{HERE}{SHORT}\nfrom embed.cli import main; main()")
    asked = ("--family", "mlp", "--k", "2,3")
    for processes in (1, 2):
        made = call(script, processes, tmp_path / f"{processes}.h5", *asked)
        assert made.returncode == 0, made.stderr
    assert digest(tmp_path / "1.h5") == digest(tmp_path / "2.h5")
