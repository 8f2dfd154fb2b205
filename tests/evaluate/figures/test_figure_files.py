"""All plates: toys marked, gaps named where a figure would stand, files published, names of any kind."""

import csv

import pytest
from click.testing import CliRunner

from data.files.runs import write_runs
from evaluate.cli import main
from evaluate.figures.figure_files import all_plates
from evaluate.figures.plate import as_svg
from evaluate.samples import read_samples
from tests.evaluate.made_up_runs import make
from tests.evaluate.made_up_study import make_study


def test_toy_is_called_toy_in_every_figure(tmp_path):
    runs = make_study(tmp_path, toy=True, runs=1, ks=(1,))
    plates = all_plates(runs, read_samples(runs, tmp_path / "features")[0])
    assert len(plates) == 8 and all(plate.figure.get_suptitle().startswith("TOY DATA") for plate in plates)
    assert "paper" not in "".join(line.get_label() for line in plates[1].figure.axes[0].lines)


def test_what_is_missing_is_named_and_the_rest_is_drawn(tmp_path):
    runs = make_study(tmp_path, families=("cake", "baseline"), runs=2, ks=(1,))
    plates = {plate.name: plate for plate in all_plates(runs, {})}
    assert {name for name, plate in plates.items() if plate.figure is None} == {
        "figure1",
        "figure2",
        "reliability",
        "risk_coverage",
    }
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


def test_the_command_publishes_three_formats_and_the_numbers(tmp_path):
    write_runs(
        tmp_path / "results" / "runs.h5", make_study(tmp_path, runs=1, ks=(1,), names=("affectnet",), sizes=(40,))
    )
    result = CliRunner().invoke(main, ["figures", "--workdir", str(tmp_path)])
    assert result.exit_code == 0, result.output
    folder = tmp_path / "results" / "figures"
    assert sorted({path.suffix for path in folder.iterdir()}) == [".csv", ".pdf", ".png", ".svg", ".txt"]
    # of one data set Table 3 is no figure
    assert len(list(folder.iterdir())) == 7 * 4 + 1 and "empirical" in (folder / "captions.txt").read_text()
    assert len(list(csv.DictReader((folder / "figure5.csv").read_text().splitlines()))) == 3 * 7


@pytest.mark.parametrize("names", [tuple(f"photographs-of-$group-{letter}$" for letter in "abcdef"), ("mine", "yours")])
def test_any_number_of_data_sets_under_any_name_can_be_drawn(tmp_path, names):
    runs = make_study(tmp_path, names=names, sizes=(20,) * len(names), runs=2, ks=(1,))
    plates = {plate.name: plate for plate in all_plates(runs, read_samples(runs, tmp_path / "features")[0])}
    assert len(plates["figure5"].figure.axes) == 3 * len(names) and len(plates["matrix3"].records) == len(names) ** 2
    for plate in plates.values():
        assert names[0] in as_svg(plate.figure) or plate.name == "figure4"


def test_pictures_can_do_without_titles_but_not_those_of_toy_data(tmp_path):
    from evaluate.figures.figure_files import write_figures

    for toy, expected in ((False, ""), (True, "TOY DATA")):
        runs = make_study(tmp_path / str(toy), runs=1, ks=(1,), sizes=(40, 30, 20), toy=toy)
        plates = write_figures(runs, {}, tmp_path / str(toy) / "figures", titled=False)
        shown = {plate.figure.get_suptitle() for plate in plates if plate.figure is not None}
        assert shown == {""} if not toy else all(title.startswith(expected) for title in shown)
