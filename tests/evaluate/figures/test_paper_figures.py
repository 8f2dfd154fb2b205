"""Figures by what they hold: axes, series, labels, the numbers beside them; gaps named where a figure would stand."""

import csv

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.metrics import accuracy_score, f1_score

from data.emotions import EMOTIONS
from data.files.runs import Head, write_runs
from evaluate.cli import main
from evaluate.figures.circumplex import apart, figure_1
from evaluate.figures.emotion_maps import emotion_map, figure_5, label_place
from evaluate.figures.matrices import confusions, cross_database
from evaluate.figures.plate import as_svg, drawing
from evaluate.figures.size_curves import figure_2, figure_4
from evaluate.figures.writing import all_plates
from evaluate.representations import CAKE_2
from evaluate.samples import read_samples
from tests.evaluate.made_up_runs import make
from tests.evaluate.made_up_study import make_study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    runs = make_study(folder)
    return runs, read_samples(runs, folder / "features")[0]


@pytest.fixture(autouse=True)
def in_style():
    with drawing():
        yield


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_figure_1_has_every_annotated_sample_in_its_colour(study):
    runs, samples = study
    plate = figure_1(runs, samples)
    [axes] = plate.figure.axes
    [dots] = [each for each in axes.collections if each.get_label() == "samples"]
    assert len(dots.get_offsets()) == 150 and len(np.unique(dots.get_facecolors(), axis=0)) == 7
    assert axes.patches[0].radius == 1 and "valence" in axes.get_xlabel() and "arousal" in axes.get_ylabel()
    assert sorted(texts(axes)) == sorted(EMOTIONS)
    happy = samples["affectnet"].annotated[samples["affectnet"].emotion == 1]
    assert float(plate.records[1]["median_valence"]) == pytest.approx(np.median(happy[:, 0]), abs=1e-4)


def test_names_that_would_cover_each_other_moveapart():
    placed = apart({0: np.array([0.0, 0.5]), 1: np.array([0.1, 0.52]), 2: np.array([0.0, -0.5])})
    assert placed[0] == (0, 0.5) and placed[2] == (0, -0.5) and placed[1][1] >= 0.6


def test_figure_2_is_the_gain_in_accuracy_over_arousal_valence_alone(study):
    runs, _ = study
    plate = figure_2(runs)
    [axes] = plate.figure.axes
    line = next(line for line in axes.lines if line.get_label() == "ours")
    assert list(line.get_xdata()) == [1, 2, 3, 4, 8] and axes.get_xscale() == "log"
    truth = runs.tests["affectnet"].emotion
    slow = {
        k: np.mean(
            [accuracy_score(truth, runs.outcomes[Head("av-true", k, run)].predicted[0, :150]) for run in range(3)]
        )
        for k in (0, 1)
    }
    assert line.get_ydata()[0] == pytest.approx(100 * (slow[1] - slow[0]))
    assert (
        "paper (as stated)" in [each.get_label() for each in axes.lines] and f"{100 * slow[0]:.1f} %" in plate.caption
    )


def test_figure_4_holds_both_families_their_bands_and_the_marks(study):
    runs, _ = study
    plate = figure_4(runs)
    [axes] = plate.figure.axes
    lines = {line.get_label(): line for line in axes.lines}
    assert list(lines["CAKE-k"].get_xdata()) == [1, 2, 3, 4, 8] and list(lines["AVk"].get_xdata()) == [
        2,
        3,
        4,
        5,
        6,
        10,
    ]
    assert len(axes.collections) == 2 and axes.get_xscale() == "log" and texts(axes) == ["18", "20"]
    assert [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == ":"] == [18, 20]
    assert "empirical" in plate.caption and "18 for CAKE-k and 20 for AVk" in plate.caption
    assert [record["size"] for record in plate.records if record["family"] == "av"] == [2, 3, 4, 5, 6, 10]


def test_one_domain_moves_the_marks(tmp_path):
    runs = make_study(tmp_path, names=("affectnet",), sizes=(60,), runs=1, ks=(1, 2))
    plate = figure_4(runs)
    assert (
        texts(plate.figure.axes[0]) == ["6", "8"]
        and "single run" in plate.caption
        and not plate.figure.axes[0].collections
    )


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


def test_a_score_stands_deepest_inside_its_area():
    area = np.zeros((40, 40), bool)
    area[5:16, 20:31] = True
    assert label_place(area) == (10, 25)


def test_matrices_hold_table_3_and_row_shares(study):
    runs, _ = study
    table = cross_database(runs)
    assert (
        len(table.records) == 9
        and len(texts(table.figure.axes[0])) == 9
        and table.figure.axes[0].get_xlabel() == "tested on"
    )
    shares = confusions(runs)
    assert len(shares.figure.axes) == 3
    rows = [float(record["share"]) for record in shares.records if (record["test"], record["true"]) == ("sfew", "fear")]
    assert sum(rows) == pytest.approx(100, abs=0.01)


def test_toy_is_called_toy_in_every_figure(tmp_path):
    runs = make_study(tmp_path, toy=True, runs=1, ks=(1,))
    plates = all_plates(runs, read_samples(runs, tmp_path / "features")[0])
    assert len(plates) == 6 and all(plate.figure.get_suptitle().startswith("TOY DATA") for plate in plates)
    assert "paper" not in "".join(line.get_label() for line in plates[1].figure.axes[0].lines)


def test_what_is_missing_is_named_and_the_rest_is_drawn(tmp_path):
    runs = make_study(tmp_path, families=("cake", "baseline"), runs=2, ks=(1,))
    plates = {plate.name: plate for plate in all_plates(runs, {})}
    assert {name for name, plate in plates.items() if plate.figure is None} == {"figure1", "figure2"}
    assert (
        "no annotated arousal-valence" in plates["figure2"].caption
        and "No feature cache at hand" in plates["figure1"].caption
    )
    assert (
        "CAKE-3-Norm: not swept; AV: no predicted arousal-valence" in plates["figure5"].caption
        and "No dots" in plates["figure5"].caption
    )
    assert "AVk: no predicted arousal-valence" in plates["figure4"].caption
    bare = make(families=("baseline",), runs=1)
    assert all(plate.figure is None and plate.caption.endswith(".") for plate in all_plates(bare, {}))


def test_a_results_file_without_weights_says_so():
    assert "weights and ranges were not kept" in figure_5(make(), {}).caption


def test_text_in_a_page_stays_text(study):
    svg = as_svg(figure_4(study[0]).figure)
    assert "<text" in svg and "multi-domain macro F1" in svg and "<dc:date>" not in svg


def test_the_command_publishes_three_formats_and_the_numbers(tmp_path):
    write_runs(
        tmp_path / "results" / "runs.h5", make_study(tmp_path, runs=1, ks=(1,), names=("affectnet",), sizes=(40,))
    )
    result = CliRunner().invoke(main, ["figures", "--workdir", str(tmp_path)])
    assert result.exit_code == 0, result.output
    folder = tmp_path / "results" / "figures"
    assert sorted({path.suffix for path in folder.iterdir()}) == [".csv", ".pdf", ".png", ".svg", ".txt"]
    assert len(list(folder.iterdir())) == 6 * 4 + 1 and "empirical" in (folder / "captions.txt").read_text()
    assert len(list(csv.DictReader((folder / "figure5.csv").read_text().splitlines()))) == 3 * 7


@pytest.mark.parametrize("names", [tuple(f"photographs-of-$group-{letter}$" for letter in "abcdef"), ("mine", "yours")])
def test_any_number_of_data_sets_under_any_name_can_be_drawn(tmp_path, names):
    runs = make_study(tmp_path, names=names, sizes=(20,) * len(names), runs=2, ks=(1,))
    plates = {plate.name: plate for plate in all_plates(runs, read_samples(runs, tmp_path / "features")[0])}
    assert len(plates["figure5"].figure.axes) == 3 * len(names) and len(plates["matrix3"].records) == len(names) ** 2
    for plate in plates.values():
        assert names[0] in as_svg(plate.figure) or plate.name == "figure4"
