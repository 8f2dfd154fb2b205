"""Figure 5 by what it holds: rows, columns, dots, areas and scores."""

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import f1_score

from data.canonical import Canonical
from data.files.runs import Head
from evaluate.figures.emotion_maps import emotion_map, figure_5, label_place
from evaluate.representations import CAKE_2, CAKE_3_NORM
from evaluate.statistics.coordinates import coordinates
from tests.evaluate.figures.shown import texts
from tests.evaluate.made_up_runs import make


def test_figure_5_has_a_row_for_each_representation_and_a_column_for_each_classifier(study):
    runs, samples = study
    plate = figure_5(runs, samples)
    assert len(plate.figure.axes) == 9
    assert [axes.get_title() for axes in plate.figure.axes[:3]] == [
        "AffectNet classifier",
        "SFEW classifier",
        "RAF-DB classifier",
    ]
    assert [axes.get_ylabel().split("\n")[0] for axes in plate.figure.axes[::3]] == ["CAKE-3-Norm", "AV", "CAKE-2"]
    counts = [len(axes.collections[0].get_offsets()) for axes in plate.figure.axes]
    assert counts == [150, 60, 90] * 3
    truth, own = runs.tests["rafdb"].emotion, runs.outcomes[Head("cake", 2, 0)].predicted[1, runs.span("rafdb")]
    expected = f1_score(truth, own, labels=range(7), average=None, zero_division=0)
    found = [
        float(record["f1"])
        for record in plate.records
        if (record["representation"], record["classifier"]) == ("CAKE-2", "rafdb")
    ]
    assert found == pytest.approx(100 * expected, abs=1e-3)
    shares = [
        float(record["area"])
        for record in plate.records
        if (record["representation"], record["classifier"]) == ("AV", "sfew")
    ]
    assert sum(shares) == pytest.approx(100, abs=0.01)
    assert set(texts(plate.figure.axes[8])) <= {f"{value:.0f}" for value in found}


def test_a_map_says_what_the_classifier_says_at_the_samples(study):
    """The grid cell nearest to a sample has the class that was predicted for it, but for samples at a border."""
    runs, samples = study
    outcome = runs.outcomes[Head("cake", 2, 0)]
    found = emotion_map(CAKE_2, 0, outcome)
    z = samples["affectnet"].feature @ outcome.weights["A"].T + outcome.weights["a"]
    low, high = np.array(found.extent[::2]), np.array(found.extent[1::2])
    column, row = np.rint((z - low) / (high - low) * (found.classes.shape[1] - 1)).astype(int).T
    assert (found.classes[0, row, column] == outcome.predicted[0, :150]).mean() > 0.97


def with_form(family, outcome, samples, *, turned):
    """The outcome with a canonical form: of a random map, or a random rotation."""
    z = coordinates(family, outcome.weights, samples)
    generator = np.random.default_rng(4)
    T, t = generator.normal(size=(z.shape[1], z.shape[1])), generator.normal(size=z.shape[1])
    T, t = (np.linalg.qr(T)[0], np.zeros_like(t)) if turned else (T, t)
    form = Canonical(T, t, tuple(f"along_{letter}" for letter in "xyz"[: len(t)]))
    shown = form.of(z)
    return dataclasses.replace(
        outcome, canonical=dataclasses.replace(form, range=np.stack([shown.min(0), shown.max(0)]))
    )


@pytest.mark.parametrize("representation", [CAKE_2, CAKE_3_NORM])
def test_a_map_by_canonical_axes_says_the_same_at_the_samples(study, representation):
    runs, samples = study
    family = representation.family
    outcome = runs.outcomes[Head(family.name, representation.k, 0)]
    outcome = with_form(family, outcome, samples["affectnet"], turned=family.on_sphere)
    found = emotion_map(representation, 0, outcome)
    low, high = np.array(found.extent[::2]), np.array(found.extent[1::2])
    agree = {}
    for kind, points in {
        "canonical": found.points(samples["affectnet"]),
        "raw": emotion_map(representation, 0, dataclasses.replace(outcome, canonical=None)).points(
            samples["affectnet"]
        ),
    }.items():
        place = np.rint((points - low) / (high - low) * (found.classes.shape[1] - 1)).astype(int)
        column, row = np.clip(place, 0, found.classes.shape[1] - 1).T
        agree[kind] = (found.classes[0, row, column] == outcome.predicted[0, :150]).mean()
    assert agree["canonical"] > 0.97 and agree["raw"] < 0.9
    named = " ".join(found.axis_names())
    assert (
        ("0: x" in named and "90: y" in named and "0: z" in named) if family.on_sphere else named == "along x along y"
    )


def test_a_score_stands_deepest_inside_its_area():
    area = np.zeros((40, 40), bool)
    area[5:16, 20:31] = True
    assert label_place(area) == (10, 25)


def test_a_results_file_without_weights_says_so():
    assert "weights and ranges were not kept" in figure_5(make(), {}).caption
