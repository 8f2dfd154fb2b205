"""A family of heads that this project does not know: registered here alone, it stands beside the paper's everywhere."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.metrics import f1_score

from data.files.runs import Head, HeadOutcome, write_runs
from data.heads import FAMILIES, PREDICTED, Family, register
from data.metrics import confusion_matrix
from evaluate.cli import main
from evaluate.figures.emotion_maps import figure_5
from evaluate.figures.plate import drawing
from evaluate.figures.size_curves import figure_4
from evaluate.page.report import write_report
from evaluate.samples import read_samples
from evaluate.statistics.swept import added
from evaluate.tables.formats.text import as_text
from evaluate.tables.meaning.dimensions import linear_reading
from evaluate.tables.meaning.stability import stability
from evaluate.tables.paper_tables import conventions, multi_domain_summary
from evaluate.tables.table_files import all_tables
from tests.evaluate.made_up_study import make_study


@dataclass(frozen=True)
class Curved(Family):
    """z = tanh(P x); not linear, and no array of it is called as the paper's."""

    def shapes(self, k, *, features, classes, domains):
        return {"P": (k, features), "C": (domains, classes, k)}

    def representation(self, weights, x, v=None):
        z = np.tanh(x @ weights["P"].T)
        return z if v is None else np.concatenate([v, z], 1)

    def logits(self, weights, z):
        return np.einsum("dck,nk->dnc", weights["C"], z)


def never_trained(*arguments):
    """The module of the families here, whose heads are made up."""
    raise AssertionError


MLP = Curved("mlp", "MLP-{k}", curve="MLP-k", module=never_trained)


@pytest.fixture
def registered():
    """Register a family for one test."""
    names = []

    def known(family):
        names.append(register(family).name)
        return family

    yield known
    for name in names:
        FAMILIES.pop(name, None)


@pytest.fixture
def study(tmp_path):
    """(Runs with heads of every family of the paper and of "mlp", Samples)."""
    runs = make_study(tmp_path, sizes=(70, 50, 40), runs=2, ks=(1,))
    samples = read_samples(runs, tmp_path / "features")[0]
    for k in (2, 3):
        for run in range(2):
            runs.outcomes[Head("mlp", k, run)] = outcome(MLP, runs, samples, k, run)
    return runs, samples


def outcome(family, runs, samples, k, run):
    """A head with weights drawn at random, scored one data set at a time."""
    generator = np.random.default_rng([k, run])
    width = samples["affectnet"].feature.shape[1]
    shapes = family.shapes(k, features=width, classes=7, domains=3)
    weights = {name: generator.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    weights["P"] *= 0.03  # so that the hyperbolic tangent is not flat where the samples lie
    z = {name: family.representation(weights, own.feature) for name, own in samples.items()}
    seen = np.concatenate(list(z.values()))
    predicted = np.concatenate([family.logits(weights, z[name]).argmax(2) for name in runs.tests], 1).astype(np.uint8)
    confusion = np.array([
        [confusion_matrix(samples[name].emotion, answers[runs.span(name)], 7) for name in runs.tests]
        for answers in predicted
    ])  # fmt: skip
    reached = np.stack([seen.min(0), seen.max(0)]).astype(np.float32)
    return HeadOutcome(run, 1.0, confusion, predicted=predicted, weights=weights, range=reached)


def test_its_scores_stand_in_the_tables_under_its_own_label(study, registered):
    runs, _ = study
    registered(MLP)
    rows = conventions(runs).rows
    assert [row[1] for row in rows[:7]] == ["CAKE-3", "AV1", "AV", "CAKE-2", "Baseline", "MLP-2", "MLP-3"]
    truth = runs.tests["rafdb"].emotion
    slow = [
        f1_score(truth, runs.outcomes[Head("mlp", 3, run)].predicted[1, runs.span("rafdb")], average="macro")
        for run in range(2)
    ]
    found = next(
        record
        for record in conventions(runs).records
        if (record["representation"], record["test"], record["score"]) == ("MLP-3", "rafdb", "macro F1")
    )
    assert float(found["mean"]) == pytest.approx(100 * np.mean(slow), abs=1e-3) and found["dimensions"] == 3
    summary = {row[0]: row for row in multi_domain_summary(runs).rows}
    assert summary["MLP-2"][1] == "2" and "±" in summary["MLP-2"][2] and list(summary)[:2] == ["CAKE-3", "AV1"]
    differences = {table.name: table for table in all_tables(runs)}["differences"]
    assert sum(row[1] == "MLP-3" for row in differences.rows) == 4


def test_its_coordinates_are_read_compared_mapped_and_drawn(study, registered):
    runs, samples = study
    registered(MLP)
    assert "MLP-3" in [row[1] for row in linear_reading(runs, samples).rows]
    stable = [record["representation"] for record in stability(runs, samples, np.random.default_rng(0)).records]
    assert stable.count("MLP-2") == 2
    with drawing():
        maps, curves = figure_5(runs, samples).figure.axes, figure_4(runs)
    assert [axes.get_ylabel() for axes in maps[::3]][-1] == "MLP-2\nk₂" and len(maps) == 12
    lines = curves.figure.axes[0].lines
    assert list(next(line for line in lines if line.get_label() == "MLP-k").get_xdata()) == [2, 3]
    assert len({line.get_color() for line in lines}) == 4  # three curves and the baseline
    assert sum(line.get_linestyle() == ":" for line in lines) == 2  # no limit is known of what is not linear
    assert "18 for CAKE-k and 20 for AVk a head" in curves.caption


def test_it_is_on_the_page(study, registered, tmp_path):
    registered(MLP)
    path = write_report(*study, {}, tmp_path / "report")
    assert path.read_text(encoding="utf-8").count("MLP-3") >= 8


def test_a_family_that_nobody_registered_is_named_and_left_out(study):
    """The control."""
    runs, samples = study
    text = "\n".join(map(as_text, all_tables(runs)))
    assert "MLP" not in text and "no code here has registered the family: heads of mlp" in text
    assert added(runs) == [] and len(linear_reading(runs, samples).rows) == 6


def test_the_sizes_it_names_for_the_tables_are_shown_alone(study, registered):
    registered(dataclasses.replace(MLP, table_sizes=(3, 8)))
    assert [each.label for each in added(study[0])] == ["MLP-3"]


def test_without_a_form_in_numpy_its_scores_are_shown_and_its_coordinates_named_as_missing(study, registered):
    runs, samples = study
    registered(Family("mlp", "MLP-{k}", module=never_trained))
    assert "MLP-3" in [row[0] for row in multi_domain_summary(runs).rows]
    assert "MLP-3" not in [row[1] for row in linear_reading(runs, samples).rows]
    reason = "the family mlp cannot be computed without its training code"
    assert f"MLP-3: {reason}" in stability(runs, samples, np.random.default_rng(0)).notes
    with drawing():
        assert f"Left out: MLP-2: {reason}." in figure_5(runs, samples).caption


def test_arousal_valence_in_it_is_not_read_from_it_and_is_asked_for(study, registered):
    runs, samples = study
    registered(dataclasses.replace(MLP, arousal_valence=PREDICTED))
    summary = {row[0]: row for row in multi_domain_summary(runs).rows}
    assert summary["MLP-3"][1] == "5"
    assert "MLP-3" not in [row[1] for row in linear_reading(runs, samples).rows]
    samples["sfew"].predicted = None
    notes = stability(runs, samples, np.random.default_rng(0)).notes
    assert "MLP-3: not every row has predicted arousal-valence" in notes


def test_one_data_set_alone_is_no_multi_domain_score(study, registered):
    runs, _ = study
    registered(MLP)
    for head, each in runs.outcomes.items():
        if head.family == "mlp":
            each.confusion[1:] = 0
    summary = {row[0]: row for row in multi_domain_summary(runs).rows}
    assert summary["MLP-3"][2] == "– trained on other data sets alone"


def test_the_command_prints_it_from_a_results_file(study, registered, tmp_path):
    runs, _ = study
    registered(MLP)
    write_runs(tmp_path / "results" / "runs.h5", runs)
    result = CliRunner().invoke(main, ["tables", "--workdir", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "MLP-3" in result.stdout
    assert "MLP-3" in (tmp_path / "results" / "tables" / "table1.csv").read_text()
